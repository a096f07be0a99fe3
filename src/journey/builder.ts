// Hops in, journeys out: the one thing that others use. Hops may come in any order and at any time; what comes out depends on
// which there are, not on when they came. Adding one costs the same however many there are; what they mean is worked out
// when somebody asks, for what changed since.

import type { Gap } from '../hop/gap.ts';
import type { Hop } from '../hop/hop.ts';
import { summarizeLayers } from '../packet/summary.ts';
import { Answers } from './answers.ts';
import { Claims } from './claims.ts';
import { Clocks } from './clocks.ts';
import { coarseClocks, type World } from './copies.ts';
import { delaysOf } from './delays.ts';
import type { Proofs } from './ends/end.ts';
import { endOf } from './ends.ts';
import { type ConntrackEntry, entryWords, NatTable } from './evidence/conntrack.ts';
import type { DropEvidence, SocketEvidence } from './evidence/drop.ts';
import type { CounterEvidence, Evidence, TraceEvidence } from './evidence/evidence.ts';
import { hintsOf } from './evidence/hints.ts';
import { isLoss } from './evidence/kernel-drops.ts';
import { NamedEvidence } from './evidence/named.ts';
import { RuledPackets } from './evidence/ruled.ts';
import { Watches } from './evidence/watches.ts';
import { type Journey, JourneyHop, layersOf } from './journey.ts';
import { maybeSame } from './maybe-same.ts';
import { Neighbours } from './neighbours.ts';
import { type PastTopology, PlacesInTime } from './places-in-time.ts';
import { piecesOf, repeatOf, subjectOf } from './relations.ts';
import { type Sighting, sighting } from './sighting.ts';
import { type Bucket, byTime, type Packet, Store } from './store.ts';
import { Stretches } from './stretches.ts';
import type { Places, Topology } from './topology.ts';
import { lostAnswer, type UnseenDrop, unseenDrops } from './unseen.ts';

/** What is known besides the hops. Each part may be missing. */
export interface Context {
  readonly topology?: Topology;
  /** What it was before, if it was not always that. */
  readonly past?: readonly PastTopology[];
  readonly conntrack?: readonly ConntrackEntry[];
  readonly evidence?: readonly Evidence[];
  /** When taps lost packets: what is not seen there may have gone by all the same. */
  readonly gaps?: readonly Gap[];
}

export interface Regrouped {
  readonly packets: readonly (readonly number[])[];
  /** Some of them may be one, before and after NAT: conntrack may know. */
  readonly isOpen: boolean;
  /** Nothing else has changed. */
  readonly isAll: boolean;
}

export interface BuilderOptions {
  /**
   * Hops that are kept; when there are more, the packets that were longest not seen are forgotten, and of what is known besides the
   * hops, all but the latest. Default: all.
   */
  readonly keep?: number;
  /** All hops are told in one time, a lab's. Default: each machine's clock, and the wires', may be any; packets show how far they are apart. */
  readonly oneTime?: boolean;
}

/** The journeys of these hops, the earliest first. Never throws, whatever the bytes are. */
export function stitch(hops: Iterable<Hop>, context: Context = {}, options: BuilderOptions = {}): Journey[] {
  const builder = new JourneyBuilder(options);
  builder.know(context);
  builder.add(hops);
  return builder.journeys();
}

/** Sightings of frames that are equal to the last byte, in a builder that does not keep all. */
const MOST_COPIES = 512;
/** Connections, and pieces of evidence, in such a builder: the latest. */
const MOST_KNOWN = 5000;
/** Of one identification on one machine. */
const MOST_TRACES = 256;

export class JourneyBuilder {
  readonly #keep: number;
  readonly #world: World;
  readonly #store: Store;
  readonly #buckets = new Map<number, Bucket>();
  readonly #changed = new Set<Bucket>();
  /** Those of which regrouped() has not told yet. */
  readonly #regrouped = new Set<Bucket>();
  readonly #severalClocks = new Set<Bucket>();
  readonly #severalTuples = new Set<Bucket>();
  readonly #traces: TraceEvidence[] = [];
  readonly #counters: CounterEvidence[] = [];
  readonly #drops = new NamedEvidence<DropEvidence>((forgotten) => this.#watches.gap(forgotten));
  readonly #sockets = new NamedEvidence<SocketEvidence>();
  readonly #watches = new Watches();
  readonly #rules = new RuledPackets();
  #coarse = '';
  #proofs: Proofs | null = null;
  #claims: Claims | null = null;
  /** Seconds; of what was before, hops may be forgotten. */
  #since = -Infinity;

  constructor({ keep = Infinity, oneTime = false }: BuilderOptions = {}) {
    this.#keep = keep;
    const nat = new NatTable(keep === Infinity ? {} : { keep: MOST_KNOWN });
    this.#world = { places: new PlacesInTime(), nat, clocks: new Clocks(oneTime), missed: new Stretches() };
    this.#store = new Store(this.#world);
  }

  /** Hops that it has. */
  get size(): number {
    return this.#buckets.size;
  }

  /** A hop whose number it has already is passed over. */
  add(hops: Iterable<Hop>): void {
    for (const hop of hops) {
      if (this.#buckets.has(hop.n)) continue;
      const seen = sighting(hop);
      const bucket = this.#store.add(seen);
      this.#world.clocks.see(hop.machine);
      this.#buckets.set(hop.n, bucket);
      this.#changed.add(bucket);
      this.#regrouped.add(bucket);
      if (this.#keep !== Infinity) this.#bound(bucket);
    }
    if (this.#buckets.size > this.#keep) this.#forget();
    this.#anew();
  }

  /** Entries of conntrack that it was told and has not forgotten, the latest last. */
  get conntrack(): readonly ConntrackEntry[] {
    return this.#world.nat.entries;
  }

  /** Adds what is known; a topology takes the place of the one before. False when all of it was known already. */
  know({ topology, past = [], conntrack = [], evidence = [], gaps = [] }: Context): boolean {
    let rewritten = false;
    for (const entry of conntrack) rewritten = this.#world.nat.add(entry) || rewritten;
    const fresh = gaps.filter((gap) => this.#world.missed.add(gap));
    if (!rewritten && evidence.length === 0 && topology === undefined && fresh.length === 0) return false;
    if (fresh.length > 0) this.#miss(new Set(fresh.map(({ machine }) => machine)));
    if (rewritten) for (const bucket of this.#severalTuples) this.#divideAnew(bucket);
    for (const item of evidence) this.#learn(item);
    // A counter is a hint at most, and costs something for each packet.
    this.#counters.splice(0, Math.max(0, this.#counters.length - MOST_KNOWN));
    if (this.#keep !== Infinity) this.#traces.splice(0, Math.max(0, this.#traces.length - MOST_KNOWN));
    if (topology !== undefined) {
      const since = this.#world.places.set(topology, past);
      for (const bucket of this.#store.buckets.values()) {
        if (!bucket.sightings.some(({ hop }) => hop.time >= since)) continue;
        this.#divideAnew(bucket);
        this.#changed.add(bucket);
      }
    }
    this.#anew();
    return true;
  }

  /** All of them, the earliest first. Costs as much as there are: a page asks for the one that it shows. */
  journeys(): Journey[] {
    return this.#packets().map((packet) => this.#journey(packet));
  }

  /** The journey that a hop is part of; undefined when it does not have the hop. */
  journeyOf(hop: number): Journey | undefined {
    const packet = this.#packetOf(hop);
    return packet === undefined ? undefined : this.#journey(packet);
  }

  /**
   * For a list that shows one row for each packet and is to agree with the journeys: the packets to which something has changed
   * since this was asked last, each as the numbers of its hops, the first first; of at most `most` that look alike, and whether
   * there is more. A hop that is named was part of no packet that is not named as well.
   */
  regrouped(most: number): Regrouped {
    this.#refresh();
    const packets: number[][] = [];
    let isOpen = false;
    let left = most;
    for (const bucket of this.#regrouped) {
      if (left-- === 0) break;
      this.#regrouped.delete(bucket);
      if (bucket.sightings.length === 1) continue;
      const own = bucket.packets(this.#world);
      for (const { steps } of own) packets.push(steps.map(({ sighting: { hop } }) => hop.n));
      isOpen ||= own.length > 1 && bucket.severalTuples;
    }
    return { packets, isOpen, isAll: this.#regrouped.size === 0 };
  }

  /**
   * What kernels dropped and no tap had seen, the latest last.
   *
   * @param now seconds, by the machines' clocks: hops are told of a moment later than drops. Left out: all have been told of
   */
  unseen(now = Infinity): readonly UnseenDrop[] {
    return unseenDrops(this.#drops, this.#store, { since: this.#since, now });
  }

  #learn(item: Evidence): void {
    switch (item.kind) {
      case 'drop':
        // Of which packet it is, its bytes do not tell: it may be any that was there.
        if (!this.#drops.add(item) && isLoss(item))
          this.#watches.gap({ machine: item.machine, from: item.time, until: item.time });
        return;
      case 'socket':
        this.#sockets.add(item);
        return;
      case 'watch':
        this.#watches.watch(item);
        return;
      case 'gap':
        this.#watches.gap(item);
        return;
      case 'rules':
        this.#rules.add(item);
        return;
      case 'trace':
        this.#traces.push(item);
        return;
      case 'counter':
        this.#counters.push(item);
    }
  }

  /** Packets are missing at these machines: equal ones that they saw are to be told apart anew. */
  #miss(machines: ReadonlySet<string>): void {
    for (const bucket of this.#store.buckets.values())
      if (bucket.sightings.some(({ hop }) => machines.has(hop.machine))) this.#divideAnew(bucket);
  }

  #divideAnew(bucket: Bucket): void {
    bucket.forget();
    this.#regrouped.add(bucket);
  }

  #packets(): Packet[] {
    this.#refresh();
    const packets = [...this.#store.buckets.values()].flatMap((bucket) => bucket.packets(this.#world));
    return packets.sort(byTime);
  }

  #packetOf(hop: number): Packet | undefined {
    this.#refresh();
    const packets = this.#buckets.get(hop)?.packets(this.#world);
    return packets?.find(({ sightings }) => sightings.some((seen) => seen.hop.n === hop));
  }

  /** What the new sightings say of the clocks, and what that means for packets that several clocks saw. */
  #refresh(): void {
    if (this.#changed.size === 0) return;
    const { clocks, places } = this.#world;
    for (const bucket of this.#changed) {
      bucket.version++;
      if (bucket.severalTuples) this.#severalTuples.add(bucket);
      if (!bucket.severalClocks) continue;
      this.#severalClocks.add(bucket);
      for (const { from, to, seconds } of delaysOf(bucket.sightings, places.of(bucket.sightings)))
        clocks.observe(from, to, seconds, bucket);
    }
    this.#changed.clear();
    clocks.changed();
    const coarse = coarseClocks(clocks);
    if (coarse === this.#coarse) return;
    this.#coarse = coarse;
    for (const bucket of this.#severalClocks) this.#divideAnew(bucket);
  }

  /** The one seen last is forgotten last. Of a frame that is repeated for ever, the latest copies do. */
  #bound(bucket: Bucket): void {
    this.#store.buckets.delete(bucket.key);
    this.#store.buckets.set(bucket.key, bucket);
    if (bucket.sightings.length <= MOST_COPIES) return;
    for (const { hop } of bucket.keepLatest(MOST_COPIES / 2)) this.#release(hop);
  }

  /** A quarter at a time, so that it is done seldom. */
  #forget(): void {
    for (const bucket of this.#store.buckets.values()) {
      if (this.#buckets.size <= this.#keep * 0.75) return;
      for (const { hop } of bucket.sightings) this.#release(hop);
      this.#changed.delete(bucket);
      this.#regrouped.delete(bucket);
      this.#severalClocks.delete(bucket);
      this.#severalTuples.delete(bucket);
      this.#store.drop(bucket);
    }
  }

  #release({ n, time }: Hop): void {
    this.#buckets.delete(n);
    this.#since = Math.max(this.#since, time);
  }

  #journey(packet: Packet): Journey {
    const { identity } = packet;
    const parts = piecesOf(packet, this.#store);
    const places = this.#world.places.of(packet.sightings);
    this.#proofs ??= this.#proofsNow();
    this.#claims ??= new Claims(this.#store);
    const { answers } = this.#proofs;
    const { end, grade, why, from, reached } = endOf(packet, this.#store, this.#proofs);
    return {
      id: packet.id,
      summary: summaryOf(packet),
      hops: this.#hops(packet),
      rules: this.#rules.of(packet, this.#store),
      end,
      grade,
      why,
      from,
      reached,
      repeats: repeatOf(packet, this.#store),
      fork: forkOf(packet, places),
      parts:
        parts === null
          ? null
          : {
              kind: parts.kind,
              whole: parts.whole?.id ?? null,
              from: parts.from.map(({ id }) => id),
              into: parts.into.map(({ id }) => id),
            },
      answeredBy: answers.to(packet)?.id ?? null,
      about: identity.about === '' ? null : (subjectOf(packet, this.#store)?.id ?? null),
      notes: [
        ...maybeSame(packet, this.#world),
        ...this.#claims.wordsOf(packet),
        ...(answers.to(packet) === null ? lostAnswer(packet, this.#drops) : []),
        ...(end === 'delivered' ? [] : hintsOf(packet, this.#counters, places)),
      ],
    };
  }

  #hops(packet: Packet): JourneyHop[] {
    const hops: JourneyHop[] = [];
    for (const { sighting: seen, after } of packet.steps) {
      const before = packet.steps[after]?.sighting;
      const time = Math.max(packet.timeOf(seen), hops[after]?.time ?? -Infinity);
      hops.push(
        new JourneyHop(
          seen.hop,
          seen.place,
          time,
          after,
          before?.hop ?? null,
          before === undefined ? null : this.#nat(before, seen),
        ),
      );
    }
    return hops;
  }

  #nat(before: Sighting, after: Sighting): string | null {
    const from = before.identity.tuple;
    const to = after.identity.tuple;
    if (from === to) return null;
    const { nat } = this.#world;
    for (const { hop } of before.hop.machine === after.hop.machine ? [after] : [before, after]) {
      const { machine, time } = hop;
      const entry =
        nat.entry(machine, from, to, time) ??
        (before.identity.about === '' ? undefined : nat.entry(machine, to, from, time));
      if (entry !== undefined) return entryWords(entry);
    }
    return null;
  }

  /** How packets ended is to be worked out again. */
  #anew(): void {
    this.#proofs = null;
    this.#store.subjects.clear();
    this.#claims = null;
    this.#drops.renew();
    this.#sockets.renew();
  }

  #proofsNow(): Proofs {
    const traces = new Map<string, TraceEvidence[]>();
    for (const item of this.#traces) {
      const key = `${item.machine} ${item.identification}`;
      const equal = traces.get(key);
      if (equal === undefined) traces.set(key, [item]);
      else if (equal.length < MOST_TRACES) equal.push(item);
    }
    return {
      answers: new Answers(this.#store),
      neighbours: new Neighbours(this.#store),
      traces,
      drops: this.#drops,
      sockets: this.#sockets,
      rules: this.#rules,
      watches: this.#watches,
    };
  }
}

function summaryOf(packet: Packet): string {
  const { source, destination, protocol, info } = summarizeLayers(layersOf(packet.first.hop));
  const ends = source === '' || destination === '' ? '' : `${source} → ${destination} `;
  return `${ends}${protocol} ${info}`.trim();
}

function forkOf(packet: Packet, places: Places): Journey['fork'] {
  const followers = new Map<number, number>();
  for (const { after } of packet.steps) if (after >= 0) followers.set(after, (followers.get(after) ?? 0) + 1);
  if (![...followers.values()].some((count) => count > 1)) return null;
  for (const { identity } of packet.sightings) if (identity.group !== null) return identity.group;
  // Where it is not known what leads where, several that follow one may have followed each other.
  if (!packet.sightings.every(({ place }) => places.knows(place))) return null;
  const flooded = packet.steps.filter(
    ({ sighting: seen, after }) => (followers.get(after) ?? 0) > 1 && seen.hop.direction === 'out',
  );
  return flooded.length > 1 ? 'unknown unicast' : 'fork';
}
