// Text -> Recording. A file in content/ is our own; one that a reader drops on the page is not. Nothing is read before it is
// checked, nothing that we do not know is passed over, and an error names the place.

import { fromBase64 } from '../basics/base64.ts';
import { integer, list, mismatch, name, number, object, oneOf, readJson, string } from '../basics/json-checks.ts';
import { type Hop, WIRE } from '../hop/hop.ts';
import type { Graph } from '../topology/graph.ts';
import { readEvidence } from './notes/read-context.ts';
import { readGraph } from './read-graph.ts';
import type { Recording, TerminalOutput, TypedCommand } from './recording.ts';
import { FORMAT, VERSION } from './write-recording.ts';

export type ReadRecording =
  | { readonly ok: true; readonly recording: Recording }
  /** Names the field and what was found in it: `recording: hops[3].way: expected in or out, got "up"`. */
  | { readonly ok: false; readonly error: string };

/** Ours have at most 150 kB; whatever is far above is no recording. Characters. */
const MOST_TEXT = 4 * 1024 * 1024;
const MOST_ITEMS = 20_000;
const MOST_GRAPHS = 1000;
/** As tcpdump's own largest (MAXIMUM_SNAPLEN in libpcap). */
const MOST_BYTES = 262_144;
const MOST_OUTPUT = 1024 * 1024;
/** Seconds since the epoch: the year 2286. */
const LATEST = 1e10;
/** A day, in ms. */
const LONGEST = 86_400_000;

const KEYS = [
  'format',
  'version',
  'lab',
  'title',
  'script',
  'recorded',
  'software',
  'start',
  'graphs',
  'places',
  'hops',
  'terminal',
  'commands',
  'conntrack',
  'evidence',
];

/** Never throws, whatever the text is. */
export function readRecording(text: string): ReadRecording {
  const read = readJson('recording', text, MOST_TEXT, recordingOf);
  return read.ok ? { ok: true, recording: read.value } : read;
}

function recordingOf(value: unknown): Recording {
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== FORMAT)
    return mismatch('format', `"${FORMAT}"`, (value as { format?: unknown } | null)?.format);
  // Before the keys: a later version may have others.
  if (!('version' in value) || value.version !== VERSION)
    return mismatch('version', `${VERSION}, the one that this page reads`, (value as { version?: unknown }).version);
  const from = object(value, '', KEYS);
  const start = number(from['start'], 'start', 0, LATEST);
  const graphs = graphsOf(from['graphs']);
  const places = list(from['places'], 'places', MOST_ITEMS, (place, path) => placeOf(place, path, graphs));
  return {
    lab: name(from['lab'], 'lab'),
    title: name(from['title'], 'title'),
    script: name(from['script'], 'script'),
    recorded: dateOf(from['recorded']),
    software: list(from['software'], 'software', 100, software),
    start,
    graphs,
    hops: list(from['hops'], 'hops', MOST_ITEMS, (hop, path) => hopOf(hop, path, places, start)).map((hop, index) => ({
      n: index + 1,
      ...hop,
    })),
    terminal: list(from['terminal'], 'terminal', MOST_ITEMS, output),
    commands: list(from['commands'], 'commands', MOST_ITEMS, command),
    conntrack: list(from['conntrack'], 'conntrack', 100, conntrack),
    evidence: list(from['evidence'], 'evidence', MOST_ITEMS, readEvidence),
  };
}

function dateOf(value: unknown): string {
  const text = name(value, 'recorded');
  const isDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) && !Number.isNaN(Date.parse(text));
  return isDate ? text : mismatch('recorded', 'a time such as 2026-11-25T08:40:00Z', value);
}

function graphsOf(value: unknown): Recording['graphs'] {
  let graph: Graph | undefined;
  let last = 0;
  return list(value, 'graphs', MOST_GRAPHS, (item, path) => {
    const from = object(item, path, ['at', 'put', 'gone']);
    const at = number(from['at'], `${path}.at`, last, LONGEST);
    last = at;
    graph = readGraph(graph, from['put'], from['gone'], path);
    return { at, graph };
  });
}

type Place = Pick<Hop, 'machine' | 'device' | 'ifindex' | 'deviceId' | 'linkType'>;

function placeOf(value: unknown, path: string, graphs: Recording['graphs']): Place {
  const from = object(value, path, ['machine', 'device', 'ifindex', 'id', 'link']);
  const id = name(from['id'], `${path}.id`);
  if (id !== '' && !graphs.some(({ graph }) => [...graph.devices, ...graph.wires].some((node) => node.id === id)))
    mismatch(`${path}.id`, 'a device or a wire of a graph', id);
  return {
    machine: name(from['machine'], `${path}.machine`),
    device: name(from['device'], `${path}.device`),
    ...(from['ifindex'] === undefined ? {} : { ifindex: integer(from['ifindex'], `${path}.ifindex`) }),
    deviceId: id,
    linkType: integer(from['link'], `${path}.link`, 0, 0xffff),
  };
}

function hopOf(value: unknown, path: string, places: readonly Place[], start: number): Omit<Hop, 'n'> {
  const from = object(value, path, ['at', 'place', 'way', 'bytes', 'length']);
  const place = places[integer(from['place'], `${path}.place`)] ?? mismatch(`${path}.place`, 'a place', from['place']);
  const text = string(from['bytes'], `${path}.bytes`, Math.ceil(MOST_BYTES / 3) * 4);
  const bytes = fromBase64(text) ?? mismatch(`${path}.bytes`, 'base64', text);
  const { length = bytes.length } = from;
  return {
    ...place,
    // To the microsecond again, as the machine's clock has it.
    time: Math.round(start * 1e6 + number(from['at'], `${path}.at`, -LONGEST, LONGEST) * 1e3) / 1e6,
    direction: wayOf(from['way'], `${path}.way`, place.machine),
    bytes,
    originalLength: integer(length, `${path}.length`, bytes.length, 0xffff_ffff),
  };
}

/** A wire has none; recordings that were made before say "out" of it. */
function wayOf(value: unknown, path: string, machine: string): Hop['direction'] {
  if (machine === WIRE && value === undefined) return 'unknown';
  const way = oneOf(value, path, ['in', 'out']);
  return machine === WIRE ? 'unknown' : way;
}

function software(value: unknown, path: string): Recording['software'][number] {
  const from = object(value, path, ['name', 'version']);
  return { name: name(from['name'], `${path}.name`), version: name(from['version'], `${path}.version`) };
}

function output(value: unknown, path: string): TerminalOutput {
  const from = object(value, path, ['at', 'machine', 'console', 'text']);
  return {
    at: number(from['at'], `${path}.at`, 0, LONGEST),
    machine: name(from['machine'], `${path}.machine`),
    console: integer(from['console'], `${path}.console`, 0, 100),
    text: string(from['text'], `${path}.text`, MOST_OUTPUT),
  };
}

function command(value: unknown, path: string): TypedCommand {
  const from = object(value, path, ['at', 'until', 'machine', 'text']);
  const at = number(from['at'], `${path}.at`, 0, LONGEST);
  return {
    at,
    until: number(from['until'], `${path}.until`, at, LONGEST),
    machine: name(from['machine'], `${path}.machine`),
    text: string(from['text'], `${path}.text`, 10_000),
  };
}

function conntrack(value: unknown, path: string): Recording['conntrack'][number] {
  const from = object(value, path, ['machine', 'text']);
  return { machine: name(from['machine'], `${path}.machine`), text: string(from['text'], `${path}.text`, MOST_OUTPUT) };
}
