// Capture files -> the way of each packet, for people or as JSON.
import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { Hop } from '../../hop/hop.ts';
import { hopsOfCapture } from '../../hop/hops-of-capture.ts';
import { type Context, stitch } from '../../journey/builder.ts';
import { parseConntrack } from '../../journey/evidence/conntrack.ts';
import { parseNftTrace } from '../../journey/evidence/nft-trace.ts';
import type { Journey, JourneyHop } from '../../journey/journey.ts';
import { journeyJson } from '../../journey/journey-json.ts';
import type { Device } from '../../journey/topology.ts';
import { topologyOf } from '../../lab/journey-topology.ts';
import { buildGraph } from '../../topology/build-graph.ts';
import { parseReport } from '../../topology/parse-report.ts';
import { UsageError } from '../usage-error.ts';

export interface JourneyOptions {
  readonly files: readonly string[];
  /** "machine: file": what else is known of a machine. */
  readonly evidence: readonly string[];
  readonly json: boolean;
}

/** Prints the journeys. Gives the exit status: 1 when a capture could be read in part only. */
export async function journey({ files, evidence, json }: JourneyOptions): Promise<number> {
  const known = await readEvidence(evidence);
  let code = 0;
  const hops: Hop[] = [];
  for (const path of files) {
    const { hops: more, error } = hopsOfCapture(await read(path), basename(path, extname(path)), hops.length + 1);
    for (const hop of more) hops.push(hop);
    if (error === null) continue;
    console.error(`${path}: ${error.message}`);
    code = 1;
  }
  const journeys = stitch(named(hops, known.topology?.devices ?? []), known);
  if (json) for (const one of journeys) console.log(JSON.stringify(journeyJson(one)));
  else console.log(journeys.map(inWords).join('\n\n'));
  return code;
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new Error(`Cannot read ${path}.`, { cause: error });
  }
}

async function readEvidence(list: readonly string[]): Promise<Context> {
  const devices: Device[] = [];
  const conntrack: NonNullable<Context['conntrack']>[number][] = [];
  const evidence: NonNullable<Context['evidence']>[number][] = [];
  for (const item of list) {
    const [, machine, path] = /^\s*([^:/\s]+):\s*(.+)$/.exec(item) ?? [];
    if (machine === undefined || path === undefined)
      throw new UsageError(`--evidence "${item}": expected "<machine>: <file>", for example "host-01: conntrack.txt".`);
    const text = new TextDecoder().decode(await read(path));
    const links = devicesOf(text, machine);
    const entries = parseConntrack(text, machine);
    const traces = parseNftTrace(text, machine);
    devices.push(...links);
    conntrack.push(...entries);
    evidence.push(...traces);
    if (links.length + entries.length + traces.length === 0)
      console.error(
        `${path} says nothing that helps: it has no conntrack entry, no dropped packet of nft's trace, and no device.`,
      );
  }
  return { topology: { devices }, conntrack, evidence };
}

/** What `ip -j -d addr` prints, or the agent's report. */
function devicesOf(text: string, machine: string): readonly Device[] {
  const links = /^\s*\[/.test(text);
  if (!links && !/^\s*\{/.test(text)) return [];
  const space = `{"inode":1,"pid":1,"name":"","nsid":-1,"routes":[],"links":${text}}`;
  const parsed = parseReport(links ? `{"time":0,"namespaces":[${space}]}` : text);
  return parsed.ok ? topologyOf(buildGraph(machine, parsed.report)).devices : [];
}

/** A cooked capture names devices by number; who knows the machine's devices knows their names. */
function named(hops: readonly Hop[], devices: readonly Device[]): Hop[] {
  const names = new Map(
    devices
      .filter(({ namespace }) => namespace === undefined)
      .map(({ machine, ifindex, name }) => [`${machine}/if${ifindex}`, name]),
  );
  return hops.map((hop) => ({ ...hop, device: names.get(`${hop.machine}/${hop.device}`) ?? hop.device }));
}

function inWords(one: Journey): string {
  const { id, summary, hops, end, grade, why, from, repeats, fork, parts, about, answeredBy, notes } = one;
  const wide = Math.max(...hops.map(({ at }) => at.length));
  const start = hops[0]?.time ?? 0;
  const lines = [`#${id}  ${summary}`, ...hops.flatMap((hop, index) => hopLines(hop, index, hops, wide, start))];
  const say = (text: string): number => lines.push(`    ${text}`);
  say(`${end}${grade === 'inferred' ? ' (inferred)' : ''}: ${why}`);
  for (const sentence of from) say(`  because ${sentence}`);
  if (repeats !== null) say(`${REPEATS[repeats.kind]} #${repeats.of}`);
  if (fork !== null) say(fork === 'fork' ? 'its way forks' : `flooded: ${fork}`);
  if (parts !== null) {
    const ids = (list: readonly number[]): string => list.map((part) => `#${part}`).join(' ');
    if (parts.from.length > 0)
      say(`${parts.kind} put together: ${ids(parts.from)} into ${parts.whole === null ? 'one' : `#${parts.whole}`}`);
    if (parts.into.length > 0)
      say(`${parts.kind}: ${parts.whole === null ? '' : `#${parts.whole} as `}${ids(parts.into)}`);
  }
  if (about !== null) say(`about #${about}`);
  if (answeredBy !== null && !why.includes('answered')) say(`answered by #${answeredBy}`);
  for (const note of notes) say(note);
  return lines.join('\n');
}

const REPEATS = {
  retransmission: 'a retransmission of',
  repeat: 'the same again as',
  duplicate: 'a duplicate of',
} as const;

function hopLines(hop: JourneyHop, index: number, hops: readonly JourneyHop[], wide: number, start: number): string[] {
  const time =
    index === 0
      ? new Date(Math.floor(start) * 1000).toISOString().slice(11, 19) + (start % 1).toFixed(6).slice(1)
      : `+${(hop.time - start).toFixed(6)}`;
  const way = hop.hop.direction === 'unknown' ? '' : hop.hop.direction;
  const after = hop.after === index - 1 ? '' : hop.after < 0 ? 'apart' : `from ${hops[hop.after]?.at}`;
  const changes = hop.changes
    .filter(({ field }) => field !== 'encapsulation')
    .map(({ field, from, to }) => `${field} ${from ?? 'none'} → ${to ?? 'none'}`);
  const first = [
    time.padEnd(15),
    hop.at.padEnd(wide),
    way.padEnd(3),
    [after, ...changes].filter((text) => text !== '').join(', '),
  ];
  const lines = [`    ${first.join('  ')}`.trimEnd()];
  const indent = ' '.repeat(4 + 15 + 2 + wide + 2 + 3 + 2);
  for (const { field, bytes = 0, why } of hop.changes)
    if (field === 'encapsulation') lines.push(`${indent}${bytes > 0 ? '+' : '−'}${Math.abs(bytes)} bytes: ${why}`);
  for (const why of new Set(hop.changes.map(({ why: reason }) => reason)))
    if (why?.startsWith('conntrack') === true) lines.push(`${indent}${why}`);
  return lines;
}
