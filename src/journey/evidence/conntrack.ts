// The kernel's connection tracking table, as conntrack(8) 1.4 prints it: `conntrack -L [-o extended,id]`, and its events,
// `conntrack -E -o timestamp,id`. It is the only thing that may say that two packets with different addresses are one.
//
//   ipv4 2 tcp 6 431999 ESTABLISHED src=172.17.0.3 dst=10.0.0.1 sport=40000 dport=80 src=10.0.0.1 dst=10.0.0.11 sport=80 dport=40000 [ASSURED] …
//                                   └ as the first packet came in ─────────────────┘ └ as its answer comes in: what NAT made of it, turned round ┘
import { addressKey, inverse, inverseKey, type Tuple, tupleKey, tupleWords } from '../../hop/tuple.ts';

export interface ConntrackEntry {
  readonly machine: string;
  /** The first packet's ends as it came in. */
  readonly original: Tuple;
  /** The ends of an answer as it comes in. */
  readonly reply: Tuple;
  /** conntrack's own number, with `-o id`; "" without. */
  readonly id: string;
}

/** Longer text is cut: a page shows a few thousand connections, and a line costs a microsecond. */
const MOST_LINES = 100_000;

/** Reads whatever lines are entries or events of a machine's table, and passes over the others. Never throws. */
export function parseConntrack(text: string, machine: string): ConntrackEntry[] {
  const entries: ConntrackEntry[] = [];
  for (const line of text.split('\n', MOST_LINES)) {
    const entry = parseLine(line, machine);
    if (entry !== null) entries.push(entry);
  }
  return entries;
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
  return original === null || reply === null ? null : { machine, original, reply, id };
}

function tupleOf(protocol: number, side: Readonly<Record<string, string>>): Tuple | null {
  const none = protocol === 1 || protocol === 58 ? (side['id'] ?? '0') : '0';
  const { src = '', dst = '', sport = none, dport = none } = side;
  const port = (text: string): number => (/^\d{1,5}$/.test(text) ? Number(text) : -1);
  const tuple = { protocol, source: src, destination: dst, sourcePort: port(sport), destinationPort: port(dport) };
  const sound =
    Number.isInteger(protocol) && src !== '' && dst !== '' && tuple.sourcePort >= 0 && tuple.destinationPort >= 0;
  return sound ? tuple : null;
}

/** What all machines' tables say: which tuples are one conversation, and which entry turned the one into the other. */
export class NatTable {
  readonly #keep: number;
  /** By machine, tuple before and tuple after: what was told, the latest last. */
  readonly #entries = new Map<string, ConntrackEntry>();
  /** Union-find: tuples that NAT turns into each other have one root. */
  readonly #parents = new Map<string, string>();
  readonly #members = new Map<string, string[]>();
  /** By machine, tuple before and tuple after. */
  readonly #rewrites = new Map<string, ConntrackEntry>();

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
    const key = rewrite(entry.machine, from, to);
    const known = this.#rewrites.get(key);
    // Which of several equal entries is named must not depend on which came first.
    const isNew = known === undefined || known.id > entry.id;
    const told = isNew ? entry : this.#entries.get(key);
    if (told !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, told);
    }
    if (!isNew) return false;
    if (this.#entries.size > this.#keep) this.#forget();
    else this.#connect(entry);
    return true;
  }

  /** What it was told and has not forgotten, the latest last. */
  get entries(): readonly ConntrackEntry[] {
    return [...this.#entries.values()];
  }

  connected(a: string, b: string): boolean {
    return a === b || this.root(a) === this.root(b);
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

  /** The entry by which a machine turns one tuple into the other. */
  entry(machine: string, from: string, to: string): ConntrackEntry | undefined {
    return this.#rewrites.get(rewrite(machine, from, to));
  }

  /** A quarter at a time, since what is left has to be connected anew: sets that were joined cannot be taken apart. */
  #forget(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= this.#keep * 0.75) break;
      this.#entries.delete(key);
    }
    for (const map of [this.#parents, this.#members, this.#rewrites]) map.clear();
    for (const entry of this.#entries.values()) this.#connect(entry);
  }

  #connect(entry: ConntrackEntry): void {
    const after = inverse(entry.reply);
    const pairs = [
      [tupleKey(entry.original), tupleKey(after)],
      [addressKey(entry.original), addressKey(after)],
    ] as const;
    for (const [before, behind] of pairs) {
      for (const [a, b] of [
        [before, behind],
        [inverseKey(behind), inverseKey(before)],
      ] as const) {
        if (a === b) continue;
        const key = rewrite(entry.machine, a, b);
        const present = this.#rewrites.get(key);
        if (present === undefined || rank(entry) < rank(present)) this.#rewrites.set(key, entry);
        this.#join(a, b);
      }
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

const rewrite = (machine: string, from: string, to: string): string => `${machine}|${from}|${to}`;
const rank = (entry: ConntrackEntry): string => `${tupleKey(entry.original)} ${tupleKey(entry.reply)} ${entry.id}`;

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
