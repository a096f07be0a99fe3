// What the guest's program `evidence` says (sandboxes/image/programs/evidence.c), as evidence with the lab's time:
// packets that its kernel dropped or handed to a socket, what connection tracking turned into what, and for which time nothing is known.
// One stream is one life of the guest: another one begins with other clocks, and what was begun in this one ends with it.

import { visible } from '../basics/visible.ts';
import { type ConntrackEntry, parseConntrack } from '../journey/evidence/conntrack.ts';
import type { DropEvidence, GapEvidence, SocketEvidence } from '../journey/evidence/drop.ts';
import { meaningOf } from '../journey/evidence/kernel-drops.ts';
import { RuleTraceReader } from '../journey/evidence/rule-trace.ts';
import type { RuleEvidence } from '../journey/evidence/rules.ts';
import { isMoment } from './ask/evidence.ts';
import { EvidenceClock } from './evidence-clock.ts';
import type { EvidenceBatch, KernelWord, TracingWord } from './guest.ts';
import { parseTraceLine, type TracedPacket, type TraceLine } from './trace-line.ts';

/** Characters of one message: the guest's program makes some of 100,000. */
const LONGEST = 4 * 1024 * 1024;
/** Connections of which the end is awaited. */
const MOST_LIVE = 5000;
const MOST_REASONS = 1000;
/** Lines that wait for the reasons' names: a guest out of a saved state is asked for them at once. */
const MOST_UNNAMED = 5000;
const MOST_FLUSHES = 100;
/** Seconds from "the table is full" to the drop that it led to. */
const FULL_FOR = 0.01;
/** Seconds from a packet's way through the rules until that is told, at most: a busy guest prints it late. */
const RULES_LATE = 2;
const LONGEST_WHY = 300;
const ITEM = '\x1e';
const LINE = '\x1f';

export interface EvidenceStreamOptions {
  readonly machine: string;
  readonly emit: (batch: EvidenceBatch) => void;
  /** The lab's time of a moment by the guest's time of day, as its tap's packets have it. */
  readonly tapTime: (timeOfDay: number) => number;
  /** Whether it tells of rules has changed. */
  readonly onTracing?: (tracing: TracingWord) => void;
  /** Since when the guest told of its drops before anybody asked: one that comes out of a saved state does. Seconds of the lab. */
  readonly since?: number;
}

export class EvidenceStream {
  readonly #options: EvidenceStreamOptions;
  readonly #clock: EvidenceClock;
  /** null: what this kernel calls its reasons has not been told, and numbers say nothing. */
  #reasons: ReadonlyMap<number, string> | null = null;
  /** Lines of the trace that wait for the reasons. */
  #waiting: string[] = [];
  /** Questions of which the guest has said that all before them has been told. */
  #asked: string[] = [];
  /** Whether drops are told of, since when (seconds of the lab), and sockets; null until the guest has said so. */
  #watch: { readonly on: boolean; readonly from: number; readonly sockets: boolean } | null = null;
  #since: number | undefined;
  /** Monotonic seconds: the last moment that was told of, from which on words may be missing. */
  #told: number | null = null;
  #lost: { readonly from: number; readonly count: number } | null = null;
  #full: Extract<TraceLine, { event: 'full' }> | null = null;
  #rules = new RuleTraceReader();
  /** What tells the ways of this trace from those of another, before it or in another life of the guest. */
  #traced: number | null = null;
  readonly #live = new Map<string, ConntrackEntry>();
  readonly #flushes = new Map<string, () => void>();

  constructor(options: EvidenceStreamOptions) {
    this.#options = options;
    this.#since = options.since;
    this.#clock = new EvidenceClock(options.tapTime);
  }

  /** The guest has said that it tells of its drops. */
  get watched(): boolean {
    return this.#watch?.on === true;
  }

  /**
   * What follows "evidence " in a line of the agent. Never throws.
   *
   * @param cameOut when the guest said so, seconds of the lab; left out: the guest's time of day is the lab's
   */
  receive(text: string, cameOut?: number): void {
    if (text.length > LONGEST) return;
    const [, monotonic = '', timeOfDay = '', said = ''] =
      /^(\d{1,9}\.\d{1,9}) (\d{1,10}\.\d{1,9}) (.*)$/.exec(text) ?? [];
    if (said === '') return;
    const now = Number(monotonic);
    this.#clock.see(now, Number(timeOfDay), cameOut);
    const evidence: KernelWord[] = [];
    const conntrack: ConntrackEntry[] = [];
    const items = said.split(ITEM);
    // What the trace says in numbers is read with the names that come with it.
    for (const item of items) if (item.startsWith('R')) this.#reasons = reasonsOf(item.slice(1).split(LINE));
    this.#named(evidence);
    for (const item of items) {
      const lines = item.slice(1).split(LINE);
      if (item.startsWith('T')) for (const line of lines) this.#trace(line, evidence);
      else if (item.startsWith('C')) conntrack.push(...this.#connections(lines));
      else if (item.startsWith('L')) conntrack.push(...this.#table(lines, now));
      else if (item.startsWith('S')) this.#begun(now, evidence);
      // What waits has not been told: then not everything has.
      else if (item.startsWith('Woff') || (item.startsWith('W') && this.#waiting.length === 0))
        this.#status(item, now, evidence);
      else if (item.startsWith('N')) evidence.push(...this.#ruled(lines, now));
      else if (item.startsWith('M')) this.#tracing(item.slice(1));
      else if (item.startsWith('F')) this.#asked.push(item.slice(1));
    }
    this.#gap(now, evidence);
    this.#tell(evidence, conntrack);
    if (this.#waiting.length > 0) return;
    for (const token of this.#asked.splice(0)) this.#flushes.get(token)?.();
  }

  /** Resolves when everything before a question with this token has been told of; the question is the caller's. */
  flushed(token: string): Promise<void> {
    return new Promise((resolve) => {
      this.#flushes.set(token, () => {
        this.#flushes.delete(token);
        resolve();
      });
      // Who asks a guest that does not answer has given up long before.
      if (this.#flushes.size > MOST_FLUSHES) this.#flushes.values().next().value?.();
    });
  }

  /** This life of the guest is over, and so are its connections. @param now seconds of the lab */
  end(now: number): void {
    for (const done of [...this.#flushes.values()]) done();
    const conntrack = [...this.#live.values()].map((entry) => ({ ...entry, until: now }));
    this.#live.clear();
    this.#tell([], conntrack);
  }

  /** Connections that have not ended. */
  get connections(): readonly ConntrackEntry[] {
    return [...this.#live.values()];
  }

  /**
   * The guest is back at a moment of the life that `before` told of, in which it had these connections: those that were made since are
   * over, and those that have ended since live again.
   *
   * @param now seconds of the lab
   */
  follow(before: EvidenceStream, connections: readonly ConntrackEntry[], now: number): void {
    const again: ConntrackEntry[] = [];
    for (const entry of connections) {
      const key = keyOf(entry);
      const known = before.#live.get(key);
      before.#live.delete(key);
      this.#keep(known ?? { ...entry, from: now });
      if (known === undefined) again.push({ ...entry, from: now });
    }
    before.end(now);
    this.#tell([], again);
  }

  /** Clocks in there may show anything: what was at no moment that there is, is not told. */
  #tell(evidence: readonly KernelWord[], conntrack: readonly ConntrackEntry[]): void {
    const batch = {
      evidence: evidence.filter((word) => ('time' in word ? isMoment(word.time) : areMoments(word.from, word.until))),
      conntrack: conntrack.filter(({ from = 0, until = from }) => areMoments(from, until)),
    };
    if (batch.evidence.length > 0 || batch.conntrack.length > 0) this.#options.emit(batch);
  }

  #trace(line: string, evidence: KernelWord[]): void {
    if (this.#reasons === null && this.#waiting.length < MOST_UNNAMED) this.#waiting.push(line);
    else this.#read(line, evidence);
  }

  /** What has waited for the reasons. */
  #named(evidence: KernelWord[]): void {
    if (this.#reasons === null) return;
    for (const line of this.#waiting.splice(0)) this.#read(line, evidence);
  }

  #read(line: string, evidence: KernelWord[]): void {
    const said = parseTraceLine(line);
    if (said === null) return;
    if (said.event === 'lost') {
      this.#lost = { from: this.#lost?.from ?? this.#told ?? 0, count: (this.#lost?.count ?? 0) + said.count };
      this.#full = null;
      return;
    }
    this.#gap(said.time, evidence);
    this.#told = said.time;
    if (said.event === 'full') this.#full = said;
    else {
      const packet = this.#packet(said);
      // What the kernel frees in this way although it was not lost is no evidence of a loss.
      if ((packet.kind === 'socket' || meaningOf(packet).ends !== 'copy') && !isMark(packet.packet))
        evidence.push(packet);
      this.#full = null;
    }
  }

  #packet(said: TracedPacket): DropEvidence | SocketEvidence {
    const { event, time, pid, device, qdisc, namespace, reason, location, protocol, packet } = said;
    const { machine } = this.#options;
    const common = { machine, time: this.#clock.lab(time), device, namespace, location, protocol, packet };
    if (event === 'socket') return { kind: 'socket', ...common };
    const name = this.#reasons?.get(reason) ?? String(reason);
    const full = this.#full;
    const conntrackFull =
      full !== null &&
      name === 'NETFILTER_DROP' &&
      full.pid === pid &&
      time >= full.time &&
      time - full.time <= FULL_FOR;
    return { kind: 'drop', ...common, reason: name, conntrackFull, qdisc };
  }

  #ruled(lines: readonly string[], now: number): RuleEvidence[] {
    const { machine } = this.#options;
    const until = this.#clock.lab(now);
    const from = until - RULES_LATE;
    this.#traced ??= until;
    const ways = this.#rules.read(lines);
    return ways.map(({ serial, ...way }) => ({
      ...{ kind: 'rules', machine, from, until, number: `${this.#traced} ${serial}` },
      ...way,
    }));
  }

  #tracing(said: string): void {
    const [, is, words = ''] = /^(on|off|failed)(?: (.*))?$/.exec(said) ?? [];
    if (is === undefined) return;
    // What was said of a packet before and after is not put together.
    this.#rules = new RuleTraceReader();
    this.#traced = null;
    if (is === 'on') this.#options.onTracing?.({ kind: 'on', matches: words });
    else if (is === 'off') this.#options.onTracing?.({ kind: 'off' });
    else this.#options.onTracing?.({ kind: 'failed', why: visible(words).slice(0, LONGEST_WHY) });
  }

  /** The words that were lost before this moment. */
  #gap(until: number, evidence: KernelWord[]): void {
    if (this.#lost === null) return;
    evidence.push(this.#gapOf(this.#lost.from, until, this.#lost.count));
    this.#lost = null;
  }

  #gapOf(from: number, until: number, count: number): GapEvidence {
    const { machine } = this.#options;
    const times = { from: this.#clock.lab(from), until: this.#clock.lab(Math.max(from, until)) };
    return { kind: 'gap', machine, ...times, count };
  }

  /** The program has been started again. */
  #begun(now: number, evidence: KernelWord[]): void {
    if (this.#watch?.on === true) evidence.push(this.#gapOf(this.#told ?? now, now, 0));
    this.#watch = null;
    this.#since = undefined;
    this.#full = null;
    // Another program begins without a trace.
    this.#options.onTracing?.({ kind: 'off' });
  }

  /** All before `well` has been told of; when it is off, all from then on has not. */
  #status(item: string, now: number, evidence: KernelWord[]): void {
    const [, is, how, well] = /^W(on|off) ([01]) (\d{1,9}\.\d{1,9})/.exec(item) ?? [];
    if (is === undefined) return;
    const { machine } = this.#options;
    const before = this.#watch;
    const until = Math.min(Number(well), now);
    const sockets = how === '1';
    if (is === 'off') {
      evidence.push(this.#gapOf(before?.on === false ? (this.#told ?? now) : until, now, 0));
      this.#watch = { on: false, from: 0, sockets };
      this.#told = now;
      return;
    }
    if (before?.on === false) evidence.push(this.#gapOf(this.#told ?? until, until, 0));
    const goesOn = before?.on === true && before.sockets === sockets;
    const from = goesOn ? before.from : ((before === null ? this.#since : undefined) ?? this.#clock.lab(until));
    this.#watch = { on: true, from, sockets };
    evidence.push({ kind: 'watch', machine, from, until: this.#clock.lab(until), sockets });
    this.#told = Math.max(this.#told ?? until, until);
  }

  #connections(lines: readonly string[]): ConntrackEntry[] {
    return lines.flatMap((line) => this.#parsed(line).map((entry) => this.#keep(entry)));
  }

  /** The whole table: what is not in it any more has ended. */
  #table(lines: readonly string[], now: number): ConntrackEntry[] {
    const entries = lines.flatMap((line) => this.#parsed(line));
    const there = new Set(entries.map(keyOf));
    const until = this.#clock.lab(now);
    const ended = [...this.#live].flatMap(([key, entry]) => (there.has(key) ? [] : [{ ...entry, until }]));
    for (const entry of ended) this.#live.delete(keyOf(entry));
    const news = entries.filter((entry) => !this.#live.has(keyOf(entry)));
    return [...ended, ...news.map((entry) => this.#keep(entry))];
  }

  #parsed(line: string): ConntrackEntry[] {
    return parseConntrack(line, this.#options.machine, (time) => this.#clock.labOfTimeOfDay(time));
  }

  /** The same entry, with what was known of it before. */
  #keep(entry: ConntrackEntry): ConntrackEntry {
    const key = keyOf(entry);
    const from = entry.from ?? this.#live.get(key)?.from;
    const known = from === undefined ? entry : { ...entry, from };
    this.#live.delete(key);
    if (entry.until !== undefined) return known;
    this.#live.set(key, known);
    const [oldest] = this.#live.keys();
    if (this.#live.size > MOST_LIVE && oldest !== undefined) this.#live.delete(oldest);
    return known;
  }
}

const areMoments = (from: number, until: number): boolean => isMoment(from) && isMoment(until);

const keyOf = ({ id, zone, original, reply }: ConntrackEntry): string => JSON.stringify([id, zone, original, reply]);

function reasonsOf(lines: readonly string[]): ReadonlyMap<number, string> {
  const reasons = new Map<number, string>();
  for (const line of lines.slice(0, MOST_REASONS)) {
    const [, number, name] = /^(\d{1,5}) (\w{1,64})$/.exec(line) ?? [];
    if (number !== undefined && name !== undefined) reasons.set(Number(number), name);
  }
  return reasons;
}

/** Our own marks, by which a tap is flushed, are not the reader's packets; nor are the ICMP errors that quote them. */
const isMark = (packet: Uint8Array): boolean =>
  packet.length < 160 && /lockstep-flush-\d/.test(String.fromCharCode(...packet));
