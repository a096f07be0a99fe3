// What a machine's firewall is told to trace, for the packet that somebody asks about: both directions of its conversation, in each form
// that NAT gives it. In the words of nft (nft(8)); each a rule of its own, so that addresses and ports belong together.

import { identityOf } from '../hop/identity.ts';
import { inverse, type Tuple, tupleOf } from '../hop/tuple.ts';
import type { Journey } from '../journey/journey.ts';

export interface TraceMatches {
  readonly matches: readonly string[];
  /** What is traced: "TCP between 10.99.0.2 and port 8080 of 10.99.0.1 or port 80 of 172.17.0.2, both ways". */
  readonly words: string;
}

/** Forms of one conversation: NAT on each of some machines. */
const MOST_FORMS = 16;
const [ICMP, TCP, UDP, ICMPV6] = [1, 6, 17, 58];
const NAMES: Readonly<Record<number, string>> = { [ICMP]: 'ICMP', [TCP]: 'TCP', [UDP]: 'UDP', [ICMPV6]: 'ICMPv6' };

/** Where there is nothing to trace: why, a sentence. */
export function matchesOf(journey: Journey): TraceMatches | string {
  const tuples = new Map<string, Tuple>();
  for (const { hop } of journey.hops) {
    // Of an ICMP error it is the conversation that the error is about.
    const key = identityOf(hop).tuple;
    const tuple = tupleOf(key);
    if (tuple !== null && tuples.size < MOST_FORMS) tuples.set(key, tuple);
  }
  const [first] = tuples.values();
  if (first === undefined) return 'Only IP packets meet the rules that are traced: ARP and other frames do not.';
  const isAnswer = hasPorts(first) && answers(first, journey);
  const alike = [...tuples.values()].filter((tuple) => familyOf(tuple) === familyOf(first));
  const asked = alike.map((tuple) => (isAnswer ? inverse(tuple) : tuple));
  return {
    matches: [formsOf(asked, 'dport'), formsOf(asked.map(inverse), 'sport')],
    words: wordsOf(asked),
  };
}

const hasPorts = ({ protocol }: Tuple): boolean => protocol === TCP || protocol === UDP;
const familyOf = ({ protocol, source }: Tuple): string => `${source.includes(':') ? 'ip6' : 'ip'} ${protocol}`;

const SYN = 0x02;
const ACK = 0x10;

/** Who asks sends the first SYN; where there is none, theirs is the larger port, out of the range that systems give ports from. */
function answers({ sourcePort, destinationPort }: Tuple, { hops: [first] }: Journey): boolean {
  const tcp = first?.layers.findLast(({ protocol, quoted }) => protocol === 'tcp' && !quoted);
  if (tcp?.protocol === 'tcp' && (tcp.flags & SYN) !== 0) return (tcp.flags & ACK) !== 0;
  return sourcePort < destinationPort;
}

/** The port of who asks is left out: asked again, it is another one. */
function formsOf(tuples: readonly Tuple[], side: 'dport' | 'sport'): string {
  const [first] = tuples as readonly [Tuple, ...Tuple[]];
  const [ip = ''] = familyOf(first).split(' ');
  const ends = `${ip} saddr . ${ip} daddr`;
  const all = (words: (tuple: Tuple) => string): string => [...new Set(tuples.map(words))].join(', ');
  if (!hasPorts(first))
    return `meta l4proto ${first.protocol} ${ends} { ${all((one) => `${one.source} . ${one.destination}`)} }`;
  const port = (one: Tuple): number => (side === 'dport' ? one.destinationPort : one.sourcePort);
  const transport = first.protocol === TCP ? 'tcp' : 'udp';
  return `${ends} . ${transport} ${side} { ${all((one) => `${one.source} . ${one.destination} . ${port(one)}`)} }`;
}

function wordsOf(tuples: readonly Tuple[]): string {
  const [first] = tuples as readonly [Tuple, ...Tuple[]];
  const name = NAMES[first.protocol] ?? `IP protocol ${first.protocol}`;
  const end = ({ destination, destinationPort }: Tuple): string =>
    hasPorts(first) ? `port ${destinationPort} of ${destination}` : destination;
  const list = (all: readonly string[]): string => [...new Set(all)].join(' or ');
  return `${name} between ${list(tuples.map(({ source }) => source))} and ${list(tuples.map(end))}, both ways`;
}
