// A lab as it is served, labs/<lab>/lab.json: its machines, what makes each of them, and what that needs. Whoever shows, starts or
// measures a lab reads it with this; what `setup` holds is the business of the driver (machine/driver.ts) alone.
import { type Check, integer, list, matching, mismatch, object, readJson, string } from '../basics/json-checks.ts';
import { readDownload } from '../machine/download.ts';
import { type MachinePlan, ManifestError } from '../machine/driver.ts';
import type { LabWire } from './lab-of-machines.ts';
import { hostName, notForMachines } from './machine-name.ts';

/** Another number: files that are written otherwise. Older ones are refused, and built again. */
export const manifestFormat = 3;

export interface LabManifest {
  readonly format: typeof manifestFormat;
  /** What it was built from, as a hash: whoever builds finds out by it whether that has changed. */
  readonly key?: string;
  readonly lab: string;
  readonly title: string;
  readonly wires: readonly LabWire[];
  /** In the order in which they are shown. */
  readonly machines: readonly MachinePlan[];
}

/** Characters: a machine takes about five thousand. */
const longest = 4_000_000;
const mostMachines = 64;
const mostDownloads = 20_000;
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/**
 * The text of a lab.json. Nothing of it is trusted: a server may be older or newer than this page.
 *
 * @param lab whose it is to be, for the words of an error
 * @throws ManifestError
 */
export function readManifest(lab: string, text: string): LabManifest {
  const format = readJson('format', text, longest, formatOf);
  if (format.ok && format.value !== manifestFormat)
    throw new ManifestError(
      `The lab ${lab} is described in format ${format.value}, and this page knows format ${manifestFormat}`,
    );
  const read = readJson('lab.json', text, longest, manifestOf);
  if (!read.ok) throw new ManifestError(`The description of the lab ${lab} cannot be understood (${read.error})`);
  if (read.value.lab !== lab)
    throw new ManifestError(`The server gave the description of the lab ${read.value.lab} for that of ${lab}`);
  return read.value;
}

/** Bytes that must be had before all of these machines run, each file counted once. */
export function downloadBytes({ machines }: Pick<LabManifest, 'machines'>): number {
  const sizes = new Map(machines.flatMap(({ download }) => download.map(({ hash, size }) => [hash, size])));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

const formatOf: Check<number> = (value, path) => integer(object(value, path).format, 'format');

function manifestOf(value: unknown, path: string): LabManifest {
  const from = object(value, path, ['format', 'key', 'lab', 'title', 'wires', 'machines']);
  const machines = list(from.machines, 'machines', mostMachines, planOf);
  const names = machines.map(({ name }) => name);
  if (names.length === 0) mismatch('machines', 'at least one machine', from.machines);
  noneTwice(names, 'machines');
  const wires = list(from.wires, 'wires', mostMachines, (wire, at) => {
    const { name, machines: ends } = object(wire, at, ['name', 'machines']);
    return {
      name: named(name, `${at}.name`),
      machines: list(ends, `${at}.machines`, mostMachines, (end, place) => {
        const machine = string(end, place);
        return names.includes(machine) ? machine : mismatch(place, `one of ${names.join(', ')}`, end);
      }),
    };
  });
  noneTwice(
    wires.map(({ name }) => name),
    'wires',
  );
  noneTwice(
    wires.flatMap((wire) => wire.machines),
    'wires',
  );
  return {
    format: integer(from.format, 'format', manifestFormat, manifestFormat) as typeof manifestFormat,
    ...(from.key === undefined ? {} : { key: string(from.key, 'key', 128) }),
    lab: matching(from.lab, 'lab', kebab, 'lower-case words joined by "-"'),
    title: string(from.title, 'title', 80),
    wires,
    machines,
  };
}

function planOf(value: unknown, path: string): MachinePlan {
  const { name, driver, download, setup } = object(value, path, ['name', 'driver', 'download', 'setup']);
  if (name === notForMachines)
    mismatch(`${path}.name`, `any name but "${notForMachines}", which is that of wires`, name);
  return {
    name: named(name, `${path}.name`),
    driver: matching(driver, `${path}.driver`, kebab, 'the name of a driver'),
    download: list(download, `${path}.download`, mostDownloads, readDownload),
    setup,
  };
}

const named: Check<string> = (value, path) => matching(value, path, hostName, 'a host name (RFC 1123)');

function noneTwice(names: readonly string[], path: string): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) mismatch(path, 'each name once', twice);
}
