// The journeys of a running lab: what its taps see, joined into the way of each packet when somebody looks. Until then hops
// are only kept, and no machine is asked for anything.

import { type ReadonlySignal, signal } from '@preact/signals-core';
import { EvidenceReader } from '../guest/ask/evidence.ts';
import type { EvidenceBatch } from '../guest/guest.ts';
import type { Gap } from '../hop/gap.ts';
import type { Hop } from '../hop/hop.ts';
import { type Context, JourneyBuilder, type Regrouped, stitch } from '../journey/builder.ts';
import type { ConntrackEntry } from '../journey/evidence/conntrack.ts';
import type { WatchEvidence } from '../journey/evidence/drop.ts';
import type { Evidence } from '../journey/evidence/evidence.ts';
import { latestEvidence } from '../journey/evidence/latest.ts';
import type { RuleEvidence } from '../journey/evidence/rules.ts';
import { DECIDED } from '../journey/evidence/watches.ts';
import type { Journey } from '../journey/journey.ts';
import type { UnseenDrop } from '../journey/unseen.ts';
import type { Machine } from '../machine/machine.ts';
import type { Unsubscribe } from '../wire/frame-port.ts';
import type { KnownDevices } from './known-devices.ts';
import type { Lab } from './lab.ts';
import { askedLater } from './time-words.ts';

/** As many as a stepper goes back. */
const keep = 20_000;
/** Of the latest; a kernel that drops a flood says so of each packet. */
const keepEvidence = 5000;
/** ms after the last look at a packet */
const looksFor = 30_000;
/** Each ends when somebody in a machine switches its tracing off. */
const keepWatches = 500;
const keepGaps = 1000;
/** Seconds of the lab after a drop in which what is said of it may change. */
const JUDGED_AFTER = 5;
const keepWays = 1000;
/** ms after the last drop that a kernel told of: by then its packet's hops have come. */
const TOLD_AFTER = 800;
/** Hops before it was told of among which a drop is looked for; and of all, at most. */
const MOST_RECENT = 200;
const MOST_LOOKED = 2000;
const keepDropped = 100;
/** Batches whose hops may be young: more than come in that time. */
const MOST_FRESH = 1000;

export class LabJourneys {
  readonly #lab: Lab;
  readonly #readers: readonly (readonly [Machine, EvidenceReader])[];
  readonly #ends: readonly Unsubscribe[];
  #builder = new JourneyBuilder({ keep, oneTime: true });
  #waiting: Hop[] = [];
  /** What kernels have said since somebody looked last. */
  #said: Evidence[] = [];
  #translated: ConntrackEntry[] = [];
  /** For which time each machine's kernel told of all drops, by machine and beginning: it says so again and again while it lasts. */
  #watches = new Map<string, WatchEvidence>();
  /** Ways of packets through rules, each as it was told of last. */
  #ways = new Map<string, RuleEvidence>();
  /** They have said so since somebody looked last. */
  #isWatched = false;
  /** As the builder was told of them. */
  #devices: KnownDevices | null = null;
  #evidence: readonly Evidence[] = [];
  #gaps: readonly Gap[] = [];
  #context: Context | null = null;
  #unseen: readonly UnseenDrop[] = [];
  /** Seconds of the lab. */
  #lastDrop = -Infinity;
  #judgedAt = -Infinity;
  /** By machine: the latest hop of which it has said all that it knows. */
  #askedAt = new Map<string, number>();
  /** Hops whose machines may still decide what becomes of them, the last of each batch. */
  #fresh: Pick<Hop, 'n' | 'time'>[] = [];
  /** The latest hop that is older. */
  #settled = 0;
  #newest = 0;
  readonly #dropped = signal<readonly Journey[]>([]);
  /** Of those that were told of, also when they are not among #dropped any more. */
  #told = new Set<number>();
  #lookFrom = 0;
  #drops: ReturnType<typeof setTimeout> | undefined;
  #looksNoMore: ReturnType<typeof setTimeout> | undefined;
  /** The last question, answered or not. */
  #asking: Promise<unknown> = Promise.resolve();

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#readers = lab.machines.filter(({ can }) => can.exec).map((machine) => [machine, new EvidenceReader(machine)]);
    const witnesses = lab.machines.filter(({ can }) => can.evidence);
    this.#ends = [
      lab.onWentBack(() => {
        for (const [, reader] of this.#readers) void reader.startAnew();
      }),
      ...witnesses.map((machine) => machine.onEvidence((batch) => this.#hear(batch))),
      ...this.#readers.map(([machine, reader]) => {
        let isKnown = false;
        // One that has lost its power, or was reset, counts anew from there on.
        return machine.kernel.subscribe((report) => {
          if (report === null && isKnown) {
            reader.forget(lab.time.now());
            // Nor does it know anything of what was before.
            this.#askedAt.set(machine.name, this.#newest);
          }
          isKnown = report !== null;
        });
      }),
    ];
  }

  /** These hops have happened. Costs next to nothing until someone looks. */
  add(hops: readonly Hop[]): void {
    for (const hop of hops) this.#waiting.push(hop);
    const last = hops.at(-1);
    this.#newest = last?.n ?? this.#newest;
    if (last !== undefined) this.#fresh.push(last);
    if (this.#fresh.length > MOST_FRESH) this.#settle();
    if (this.#waiting.length > 2 * keep) this.#waiting.splice(0, this.#waiting.length - keep);
  }

  #settle(): number {
    const until = this.#lab.time.now() - DECIDED;
    const decided = this.#fresh.findLastIndex(({ time }) => time <= until) + 1;
    this.#settled = this.#fresh[decided - 1]?.n ?? this.#settled;
    this.#fresh.splice(0, decided);
    return this.#settled;
  }

  #hear({ evidence, conntrack }: EvidenceBatch): void {
    for (const word of evidence) if (word.kind === 'watch') this.#watches.set(`${word.machine} ${word.from}`, word);
    const [oldest] = this.#watches.keys();
    if (this.#watches.size > keepWatches && oldest !== undefined) this.#watches.delete(oldest);
    for (const word of evidence) if (word.kind === 'rules') this.#ways.set(`${word.machine} ${word.number}`, word);
    while (this.#ways.size > keepWays) this.#ways.delete(this.#ways.keys().next().value ?? '');
    const words = evidence.filter(({ kind }) => kind !== 'watch');
    this.#isWatched ||= words.length < evidence.length;
    for (const word of words) this.#said.push(word);
    if (words.some(({ kind }) => kind === 'drop')) {
      this.#lastDrop = this.#lab.time.now();
      if (this.#drops === undefined) this.#lookFrom = this.#newest - MOST_RECENT;
      this.#drops ??= unattended(setTimeout(() => this.#lookForDrops(), TOLD_AFTER));
    }
    if (this.#said.length > 2 * keepEvidence) this.#said = [...latestEvidence(this.#said, 2 * keepEvidence)];
    for (const entry of conntrack) this.#translated.push(entry);
    if (this.#translated.length > 2 * keepEvidence) this.#translated.splice(0, this.#translated.length - keepEvidence);
  }

  /** Packets of this run that were seen to be dropped, the latest last: told without being asked, by evidence that names them. */
  get dropped(): ReadonlySignal<readonly Journey[]> {
    return this.#dropped;
  }

  #lookForDrops(): void {
    this.#drops = undefined;
    this.#takeIn();
    const found: Journey[] = [];
    const looked = new Set<number>();
    for (let n = this.#newest; n > Math.max(0, this.#lookFrom, this.#newest - MOST_LOOKED); n--) {
      if (looked.has(n)) continue;
      const journey = this.#builder.journeyOf(n);
      if (journey === undefined) continue;
      for (const { hop } of journey.hops) looked.add(hop.n);
      if (journey.end === 'dropped' && journey.grade === 'seen' && !this.#told.has(journey.id)) found.push(journey);
    }
    found.reverse();
    for (const { id } of found) this.#told.add(id);
    // Who is older is not looked at again.
    for (const id of this.#told) if (id < this.#newest - keep) this.#told.delete(id);
    if (found.length > 0) this.#dropped.value = [...this.#dropped.peek(), ...found].slice(-keepDropped);
  }

  /** Which packets a socket got, machines tell for as long as somebody looks at single packets: it costs them something for each. */
  #somebodyLooks(): void {
    if (this.#looksNoMore === undefined) this.#watchSockets(true);
    clearTimeout(this.#looksNoMore);
    this.#looksNoMore = unattended(setTimeout(() => this.#nobodyLooks(), looksFor));
  }

  #nobodyLooks(): void {
    if (this.#looksNoMore === undefined) return;
    clearTimeout(this.#looksNoMore);
    this.#looksNoMore = undefined;
    this.#watchSockets(false);
  }

  #watchSockets(on: boolean): void {
    for (const machine of this.#lab.machines) if (machine.can.evidence) machine.watchSockets(on);
  }

  /** Packets that taps have lost. */
  missed(gaps: readonly Gap[]): void {
    if (gaps.length === 0) return;
    this.#gaps = [...this.#gaps, ...gaps].slice(-keepGaps);
    this.#context = null;
    this.#builder.know({ gaps });
  }

  /** The journey that a hop is part of, by the hop's number; undefined when that is forgotten, or was never there. */
  of(n: number): Journey | undefined {
    this.#somebodyLooks();
    this.#takeIn();
    return this.#builder.journeyOf(n);
  }

  /** Which hops are one packet, of those to which something has changed since the last call: JourneyBuilder.regrouped(). */
  regrouped(most: number): Regrouped {
    this.#takeIn();
    return this.#builder.regrouped(most);
  }

  /** What kernels dropped and no tap had seen (JourneyBuilder.unseen): the same list as long as kernels say nothing of drops. */
  unseen(): readonly UnseenDrop[] {
    const now = this.#lab.time.now();
    // For a moment after a drop, its hops may still come.
    if (this.#judgedAt < this.#lastDrop + JUDGED_AFTER) {
      this.#takeIn();
      this.#unseen = this.#builder.unseen(now);
      this.#judgedAt = now;
    }
    return this.#unseen;
  }

  /** True when both hops are of one packet. */
  joins(one: number, other: number): boolean {
    return this.of(one)?.hops.some(({ hop }) => hop.n === other) ?? false;
  }

  /** True when a frame that a wire holds would be the next place of this hop's packet. */
  wouldJoin(n: number, held: Hop): boolean {
    const journey = this.of(n);
    if (journey === undefined) return false;
    const hops = [...journey.hops.map(({ hop }) => hop), { ...held, n: Number.MAX_SAFE_INTEGER }];
    return stitch(hops, { ...this.#lab.devices }, { oneTime: true }).some(
      (one) => one.hops.length > 1 && one.hops.some(({ hop }) => hop.n === Number.MAX_SAFE_INTEGER),
    );
  }

  /** What is known besides the packets: the same object as long as nothing else is. */
  context(): Context {
    this.#lookAtDevices();
    this.#listen();
    this.#context ??= {
      ...this.#lab.devices,
      conntrack: this.#builder.conntrack,
      evidence: [...this.#watches.values(), ...this.#ways.values(), ...this.#evidence],
      gaps: this.#gaps,
    };
    return this.#context;
  }

  /**
   * Asks the machines that run what only they know of the packet of a hop, and of all before it: which counters went up. What their
   * kernels say by themselves until then is there as well. True when one of them said something new. One answer to a question that is DECIDED
   * later than the hop is all that there is; after an earlier one there is more to ask (pending). A machine that is frozen or starts can be asked later; one that is off has nothing to say.
   * One question after the other: an answer under way may be older than this packet, and what it says counts once.
   */
  ask(n: number): Promise<boolean> {
    const builder = this.#builder;
    const answered = this.#asking.then(() => this.#ask(n, builder));
    this.#asking = answered.catch(() => {});
    return answered;
  }

  async #ask(n: number, builder: JourneyBuilder): Promise<boolean> {
    if (builder !== this.#builder) return false;
    const settled = this.#settle();
    const read = async (machine: Machine, reader: EvidenceReader): Promise<Context | null> => {
      if (machine.state.peek().kind !== 'running' || n <= (this.#askedAt.get(machine.name) ?? 0)) return null;
      const [answer] = await Promise.all([reader.read(), machine.can.evidence ? machine.flushTap() : null]);
      // Also one that does not answer was asked.
      if (builder === this.#builder) this.#askedAt.set(machine.name, settled);
      return answer;
    };
    const asked = this.#readers.map(([machine, reader]) => read(machine, reader));
    const answers = (await Promise.all(asked)).filter((answer) => answer !== null);
    if (builder !== this.#builder) return false;
    const evidence = answers.flatMap((answer) => answer.evidence ?? []);
    const heard = this.#listen();
    return this.#know(evidence, []) || heard;
  }

  /** What kernels have said of themselves. True when it says something new. */
  #listen(): boolean {
    if (this.#said.length + this.#translated.length === 0 && !this.#isWatched) return false;
    const evidence = [...(this.#isWatched ? this.#watches.values() : []), ...this.#said];
    const conntrack = this.#translated;
    this.#said = [];
    this.#translated = [];
    this.#isWatched = false;
    return this.#know(evidence, conntrack);
  }

  #know(evidence: readonly Evidence[], conntrack: readonly ConntrackEntry[]): boolean {
    if (!this.#builder.know({ conntrack, evidence })) return false;
    const others = evidence.filter(({ kind }) => kind !== 'watch' && kind !== 'rules');
    if (others.length > 0) this.#evidence = latestEvidence([...this.#evidence, ...others], keepEvidence);
    this.#context = null;
    return true;
  }

  /** What is to be said of a packet's end for as long as not all machines have said what they know of it; "" when they have. */
  pending(n: number): string {
    const machines = this.#readers.map(([machine]) => machine);
    return askedLater(machines.filter(({ name }) => n > (this.#askedAt.get(name) ?? 0)));
  }

  /** A new run of the lab: nothing has happened. */
  clear(): void {
    this.#builder = new JourneyBuilder({ keep, oneTime: true });
    this.#waiting = [];
    this.#said = [];
    this.#translated = [];
    this.#watches = new Map();
    this.#ways = new Map();
    this.#devices = null;
    this.#evidence = [];
    this.#gaps = [];
    this.#context = null;
    this.#unseen = [];
    this.#lastDrop = this.#judgedAt = -Infinity;
    clearTimeout(this.#drops);
    this.#drops = undefined;
    this.#told.clear();
    if (this.#dropped.peek().length > 0) this.#dropped.value = [];
    this.#askedAt = new Map();
    this.#fresh = [];
    this.#newest = 0;
    this.#settled = 0;
    for (const [, reader] of this.#readers) reader.forget();
  }

  dispose(): void {
    for (const end of this.#ends) end();
    this.#nobodyLooks();
    this.clear();
  }

  #takeIn(): void {
    this.#lookAtDevices();
    this.#listen();
    if (this.#waiting.length === 0) return;
    this.#builder.add(this.#waiting);
    this.#waiting = [];
  }

  #lookAtDevices(): void {
    const { devices } = this.#lab;
    if (devices === this.#devices) return;
    this.#devices = devices;
    this.#context = null;
    this.#builder.know({ ...devices });
  }
}

/** A test, or the command line, ends when nothing else is left to do. */
function unattended(timer: ReturnType<typeof setTimeout>): ReturnType<typeof setTimeout> {
  if (typeof timer === 'object') timer.unref();
  return timer;
}
