// The kernel's connection tracking table, as conntrack(8) 1.4 prints it: `conntrack -L [-o extended,id]`, and its events,
// `conntrack -E -o timestamp,id`. It is the only thing that may say that two packets with different addresses are one.
//
//   ipv4 2 tcp 6 431999 ESTABLISHED src=172.17.0.3 dst=10.0.0.1 sport=40000 dport=80 src=10.0.0.1 dst=10.0.0.11 sport=80 dport=40000 [ASSURED] …
//                                   └ as the first packet came in ─────────────────┘ └ as its answer comes in: what NAT made of it, turned round ┘
import { firstIndex } from '../../basics/first-index.ts';
import { addressKey, inverse, inverseKey, type Tuple, tupleKey, tupleWords } from '../../hop/tuple.ts';

export interface ConntrackEntry {
  readonly machine: string;
  /** The first packet's ends as it came in. */
  readonly original: Tuple;
  /** The ends of an answer as it comes in. */
  readonly reply: Tuple;
  /** conntrack's own number, with `-o id`; "" without. */
  readonly id: string;
  /** The zone that it is of; left out: 0, where all are that nobody put into another one. Equal tuples of two zones are two connections. */
  readonly zone?: number;
  /**
   * When the kernel told that it began: a moment after its first packet, as that was on its way through the machine (for ever, if the
   * packet was dropped in there). Seconds since the epoch, the clock of the machine's hops; left out: not known.
   */
  readonly from?: number;
  /** When it ended, which is long after its last packet; left out: not known, or not yet. It explains nothing that was seen later. */
  readonly until?: number;
}

/** Seconds by which a packet may be seen before its connection is told of: what it takes from a tap through all rules, on a busy computer. */
const TOLD_LATER = 1;
/** Seconds: what a packet's time and the end of a connection may be apart although they are in order. */
const TOLD_SOONER = 0.001;

/** Whether an entry can say something of a packet that was seen at this time, seconds by the same clock. */
export const explains = ({ from = -Infinity, until = Infinity }: ConntrackEntry, time: number): boolean =>
  time >= from - TOLD_LATER && time <= until + TOLD_SOONER;

/** Longer text is cut: a page shows a few thousand connections, and a line costs a microsecond. */
const MOST_LINES = 100_000;

/**
 * Reads whatever lines are entries or events of a machine's table, and passes over the others. Never throws.
 *
 * @param labTime turns the time of an event, by the machine's time of day, into that of its hops; left out: it is the same
 */
export function parseConntrack(
  text: string,
  machine: string,
  labTime: (timeOfDay: number) => number = (time) => time,
): ConntrackEntry[] {
  const entries: ConntrackEntry[] = [];
  for (const line of text.split('\n', MOST_LINES)) {
    const entry = parseLine(line, machine);
    if (entry !== null) entries.push({ ...entry, ...lifeOf(line, labTime) });
  }
  return entries;
}

/** "[1795914195.605764]	[DESTROY] ipv4 …" */
function lifeOf(line: string, labTime: (timeOfDay: number) => number): Pick<ConntrackEntry, 'from' | 'until'> {
  const [, stamp, what] = /^\s*\[(\d{1,12}\.\d+)\s*\]\s*\[(NEW|DESTROY)\]/.exec(line) ?? [];
  if (stamp === undefined) return {};
  const time = labTime(Number(stamp));
  return what === 'NEW' ? { from: time } : { until: time };
}

const PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  dccp: 33,
  gre: 47,
  icmpv6: 58,
  sctp: 132,
  udplite: 136,
};

function parseLine(line: string, machine: string): ConntrackEntry | null {
  let protocol: number | undefined;
  let id = '';
  const sides: Record<string, string>[] = [];
  for (const word of line.trim().split(/\s+/)) {
    const equals = word.indexOf('=');
    if (equals < 0) {
      // "unknown 4 600": conntrack has no name for it, and the number follows.
      if (sides.length === 0) protocol ??= PROTOCOLS[word];
      continue;
    }
    const name = word.slice(0, equals);
    const value = word.slice(equals + 1);
    if (name === 'src') sides.push({});
    const side = sides.at(-1);
    // ICMP has an id in each tuple, and `-o id` puts one behind them all.
    if (side === undefined || name in side) {
      if (name === 'id') id = value;
    } else side[name] = value;
    if (name === 'id' && protocol !== 1 && protocol !== 58) id = value;
  }
  const [first, second] = sides;
  if (sides.length !== 2 || first === undefined || second === undefined) return null;
  protocol ??= Number(/\bunknown\s+(\d+)/.exec(line)?.[1] ?? Number.NaN);
  const original = tupleOf(protocol, first);
  const reply = tupleOf(protocol, second);
  if (original === null || reply === null) return null;
  const zone = Number(/\szone=(\d{1,5})\b/.exec(line)?.[1] ?? 0);
  return { machine, original, reply, id: ID.test(id) ? id : '', ...(zone === 0 ? {} : { zone }) };
}

/** Nothing else, or it would be taken for other parts of a tuple that is a key. */
const ADDRESS = /^[\da-fA-F.:]{1,45}$/;
const ID = /^\d{1,10}$/;

function tupleOf(protocol: number, side: Readonly<Record<string, string>>): Tuple | null {
  const none = protocol === 1 || protocol === 58 ? (side['id'] ?? '0') : '0';
  const { src = '', dst = '', sport = none, dport = none } = side;
  const port = (text: string): number => (/^\d{1,5}$/.test(text) ? Number(text) : -1);
  if (!ADDRESS.test(src) || !ADDRESS.test(dst)) return null;
  const tuple = { protocol, source: src, destination: dst, sourcePort: port(sport), destinationPort: port(dport) };
  const sound = Number.isInteger(protocol) && tuple.sourcePort >= 0 && tuple.destinationPort >= 0;
  return sound ? tuple : null;
}

/** Tuples that are looked at between two: a packet is rewritten by a few machines on its way. */
const MOST_TURNS = 64;

/** What all machines' tables say: which tuples are one conversation, and which entry turned the one into the other. */
export class NatTable {
  readonly #keep: number;
  /** By machine, tuple before, tuple after, and conntrack's number: what was told, the latest last. */
  readonly #entries = new Map<string, ConntrackEntry>();
  /** Union-find: tuples that NAT turns into each other have one root. */
  readonly #parents = new Map<string, string>();
  readonly #members = new Map<string, string[]>();
  /** By machine, tuple before and tuple after: by rank. */
  readonly #rewrites = new Map<string, Ranked[]>();
  /** By tuple: which machine turns it into which others. */
  readonly #turns = new Map<string, { readonly machine: string; readonly to: string }[]>();

  /** @param keep connections that are kept: when there are more, those that were longest not told of are forgotten */
  constructor({ keep = Infinity }: { readonly keep?: number } = {}) {
    this.#keep = keep;
  }

  /**
   * True when it says something new; then others may have been forgotten, and tuples that were one conversation be several. Entries
   * without NAT say nothing.
   */
  add(entry: ConntrackEntry): boolean {
    const from = tupleKey(entry.original);
    const to = tupleKey(inverse(entry.reply));
    if (from === to) return false;
    // The same tuples again, as a ping with the same number, are another connection: it has a life of its own.
    const key = this.#keyOf(entry, from, to);
    const known = this.#entries.get(key);
    const told = known === undefined ? entry : together(known, entry);
    this.#entries.delete(key);
    this.#entries.set(key, told);
    if (known !== undefined) {
      if (known.from === told.from && known.until === told.until) return false;
      this.#replace(known, told);
      return true;
    }
    if (this.#entries.size > this.#keep) this.#forget();
    else this.#connect(entry);
    return true;
  }

  /** One that had ended and begins again, when the machine is back at an earlier moment, has another life. */
  #keyOf(entry: ConntrackEntry, from: string, to: string): string {
    const key = `${rewrite(entry.machine, from, to)}|${entry.id}|${entry.zone ?? 0}`;
    const until = this.#entries.get(key)?.until;
    return until !== undefined && entry.from !== undefined && entry.from >= until ? `${key}|${entry.from}` : key;
  }

  /** What it was told and has not forgotten, the latest last. */
  get entries(): readonly ConntrackEntry[] {
    return [...this.#entries.values()];
  }

  connected(a: string, b: string): boolean {
    return a === b || this.root(a) === this.root(b);
  }

  /**
   * True when these were one conversation at a moment: every entry in between lived then. Ends that were used again are another one.
   *
   * @param at that moment by a machine's clock, seconds
   */
  connectedAt(a: string, b: string, at: (machine: string) => number): boolean {
    if (a === b) return true;
    if (!this.connected(a, b)) return false;
    const seen = new Set([a]);
    for (const tuple of seen) {
      for (const { machine, to } of this.#turns.get(tuple) ?? []) {
        if (seen.has(to) || this.entry(machine, tuple, to, at(machine)) === undefined) continue;
        if (to === b) return true;
        if (seen.size < MOST_TURNS) seen.add(to);
      }
    }
    return false;
  }

  root(tuple: string): string {
    let root = tuple;
    for (let parent = this.#parents.get(root); parent !== undefined; parent = this.#parents.get(root)) root = parent;
    if (root !== tuple) this.#parents.set(tuple, root);
    return root;
  }

  /** Every tuple of the same conversation, itself included. */
  members(tuple: string): readonly string[] {
    return this.#members.get(this.root(tuple)) ?? [tuple];
  }

  /**
   * The entry by which a machine turns one tuple into the other; of several, the one that lived at this time, seconds by the clock of
   * the machine's hops. Left out: any.
   */
  entry(machine: string, from: string, to: string, time?: number): ConntrackEntry | undefined {
    const ranked = this.#rewrites.get(rewrite(machine, from, to)) ?? [];
    return (time === undefined ? ranked[0] : ranked.find(({ entry }) => explains(entry, time)))?.entry;
  }

  /** A quarter at a time, since what is left has to be connected anew: sets that were joined cannot be taken apart. */
  #forget(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= this.#keep * 0.75) break;
      this.#entries.delete(key);
    }
    for (const map of [this.#parents, this.#members, this.#rewrites, this.#turns]) map.clear();
    for (const entry of this.#entries.values()) this.#connect(entry);
  }

  /** More is known of its life. */
  #replace(known: ConntrackEntry, told: ConntrackEntry): void {
    const rank = rankOf(known);
    for (const [a, b] of turned(known)) {
      const ranked = this.#rewrites.get(rewrite(known.machine, a, b)) ?? [];
      for (let at = placeFor(rank, ranked); ranked[at]?.rank === rank; at++)
        if (ranked[at]?.entry === known) ranked[at] = { entry: told, rank };
    }
  }

  #connect(entry: ConntrackEntry): void {
    const rank = rankOf(entry);
    for (const [a, b] of turned(entry)) {
      const key = rewrite(entry.machine, a, b);
      const known = this.#rewrites.get(key);
      const ranked = known ?? [];
      if (known === undefined) {
        this.#rewrites.set(key, ranked);
        const turns = this.#turns.get(a) ?? [];
        turns.push({ machine: entry.machine, to: b });
        this.#turns.set(a, turns);
      }
      // Which of several equal entries is named must not depend on which came first.
      ranked.splice(placeFor(rank, ranked), 0, { entry, rank });
      this.#join(a, b);
    }
  }

  #join(a: string, b: string): void {
    const one = this.root(a);
    const other = this.root(b);
    if (one === other) return;
    const ones = this.#members.get(one) ?? [one];
    const others = this.#members.get(other) ?? [other];
    // The smaller set moves, so that no tuple moves more than log n times.
    const [root, joined, all, moved] =
      ones.length >= others.length ? [one, other, ones, others] : [other, one, others, ones];
    this.#parents.set(joined, root);
    for (const tuple of moved) all.push(tuple);
    this.#members.set(root, all);
    this.#members.delete(joined);
  }
}

/**
 * What it turns into what: with and without ports, there and back. Where both ends become others, the destination does first, and a tap in
 * between (of a bridge whose packets netfilter sees) has the packet as it is then.
 */
function turned(entry: ConntrackEntry): (readonly [string, string])[] {
  const { original } = entry;
  const after = inverse(entry.reply);
  const between = { ...after, source: original.source, sourcePort: original.sourcePort };
  return [tupleKey, addressKey].flatMap((key) => {
    const stages = [...new Set([key(original), key(between), key(after)])];
    return stages.flatMap((before, index) =>
      stages
        .slice(index + 1)
        .flatMap((behind) => [[before, behind] as const, [inverseKey(behind), inverseKey(before)] as const]),
    );
  });
}

const rewrite = (machine: string, from: string, to: string): string => `${machine}|${from}|${to}`;
interface Ranked {
  readonly entry: ConntrackEntry;
  readonly rank: string;
}

const rankOf = (entry: ConntrackEntry): string =>
  `${tupleKey(entry.original)} ${tupleKey(entry.reply)} ${entry.id} ${entry.zone ?? 0}`;

/** Where one of this rank is, or would be, in a list in order of rank. */
const placeFor = (rank: string, ranked: readonly Ranked[]): number =>
  firstIndex(ranked.length, (index) => (ranked[index] as Ranked).rank >= rank);

/** What two words about one entry say of its life. */
const together = (known: ConntrackEntry, entry: ConntrackEntry): ConntrackEntry => {
  const from = known.from ?? entry.from;
  const until = known.until ?? entry.until;
  return { ...known, ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) };
};

/** The entry in words: "conntrack on host-01: 172.17.0.3:40000 → 10.0.0.1:80 leaves as 10.0.0.11:40000 → 10.0.0.1:80 (source NAT)". */
export function entryWords(entry: ConntrackEntry): string {
  const after = inverse(entry.reply);
  const { original } = entry;
  const source = original.source !== after.source || original.sourcePort !== after.sourcePort;
  const isIcmp = original.protocol === 1 || original.protocol === 58;
  const destination =
    original.destination !== after.destination || (!isIcmp && original.destinationPort !== after.destinationPort);
  const kind = source && destination ? 'source and destination NAT' : destination ? 'destination NAT' : 'source NAT';
  const id = entry.id === '' ? '' : `, entry ${entry.id}`;
  return `conntrack on ${entry.machine}${id}: ${tupleWords(original)} becomes ${tupleWords(after)} (${kind})`;
}
