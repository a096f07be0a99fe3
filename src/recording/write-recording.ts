// A recording as a file: JSON that a page fetches as it is, one hop or one change a line, so that people and version
// control can read it too.
//
//   { "format": "lockstep recording", "version": 2, "lab": "super-bridge", …, "start": 1795405455.096,
//     "graphs":   [{ "at": 0, "put": { "machines": […], "wires": […], "namespaces": […], "devices": […], "edges": […], "routes": {…} },
//                   "gone": […] }],
//     "places":   [{ "machine": "host-01", "device": "docker0", "ifindex": 3, "id": "host-01/4026531840/3", "link": 276 }],     no ifindex: on a wire
//     "hops":     [{ "at": 5301.123, "place": 0, "way": "in", "bytes": "base64", "length": 1500 }],     no way: on a wire; length: if it was cut
//     "terminal": [{ "at": 5300, "machine": "host-01", "console": 0, "text": "…" }],
//     "commands": [{ "at": 5300, "until": 6400, "machine": "host-01", "text": "ping -c 1 172.17.0.2" }],
//     "conntrack": [{ "machine": "host-01", "text": "…" }],
//     "evidence": [{ "kind": "socket", "machine": "host-01", "time": 1795405455.2, "packet": "base64", … }] }      journey/evidence
//
// Each graph is what changed since the one before, the first one since nothing. Times are ms after `start`, to the µs; those of
// evidence are the kernel's, seconds since the epoch.

import { toBase64 } from '../basics/base64.ts';
import { type Hop, WIRE } from '../hop/hop.ts';
import type { DeviceNode, Graph } from '../topology/graph.ts';
import { differenceOf, ordered } from './graph-difference.ts';
import { momentOf, type Recording } from './recording.ts';

export const FORMAT = 'lockstep recording';
export const VERSION = 3;

/** What readRecording gives back, but for graphs' order of edges and times below a microsecond. */
export function writeRecording(recording: Recording): string {
  const { lab, title, script, recorded, software, start, terminal, commands, conntrack, evidence } = recording;
  const places: string[] = [];
  const hops = recording.hops.map((hop) => hopJson(recording, hop, places));
  const times = <T extends { readonly at: number }>(items: readonly T[]): T[] =>
    items.map((item) => ({ ...item, at: micro(item.at) }));
  const parts: readonly (readonly [name: string, json: string])[] = [
    ['format', JSON.stringify(FORMAT)],
    ['version', JSON.stringify(VERSION)],
    ['lab', JSON.stringify(lab)],
    ['title', JSON.stringify(title)],
    ['script', JSON.stringify(script)],
    ['recorded', JSON.stringify(recorded)],
    ['software', lines(software)],
    ['start', JSON.stringify(start)],
    ['graphs', lines(graphsJson(recording))],
    ['places', `[${places.map((place) => `\n${place}`).join(',')}]`],
    ['hops', lines(hops)],
    ['terminal', lines(times(terminal))],
    ['commands', lines(times(commands).map((command) => ({ ...command, until: micro(command.until) })))],
    ['conntrack', lines(conntrack)],
    ['evidence', lines(evidence)],
  ];
  return `{\n${parts.map(([name, json]) => `"${name}": ${json}`).join(',\n')}\n}\n`;
}

const lines = (items: readonly unknown[]): string =>
  `[${items.map((item) => `\n${JSON.stringify(item, bytesAsBase64)}`).join(',')}]`;
const bytesAsBase64 = (_: string, value: unknown): unknown => (value instanceof Uint8Array ? toBase64(value) : value);
const micro = (ms: number): number => Math.round(ms * 1000) / 1000;

function hopJson(recording: Recording, hop: Hop, places: string[]): object {
  const { machine, device, ifindex, deviceId = '', linkType, direction, bytes, originalLength } = hop;
  const json = JSON.stringify({ machine, device, ifindex, id: deviceId, link: linkType });
  const known = places.indexOf(json);
  const place = known < 0 ? places.push(json) - 1 : known;
  return {
    at: micro(momentOf(recording, hop.time)),
    place,
    ...(machine === WIRE ? {} : { way: direction }),
    bytes: toBase64(bytes),
    ...(originalLength === bytes.length ? {} : { length: originalLength }),
  };
}

function graphsJson({ graphs }: Recording): object[] {
  let before: Graph | undefined;
  return graphs.map(({ at, graph }) => {
    const after = ordered(graph);
    const { machines, wires, namespaces, devices, edges, routes, gone } = differenceOf(before, after);
    before = after;
    const put = {
      ...some(
        'machines',
        machines.map(({ id, name }) => ({ id, name })),
      ),
      ...some(
        'wires',
        wires.map(({ id, name }) => ({ id, name })),
      ),
      ...some(
        'namespaces',
        namespaces.map(({ kind: _, ...space }) => space),
      ),
      ...some('devices', devices.map(deviceJson)),
      ...some(
        'edges',
        edges.map(({ kind, source, target }) => ({ kind, source, target })),
      ),
      ...(routes.size === 0 ? {} : { routes: Object.fromEntries(routes) }),
    };
    return { at: micro(at), put, ...some('gone', gone) };
  });
}

const some = (name: string, list: readonly unknown[]): object => (list.length === 0 ? {} : { [name]: list });

/** Its machine is its namespace's. */
function deviceJson({ kind: _, machine: __, deviceKind, ...device }: DeviceNode): object {
  return { ...device, kind: deviceKind };
}
