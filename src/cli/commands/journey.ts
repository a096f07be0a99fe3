// Capture files -> the way of each packet, for people or as JSON.
import { readFile } from 'node:fs/promises';
import { Unpacking } from '../../capture/packed/unpacking.ts';
import { clockWords } from '../../hop/clock-words.ts';
import { type Gap, gapWords, missingIn } from '../../hop/gap.ts';
import type { Hop } from '../../hop/hop.ts';
import { CaptureHopReader } from '../../hop/hops-of-capture.ts';
import { machineOfFile } from '../../hop/machine-of-file.ts';
import { type Context, JourneyBuilder } from '../../journey/builder.ts';
import { parseConntrack } from '../../journey/evidence/conntrack.ts';
import { parseNftTrace } from '../../journey/evidence/nft-trace.ts';
import { parseRuleTrace } from '../../journey/evidence/rule-trace.ts';
import type { Journey, JourneyHop } from '../../journey/journey.ts';
import { journeyJson } from '../../journey/journey-json.ts';
import { ruleLines } from '../../journey/rule-path.ts';
import type { Device } from '../../journey/topology.ts';
import type { UnseenDrop } from '../../journey/unseen.ts';
import { topologyOf } from '../../lab/journey-topology.ts';
import { mergeContexts } from '../../recording/notes/merge-contexts.ts';
import { NoteCollector } from '../../recording/notes/note-collector.ts';
import { buildGraph } from '../../topology/build-graph.ts';
import { parseReport } from '../../topology/parse-report.ts';
import { filePieces } from '../file-pieces.ts';
import { UsageError } from '../usage-error.ts';

export interface JourneyOptions {
  readonly files: readonly string[];
  /** "machine: file": what else is known of a machine. */
  readonly evidence: readonly string[];
  readonly json: boolean;
}

/** Bytes of packets that are followed at once: they are all in memory. */
const MOST_BYTES = 2 ** 30;
/** Gaps that are told of one by one. */
const MOST_TOLD = 20;

/** Prints the journeys. Gives the exit status: 1 when a capture could be read in part only. */
export async function journey({ files, evidence, json }: JourneyOptions): Promise<number> {
  const given = await readEvidence(evidence);
  const known: Context[] = [];
  let code = 0;
  const hops: Hop[] = [];
  /** All of one run of a lab, whose machines and wires have one time. */
  let isOfOneLab = files.length === 1;
  for (const path of files) {
    const read = await readCaptureFile(path, hops.length + 1);
    for (const hop of read.hops) hops.push(hop);
    known.push(read.context);
    isOfOneLab &&= read.isOfLab;
    for (const words of read.said) console.error(`${path}: ${words}`);
    if (read.isPart) code = 1;
  }
  const context = mergeContexts([...known, given]);
  const builder = new JourneyBuilder({ oneTime: isOfOneLab });
  builder.know(context);
  builder.add(named(hops, context.topology?.devices ?? []));
  const journeys = builder.journeys();
  const unseen = builder.unseen();
  if (json)
    for (const one of [...journeys.map(journeyJson), ...unseen.map((drop) => ({ unseen: drop }))])
      console.log(JSON.stringify(one));
  else console.log([...journeys.map(inWords), ...unseen.map(unseenInWords)].join('\n\n'));
  return code;
}

interface FileRead {
  readonly hops: readonly Hop[];
  /** What the file says besides its packets. */
  readonly context: Context;
  /** What is to be told of the file, in sentences. */
  readonly said: readonly string[];
  readonly isPart: boolean;
  readonly isOfLab: boolean;
}

async function readCaptureFile(path: string, first: number): Promise<FileRead> {
  const notes = new NoteCollector();
  const reader = new CaptureHopReader(machineOfFile(path), first, notes);
  const unpacking = new Unpacking(filePieces(path));
  for await (const bytes of unpacking) {
    reader.push(bytes);
    if (reader.isBroken || reader.size > MOST_BYTES) break;
  }
  const tooLarge =
    reader.size > MOST_BYTES ? 'The file is larger than can be followed at once: this is its beginning.' : '';
  const { hops, gaps, error, leftOut } = reader.end();
  const why = tooLarge || (unpacking.error?.message ?? error?.message ?? '');
  const all = [...(notes.context.gaps ?? []), ...gaps];
  const said = [...gapsWords(all), leftOut, notes.trouble, why].filter((words) => words !== '');
  return { hops, context: { ...notes.context, gaps: all }, said, isPart: why !== '', isOfLab: notes.lab !== '' };
}

/** A sentence for each of the first ones. */
function gapsWords(gaps: readonly Gap[]): string[] {
  const more = gaps.slice(MOST_TOLD);
  const rest = more.length === 0 ? [] : [`Taps lost ${missingIn(more)} more packets at ${more.length} other times.`];
  return [...gaps.slice(0, MOST_TOLD).map(gapWords), ...rest];
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
    const traces = [...parseNftTrace(text, machine), ...parseRuleTrace(text, machine)];
    devices.push(...links);
    conntrack.push(...entries);
    evidence.push(...traces);
    if (links.length + entries.length + traces.length === 0)
      console.error(
        `${path} says nothing that helps: it has no conntrack entry, no packet of a trace of rules, and no device.`,
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

const unseenInWords = ({ time, machine, space, summary, words }: UnseenDrop): string =>
  [
    `no tap saw  ${summary}`,
    `    ${clockWords(time, 6)}  ${machine}${space === null ? ', in a network that is not known' : space === '' ? '' : `/${space}`}`,
    `    dropped: ${words}`,
  ].join('\n');

function inWords(one: Journey): string {
  const { id, summary, hops, end, grade, why, from, repeats, fork, parts, about, answeredBy, notes } = one;
  const wide = Math.max(...hops.map(({ at }) => at.length));
  const start = hops[0]?.time ?? 0;
  const lines = [`#${id}  ${summary}`, ...hops.flatMap((hop, index) => hopLines(hop, index, hops, wide, start))];
  const say = (text: string): number => lines.push(`    ${text}`);
  for (const way of one.rules) {
    say(`rules on ${way.machine}:`);
    for (const { table, chain, text, verdict, change } of ruleLines(way, hops))
      say(`  ${[`${table} ${chain}`, text, verdict, change].filter((part) => part.trim() !== '').join('  ')}`);
  }
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
  const time = index === 0 ? clockWords(start, 6) : `+${(hop.time - start).toFixed(6)}`;
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
