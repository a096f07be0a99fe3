// The setup of a machine's plan, read: everything in it is checked, as it comes from a server and tells the emulator how much memory
// to take and what to write where. manifest.ts says what it means.
import {
  type Check,
  integer,
  list,
  matching,
  mismatch,
  natural,
  number,
  object,
  readValue,
  string,
} from '../../basics/json-checks.ts';
import { readDownload } from '../download.ts';
import { type MachinePlan, ManifestError } from '../driver.ts';
import {
  chunksBeforeStart,
  type MachineManifest,
  type MachineSetup,
  type RamLayer,
  type SavedParts,
} from './manifest.ts';

const MiB = 1024 * 1024;
/** A page of memory, as in storage/ram-layers.ts, which a page on the web need not load for this. */
const pageBytes = 4096;
/** The emulator addresses 32 bits, and devices take the upper half. */
const mostMemory = 2048 * MiB;
const mostPieces = 65_536;
const mostLayers = 64;
/** Characters of base64: what a console had printed. */
const mostPrinted = 1_000_000;

/** @throws ManifestError that names the machine, and the place in its setup */
export function readSetup({ name, download, setup }: MachinePlan): MachineManifest {
  const read = readValue('setup', setup, setupOf);
  if (!read.ok) throw new ManifestError(`The description of the machine ${name} cannot be understood (${read.error})`);
  const machine = { name, ...read.value };
  const told = new Set(download.map(({ hash }) => hash));
  const untold = chunksBeforeStart(machine).find(({ hash }) => !told.has(hash));
  if (untold !== undefined)
    throw new ManifestError(
      `The description of the machine ${name} contradicts itself: it needs ${untold.hash}, which is not among its downloads`,
    );
  return machine;
}

function setupOf(value: unknown, path: string): MachineSetup {
  const from = object(value, path, [
    'id',
    'engine',
    'boot',
    'memory',
    'mac',
    'disk',
    'consoles',
    'tapHeader',
    'clock',
    'devices',
    'ram',
  ]);
  return {
    id: matching(from.id, 'id', /^[0-9a-f]{32}$/, '32 hexadecimal digits'),
    engine: string(from.engine, 'engine', 64),
    memory: wholes(from.memory, 'memory', MiB, mostMemory),
    mac: matching(from.mac, 'mac', /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, 'a MAC address'),
    consoles: list(from.consoles, 'consoles', 8, (text, at) => base64(text, at, mostPrinted)),
    tapHeader: base64(from.tapHeader, 'tapHeader', 64),
    ...savedParts({ clock: from.clock, devices: from.devices, ram: from.ram }, ''),
    boot: savedParts(from.boot, 'boot'),
    disk: disk(from.disk, 'disk'),
  };
}

function savedParts(value: unknown, path: string): SavedParts {
  const { clock, devices, ram } = object(value, path, ['clock', 'devices', 'ram']);
  const at = path === '' ? '' : `${path}.`;
  const { pieceBytes, layers } = object(ram, `${at}ram`, ['pieceBytes', 'layers']);
  return {
    clock: number(clock, `${at}clock`, 0, Number.MAX_SAFE_INTEGER),
    devices: readDownload(devices, `${at}devices`),
    ram: {
      pieceBytes: wholes(pieceBytes, `${at}ram.pieceBytes`, pageBytes, mostMemory),
      layers: list(layers, `${at}ram.layers`, mostLayers, layer),
    },
  };
}

const layer: Check<RamLayer> = (value, path) => {
  const { pages, pieces } = object(value, path, ['pages', 'pieces']);
  return {
    pages: readDownload(pages, `${path}.pages`),
    pieces: list(pieces, `${path}.pieces`, mostPieces, readDownload),
  };
};

function disk(value: unknown, path: string): MachineManifest['disk'] {
  const { bytes, pieceBytes, table, prefetch } = object(value, path, ['bytes', 'pieceBytes', 'table', 'prefetch']);
  return {
    bytes: integer(bytes, `${path}.bytes`),
    pieceBytes: wholes(pieceBytes, `${path}.pieceBytes`, pageBytes, mostMemory),
    table: readDownload(table, `${path}.table`),
    prefetch: list(prefetch, `${path}.prefetch`, mostPieces, natural),
  };
}

/** So many bytes, in whole `unit`s, at least one. */
function wholes(value: unknown, path: string, unit: number, most: number): number {
  const bytes = integer(value, path, unit, most);
  return bytes % unit === 0 ? bytes : mismatch(path, `a multiple of ${unit}`, value);
}

function base64(value: unknown, path: string, most: number): string {
  const text = string(value, path, most);
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? text : mismatch(path, 'base64', value);
}
