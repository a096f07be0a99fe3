// Sightings by what they have in common, so that adding one and finding its relatives both cost the same however many there are.

import { append } from '../basics/append.ts';
import { firstIndex } from '../basics/first-index.ts';
import { isCutInKey } from '../hop/content.ts';
import type { Identity } from '../hop/identity.ts';
import type { Witness } from './clocks.ts';
import { type Copy, divide, type World } from './copies.ts';
import { compareSightings, type Sighting } from './sighting.ts';
import { link, type Step } from './way.ts';

/** One packet: a copy out of a bucket. */
export class Packet {
  readonly bucket: Bucket;
  readonly sightings: readonly Sighting[];
  /** How surely it is told from others that are equal to it. */
  readonly copy: Copy;
  readonly #world: World;
  #steps: readonly Step[] | null = null;
  #revision = -1;

  constructor(bucket: Bucket, copy: Copy, world: World) {
    this.bucket = bucket;
    this.copy = copy;
    this.sightings = copy.sightings;
    this.#world = world;
  }

  /** Its way, as far as it was seen. */
  get steps(): readonly Step[] {
    const { revision } = this.#world.clocks;
    if (this.#steps === null || this.#revision !== revision) {
      this.#steps = link(this.sightings, this.#world);
      this.#revision = revision;
    }
    return this.#steps;
  }

  get first(): Sighting {
    return (this.steps[0] as Step).sighting;
  }

  get id(): number {
    return this.first.hop.n;
  }

  /** As it was first seen. */
  get identity(): Identity {
    return this.first.identity;
  }

  /** Seconds, all clocks set by one. */
  get time(): number {
    return this.timeOf(this.first);
  }

  timeOf({ hop }: Sighting): number {
    return hop.time + this.#world.clocks.offset(hop.machine);
  }

  /** Sightings that none follows. */
  get ends(): readonly Sighting[] {
    const { steps } = this;
    const followed = new Set(steps.map(({ after }) => after));
    return steps.filter((_, index) => !followed.has(index)).map(({ sighting }) => sighting);
  }

  isAt(place: string): boolean {
    return this.sightings.some((sighting) => sighting.place === place);
  }
}

export const byTime = (a: Packet, b: Packet): number => a.time - b.time || a.id - b.id;

/** Seconds by which clocks may show two copies in the wrong order. */
const MOMENT = 0.1;

/** All sightings of one key, and the packets that they are. */
export class Bucket implements Witness {
  readonly key: string;
  /** Counts up when sightings come or go: what was said of the clocks before no longer holds. */
  version = 0;
  sightings: Sighting[] = [];
  #packets: readonly Packet[] | null = null;
  #sorted: readonly Packet[] | null = null;
  #byTuple: Map<string, Packet[]> | null = null;
  #revision = -1;
  #looked = 0;
  #severalClocks = false;
  #severalTuples = false;

  constructor(key: string) {
    this.key = key;
  }

  packets(world: World): readonly Packet[] {
    this.#packets ??= divide(this.sightings, world).map((copy) => new Packet(this, copy, world));
    return this.#packets;
  }

  /** Those that were seen with these ends (Identity.tuple). */
  packetsOf(tuple: string, world: World): readonly Packet[] {
    const packets = this.packets(world);
    if (this.#byTuple === null) {
      this.#byTuple = new Map();
      for (const packet of packets)
        for (const own of new Set(packet.sightings.map(({ identity }) => identity.tuple)))
          append(this.#byTuple, own, packet);
    }
    return this.#byTuple.get(tuple) ?? [];
  }

  /** Other packets of this bucket, from some seconds before one of them to so many after it (a moment), the earliest first. */
  *around(packet: Packet, seconds: number, world: World, after = MOMENT): Generator<Packet> {
    const packets = this.packets(world);
    if (packets.length === 1) return;
    const { revision } = world.clocks;
    if (this.#sorted === null || this.#revision !== revision) {
      this.#sorted = [...packets].sort(byTime);
      this.#revision = revision;
    }
    const sorted = this.#sorted;
    let low = firstIndex(sorted.length, (index) => (sorted[index] as Packet).time >= packet.time - seconds);
    for (let other = sorted[low]; other !== undefined && other.time - packet.time <= after; other = sorted[++low])
      if (other !== packet) yield other;
  }

  /** Keeps the latest ones only; gives what is gone. */
  keepLatest(count: number): readonly Sighting[] {
    this.sightings.sort(compareSightings);
    const gone = this.sightings.splice(0, Math.max(0, this.sightings.length - count));
    this.forget();
    return gone;
  }

  /** To be divided again when somebody looks. */
  forget(): void {
    this.#packets = null;
    this.#sorted = null;
    this.#byTuple = null;
  }

  /** What several machines or wires saw. */
  get severalClocks(): boolean {
    this.#look();
    return this.#severalClocks;
  }

  /** Seen with several addresses or ports. */
  get severalTuples(): boolean {
    this.#look();
    return this.#severalTuples;
  }

  /** At what came since it looked last. */
  #look(): void {
    const { sightings } = this;
    const [first] = sightings;
    if (this.#looked > sightings.length) {
      this.#looked = 0;
      this.#severalClocks = false;
      this.#severalTuples = false;
    }
    for (; this.#looked < sightings.length; this.#looked++) {
      const { hop, identity } = sightings[this.#looked] as Sighting;
      this.#severalClocks ||= hop.machine !== first?.hop.machine;
      this.#severalTuples ||= identity.tuple !== first?.identity.tuple;
    }
  }
}

/** Buckets by a name that some of their sightings have. Most names are one bucket's, which then needs no set. */
export class BucketIndex {
  readonly #buckets = new Map<string, Bucket | Set<Bucket>>();

  add(name: string, bucket: Bucket): void {
    if (name === '') return;
    const known = this.#buckets.get(name);
    if (known === undefined) this.#buckets.set(name, bucket);
    else if (known instanceof Set) known.add(bucket);
    else if (known !== bucket) this.#buckets.set(name, new Set([known, bucket]));
  }

  remove(name: string, bucket: Bucket): void {
    const known = this.#buckets.get(name);
    if (known instanceof Set) known.delete(bucket);
    if (known === bucket || (known instanceof Set && known.size === 0)) this.#buckets.delete(name);
  }

  has(name: string): boolean {
    return this.#buckets.has(name);
  }

  /** How many buckets have it. */
  size(name: string): number {
    const known = this.#buckets.get(name);
    if (known === undefined) return 0;
    return known instanceof Set ? known.size : 1;
  }

  packets(name: string, world: World): Packet[] {
    return this.#all(name).flatMap((bucket) => bucket.packets(world));
  }

  /** Those that were seen with these ends. What is equal but for its ends is one bucket: the resets that a scan of all ports gets. */
  packetsOf(name: string, tuple: string, world: World): Packet[] {
    return this.#all(name).flatMap((bucket) => bucket.packetsOf(tuple, world));
  }

  #all(name: string): readonly Bucket[] {
    const known = this.#buckets.get(name);
    if (known === undefined) return [];
    return known instanceof Set ? [...known] : [known];
  }
}

/** ICMP errors that quote the same, and what they are about. */
export interface Subjects {
  readonly of: ReadonlyMap<Packet, Packet>;
  readonly errors: ReadonlyMap<Packet, readonly Packet[]>;
}

/** Every way in which packets look for each other. */
export class Store {
  readonly world: World;
  readonly buckets = new Map<string, Bucket>();
  /** What ICMP errors are about, by what they quote: worked out once, until something changes (relations.ts). */
  readonly subjects = new Map<string, Subjects>();
  /** Packets that may differ in their data only. */
  readonly heads = new BucketIndex();
  /** Those of them of which a capture has even less than a key's. */
  readonly cutHeads = new BucketIndex();
  /** What a packet and its fragments have in common: the packets in one piece, and the fragments. */
  readonly trains = new BucketIndex();
  readonly fragments = new BucketIndex();
  /** TCP segments by who talks to whom and their first byte; the large ones by about where in their conversation they are. */
  readonly starts = new BucketIndex();
  readonly large = new BucketIndex();
  readonly answers = new BucketIndex();
  readonly asks = new BucketIndex();
  /** What an ICMP error is about, and the errors. */
  readonly known = new BucketIndex();
  readonly errors = new BucketIndex();
  /** TCP segments that begin a connection, by who talks to whom. */
  readonly beginnings = new BucketIndex();
  /** ARP questions by the address that is looked for. */
  readonly wanted = new BucketIndex();
  /** ARP, questions as well, by who sends it: he is there. */
  readonly present = new BucketIndex();
  /** TCP segments that acknowledge, and those that carry something, by who talks to whom. */
  readonly acknowledging = new BucketIndex();
  readonly carrying = new BucketIndex();
  /** Places at which anything was seen. */
  readonly taps = new Set<string>();

  constructor(world: World) {
    this.world = world;
  }

  add(sighting: Sighting): Bucket {
    const { identity } = sighting;
    let bucket = this.buckets.get(identity.key);
    if (bucket === undefined) {
      bucket = new Bucket(identity.key);
      this.buckets.set(identity.key, bucket);
    }
    bucket.sightings.push(sighting);
    bucket.forget();
    for (const [index, name] of this.#names(identity)) index.add(name, bucket);
    this.taps.add(sighting.place);
    return bucket;
  }

  drop(bucket: Bucket): void {
    this.buckets.delete(bucket.key);
    for (const { identity } of bucket.sightings)
      for (const [index, name] of this.#names(identity)) index.remove(name, bucket);
    bucket.sightings = [];
    bucket.version++;
    bucket.forget();
  }

  #names(identity: Identity): readonly (readonly [BucketIndex, string])[] {
    const { tcp } = identity;
    const isArp = identity.key.startsWith('arp ');
    return [
      [this.heads, identity.head],
      [this.cutHeads, isCutInKey(identity.content) ? identity.head : ''],
      [identity.fragment === null ? this.trains : this.fragments, identity.train],
      [this.starts, tcp === null || tcp.length === 0 ? '' : startName(identity.tuple, tcp.sequence)],
      [this.carrying, tcp === null || tcp.length === 0 ? '' : identity.tuple],
      [this.large, tcp === null || tcp.length <= LARGE ? '' : largeName(identity.tuple, tcp.sequence >>> 16)],
      [this.answers, identity.answers === '' || tcp !== null ? '' : exchangeName(identity.answers, identity.tuple)],
      [this.asks, identity.asks === '' || tcp !== null ? '' : exchangeName(identity.asks, identity.tuple)],
      [this.known, identity.known],
      ...identity.carriers.map(({ known }) => [this.known, known] as const),
      [this.errors, identity.about],
      [this.errors, identity.aboutCarried?.known ?? ''],
      [this.beginnings, tcp?.begins === true ? identity.tuple : ''],
      [this.acknowledging, tcp === null || identity.answers === '' ? '' : identity.tuple],
      [this.present, isArp ? identity.source : ''],
      [this.wanted, isArp && identity.asks !== '' ? identity.destination : ''],
    ];
  }
}

/** What an answer has in common with its question, and, but for ARP's, whose ends say it in there, who talks to whom. */
export const exchangeName = (exchange: string, tuple: string): string =>
  exchange.startsWith('arp ') ? exchange : `${exchange} ${tuple}`;

export const startName = (tuple: string, sequence: number): string => `${tuple} ${sequence}`;

/** By who talks, and the upper half of the first byte's number: an IP packet holds no more than the lower half can count. */
export const largeName = (tuple: string, upperHalf: number): string => `${tuple} ${upperHalf & 0xffff}`;

/** Bytes of TCP data in one packet beyond which it may be segmented on its way: no Ethernet without jumbo frames carries more. */
export const LARGE = 1460;
