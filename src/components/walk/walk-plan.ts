// A recording and the packets that an author chose from it -> the steps of a walk, with all that a page shows of them. Worked
// out when the site is built: a page that is only read decodes nothing.

import type { Hop } from '../../hop/hop.ts';
import { stitch } from '../../journey/builder.ts';
import { type Change, changesBetween } from '../../journey/changes.ts';
import { type Journey, type JourneyHop, layersOf } from '../../journey/journey.ts';
import { verdictOf } from '../../journey/verdict.ts';
import { topologyOf } from '../../lab/journey-topology.ts';
import type { Field } from '../../packet/field.ts';
import { compileFilter, pointAt } from '../../packet/filter/compile.ts';
import type { FilterPacket } from '../../packet/filter/reader.ts';
import type { Layer } from '../../packet/layer.ts';
import { type Family, summarizeLayers } from '../../packet/summary.ts';
import { conntrackEntries, graphAt, momentOf, type Recording, wholeGraph } from '../../recording/recording.ts';
import type { Graph } from '../../topology/graph.ts';
import { type Way, Ways } from '../../topology/ways.ts';
import { hopWords, sinceWords } from './step-words.ts';
import { layersInStreams } from './stream-layers.ts';
import { headersOf, stackOf } from './walk-headers.ts';

export interface WalkPlan {
  readonly packets: readonly WalkPacket[];
  /** Of all packets. */
  readonly steps: number;
}

export interface WalkPacket {
  /** The author's name for it. */
  readonly name: string;
  readonly protocol: string;
  readonly family: Family;
  /** "172.17.0.3 → 172.17.0.2" and what it is, as the packet list has it. */
  readonly ends: string;
  readonly info: string;
  readonly steps: readonly WalkStep[];
  /** The picture at its first hop. */
  readonly graph: Graph;
  /** How it ended, and what shows it. */
  readonly end: string;
  readonly why: string;
  /** Against the packet that it answers, if that is in the walk. */
  readonly answers: { readonly step: number; readonly changes: readonly WalkChange[] } | null;
}

export interface WalkStep {
  /** 1, 2, 3 … through the whole walk. */
  readonly n: number;
  readonly device: string;
  readonly deviceId: string;
  readonly direction: Hop['direction'];
  readonly path: Way;
  /** "In at veth1, over the veth pair from eth0 of client." */
  readonly words: string;
  /** Since the walk's first hop: "+0.69 ms". */
  readonly since: string;
  readonly changes: readonly WalkChange[];
  /** From the outside in. */
  readonly headers: readonly WalkHeader[];
  /** The same with their fields; null: the same bytes as at the step before. */
  readonly layers: readonly WalkLayer[] | null;
}

/** A header in a line of headers, and what became of it since the step before. */
export interface WalkHeader {
  readonly protocol: string;
  /** Bytes of the header. */
  readonly length: number;
  readonly since: 'same' | 'changed' | 'new';
}

export interface WalkChange extends Change {
  /** What the field is for; "" for headers that came or went. */
  readonly about: string;
}

export interface WalkLayer extends WalkHeader {
  /** The same header has the same one at every step: "ip.1" is the second IP header, counted from the inside. */
  readonly key: string;
  readonly info: string;
  readonly fields: readonly WalkField[];
}

export interface WalkField extends Pick<Field, 'name' | 'about' | 'shown' | 'meaning'> {
  /** What it was at the step before; left out: the same. */
  readonly was?: string;
}

/**
 * @param chosen names and display filters: of each the first journey that matches, and that began after the one before
 * @throws Error naming the filter that is none, or that no packet of the recording matches
 */
export function planWalk(recording: Recording, chosen: Readonly<Record<string, string>>): WalkPlan {
  const whole = wholeGraph(recording);
  const { evidence } = recording;
  const known = { topology: topologyOf(whole), conntrack: conntrackEntries(recording), evidence };
  const journeys = stitch(recording.hops, known, { oneTime: true });
  const picked = pick(journeys, chosen, recording);
  const layersIn = layersInStreams(recording.hops);
  const start = picked[0]?.journey.hops[0]?.time ?? 0;
  let n = 1;
  const beginsAt = new Map<number, number>();
  for (const { journey } of picked) {
    beginsAt.set(journey.id, n);
    n += journey.hops.length;
  }
  const packets: WalkPacket[] = [];
  for (const { name, journey } of picked) {
    const [first] = journey.hops;
    const graph = graphAt(recording, momentOf(recording, first?.time ?? 0)) ?? whole;
    const summary = summarizeLayers(first === undefined ? [] : layersIn(first.hop));
    const from = beginsAt.get(journey.id) ?? 1;
    const steps = journey.hops.map((seen, index) => {
      const { hop, changes } = seen;
      const layers = layersIn(hop);
      const before = journey.hops[index - 1];
      const earlier = before === undefined ? null : layersIn(before.hop);
      const n = from + index;
      return {
        ...stepOf(seen, n, start, wayOf(journey, seen, recording), graph),
        headers: headersOf(layers, earlier, changes),
        layers: index === 0 || changes.length > 0 ? stackOf(layers, earlier, changes) : null,
      };
    });
    const question = picked.findIndex((other) => other.journey.answeredBy === journey.id);
    const asked = picked[question]?.journey.hops[0];
    packets.push({
      name,
      protocol: summary.protocol,
      family: summary.family,
      ends: summary.destination === '' ? '' : `${summary.source} → ${summary.destination}`,
      info: summary.info,
      steps,
      graph,
      end: verdictOf(journey),
      why: sentence(inSteps(journey.why, beginsAt)),
      answers:
        asked === undefined || first === undefined || packets[question]?.steps[0] === undefined
          ? null
          : {
              step: packets[question].steps[0].n,
              changes: answerChanges(layersIn(asked.hop), layersIn(first.hop)),
            },
    });
  }
  return { packets, steps: n - 1 };
}

/** The lines that a hop crossed, on the picture as it was then. */
function wayOf({ hops }: Journey, { hop, after }: JourneyHop, recording: Recording): Way {
  const ways = new Ways();
  const graph = graphAt(recording, momentOf(recording, hop.time));
  if (graph !== undefined) ways.setGraph(graph);
  return ways.of(hop, hops[after]?.hop ?? null);
}

function pick(
  journeys: readonly Journey[],
  chosen: Readonly<Record<string, string>>,
  { script, start }: Recording,
): { readonly name: string; readonly journey: Journey }[] {
  let next = 0;
  return Object.entries(chosen).map(([name, text]) => {
    const compiled = compileFilter(text);
    if (!compiled.ok)
      throw new Error(`the walk’s packet "${name}": ${compiled.error.message}\n${pointAt(text, compiled.error)}`);
    const index = journeys.findIndex(({ hops: [first] }, at) => {
      return at >= next && first !== undefined && compiled.filter.matches(packetOf(first.hop, start));
    });
    const journey = journeys[index];
    if (journey === undefined)
      throw new Error(
        `the walk’s packet "${name}": no packet of the recording "${script}" matches ${text} after the ones before it`,
      );
    next = index + 1;
    return { name, journey };
  });
}

function packetOf(hop: Hop, start: number): FilterPacket {
  const { n: number, time, machine, device, bytes, originalLength } = hop;
  const seconds = Math.floor(time);
  return {
    layers: layersOf(hop),
    frame: {
      number,
      bytes,
      originalLength,
      time: { seconds, nanoseconds: Math.round((time - seconds) * 1e6) * 1000 },
      timeRelative: time - start,
      interfaceName: `${machine}/${device}`,
    },
  };
}

/** What an answer has that the question had not. Numbers of TCP are those that are counted from the connection's beginning. */
const answerChanges = (asked: readonly Layer[], answer: readonly Layer[]): WalkChange[] =>
  withAbout(changesBetween(asked, answer), asked, answer).filter(
    ({ field }) => !/^sll\.|^tcp\.((seq|ack)_raw|stream|nxtseq|analysis\.)/.test(field),
  );

function stepOf(
  seen: JourneyHop,
  n: number,
  start: number,
  path: Way,
  graph: Graph,
): Omit<WalkStep, 'headers' | 'layers'> {
  const { hop, changes, layers, time } = seen;
  const { direction, deviceId = '' } = hop;
  const wrapped = changes.some(({ field, bytes = 0 }) => field === 'encapsulation' && bytes > 0);
  return {
    n,
    device: hop.device,
    deviceId,
    direction,
    path,
    words: hopWords({ machine: hop.machine, device: hop.device, deviceId, direction, wrapped }, path, graph),
    since: sinceWords((time - start) * 1000),
    changes: withAbout(changes, layers, layers),
  };
}

function withAbout(changes: readonly Change[], before: readonly Layer[], after: readonly Layer[]): WalkChange[] {
  const about = (name: string): string =>
    [...after, ...before].flatMap((layer) => layer.named(name)).find((field) => field.about !== '')?.about ?? '';
  return changes.map((change) => ({ ...change, about: change.field === 'encapsulation' ? '' : about(change.field) }));
}

/** Journeys have numbers in a list of packets; here the other packet is the step at which it begins, if the author chose it. */
const inSteps = (text: string, beginsAt: ReadonlyMap<number, number>): string =>
  text.replaceAll(/\bjourney (\d+)/g, (_, id: string) => {
    const step = beginsAt.get(Number(id));
    return step === undefined ? 'a packet that is left out here' : `step ${step}`;
  });

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
