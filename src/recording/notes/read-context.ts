// What is known besides the packets (journey/builder.ts), read back strictly. A part of it, or a kind of evidence, that is added there
// gets its shape here; without one this file does not compile.
import { fromBase64 } from '../../basics/base64.ts';
import {
  boolean,
  type Check,
  integer,
  list,
  mismatch,
  name,
  natural,
  number,
  object,
  oneOf,
  string,
} from '../../basics/json-checks.ts';
import type { Gap } from '../../hop/gap.ts';
import type { Tuple } from '../../hop/tuple.ts';
import type { Context } from '../../journey/builder.ts';
import type { ConntrackEntry } from '../../journey/evidence/conntrack.ts';
import type { CounterMatch, Evidence } from '../../journey/evidence/evidence.ts';
import { MOST_STEPS, MOST_VISITS } from '../../journey/evidence/rule-trace.ts';
import type { ChainVisit, Form, RuleStep } from '../../journey/evidence/rules.ts';
import type { PastTopology } from '../../journey/places-in-time.ts';
import type { Device, Topology } from '../../journey/topology.ts';
import { type Shape, shaped } from './shape.ts';

/** Items of one list of a note: the writer makes several notes of more. */
const MOST_ITEMS = 10_000;
/** What the reports of many machines may hold (topology/parse-report.ts: 4096 of each, and namespace). */
const MOST_DEVICES = 65_536;
const MOST_ADDRESSES = 4096;
const MOST_PAST = 100;
/** Characters of a rule as a tool prints it. */
const LONGEST_WORDS = 4096;
/** Characters of what the kernel told of a packet's bytes. */
const LONGEST_PACKET = 4096;
/** Seconds since the epoch: a guest's clock can be set to anything within this. */
const LATEST = 1e10;

const time: Check<number> = (value, path) => number(value, path, 0, LATEST);
/** JSON has no Infinity: null. */
const orForEver: Check<number> = (value, path) => (value === null ? Infinity : time(value, path));
/** Of a packet: base64, as note.ts writes it. */
const bytes: Check<Uint8Array> = (value, path) => {
  const read = fromBase64(string(value, path, LONGEST_PACKET));
  return read ?? mismatch(path, 'base64', value);
};
const words: Check<string> = (value, path) => string(value, path, LONGEST_WORDS);
/** A number, or −1 for none. */
const orNone: Check<number> = (value, path) => integer(value, path, -1);
const several =
  <T>(item: Check<T>, most = MOST_ITEMS): Check<T[]> =>
  (value, path) =>
    list(value, path, most, item);
const exactly =
  <T extends string>(text: T): Check<T> =>
  (value, path) =>
    oneOf(value, path, [text]);

const tuple = shaped<Tuple>({
  protocol: natural,
  source: name,
  destination: name,
  sourcePort: natural,
  destinationPort: natural,
});

const conntrackEntry = shaped<ConntrackEntry>({
  machine: name,
  original: tuple,
  reply: tuple,
  id: name,
  zone: { maybe: natural },
  from: { maybe: time },
  until: { maybe: time },
});

const match = shaped<CounterMatch>({
  device: { maybe: name },
  direction: { maybe: (value, path) => oneOf(value, path, ['in', 'out']) },
  inDevice: { maybe: name },
  protocol: { maybe: natural },
  source: { maybe: name },
  destination: { maybe: name },
  destinationPort: { maybe: natural },
  chain: { maybe: name },
});

const form = shaped<Form>({
  in: words,
  out: words,
  source: name,
  destination: name,
  sourcePort: orNone,
  destinationPort: orNone,
  ttl: orNone,
  mark: natural,
});

const visit = shaped<ChainVisit>({
  version: natural,
  table: name,
  chain: name,
  form,
  steps: several(
    shaped<RuleStep>({
      chain: name,
      kind: (value, path) => oneOf(value, path, ['rule', 'return', 'policy']),
      handle: natural,
      verdict: words,
      text: words,
    }),
    MOST_STEPS,
  ),
});

type Kind = Evidence['kind'];
type OfKind<K extends Kind> = Extract<Evidence, { readonly kind: K }>;

const EVIDENCE: { readonly [K in Kind]: Check<OfKind<K>> } = {
  trace: shaped<OfKind<'trace'>>({
    kind: exactly('trace'),
    machine: name,
    source: name,
    destination: name,
    identification: orNone,
    sourcePort: orNone,
    destinationPort: orNone,
    chain: name,
    rule: words,
  }),
  drop: shaped<OfKind<'drop'>>({
    kind: exactly('drop'),
    machine: name,
    time,
    device: name,
    namespace: natural,
    reason: name,
    location: name,
    protocol: natural,
    packet: bytes,
    conntrackFull: boolean,
    qdisc: { maybe: name },
  }),
  socket: shaped<OfKind<'socket'>>({
    kind: exactly('socket'),
    machine: name,
    time,
    device: name,
    namespace: natural,
    location: name,
    protocol: natural,
    packet: bytes,
  }),
  gap: shaped<OfKind<'gap'>>({
    kind: exactly('gap'),
    machine: name,
    from: time,
    until: time,
    count: natural,
  }),
  watch: shaped<OfKind<'watch'>>({
    kind: exactly('watch'),
    machine: name,
    from: time,
    until: orForEver,
    sockets: boolean,
  }),
  counter: shaped<OfKind<'counter'>>({
    kind: exactly('counter'),
    machine: name,
    from: time,
    until: time,
    packets: natural,
    what: words,
    match,
  }),
  rules: shaped<OfKind<'rules'>>({
    kind: exactly('rules'),
    machine: name,
    from: time,
    until: orForEver,
    number: name,
    identification: orNone,
    length: natural,
    flags: words,
    isWhole: boolean,
    came: form,
    visits: several(visit, MOST_VISITS),
  }),
};

const KINDS = Object.keys(EVIDENCE) as Kind[];

export const readEvidence: Check<Evidence> = (value, path) => {
  const { kind } = object(value, path);
  return EVIDENCE[oneOf(kind, `${path}.kind`, KINDS)](value, path);
};

const device = shaped<Device>({
  machine: name,
  namespace: { maybe: name },
  inode: { maybe: natural },
  name,
  ifindex: { maybe: natural },
  kind: (value, path) => oneOf(value, path, ['nic', 'bridge', 'veth', 'tunnel', 'vlan', 'loopback', 'other']),
  addresses: several(name, MOST_ADDRESSES),
  peer: { maybe: shaped<NonNullable<Device['peer']>>({ namespace: { maybe: name }, name }) },
  bridge: { maybe: name },
  lower: { maybe: name },
  wire: { maybe: name },
});

const gap: Check<Gap> = (value, path) => {
  const read = shaped<Gap>({ machine: name, from: time, until: time, count: natural })(value, path);
  return read.until < read.from ? mismatch(`${path}.until`, 'no moment before "from"', read.until) : read;
};

const topology = shaped<Topology>({ devices: several(device, MOST_DEVICES) });

const SHAPE: Shape<Context> = {
  topology: { maybe: topology },
  past: { maybe: several(shaped<PastTopology>({ until: time, topology }), MOST_PAST) },
  conntrack: { maybe: several(conntrackEntry) },
  evidence: { maybe: several(readEvidence) },
  gaps: { maybe: several(gap) },
};

export const readContext: Check<Context> = shaped<Context>(SHAPE);
