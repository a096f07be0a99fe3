// Counters, read twice: of iptables rules (`iptables-save -c`) and of devices (`ip -s -j link`). What went up says how many packets
// a rule took, or a device's full queue.
//
//   [16:2533] -A FORWARD -i eth0 -o br-lan -j DROP
//   [{"ifname":"eth0", … "stats64":{"rx":{…,"dropped":0},"tx":{…,"dropped":7}}}]
import type { CounterEvidence, CounterMatch } from './evidence.ts';

export interface CounterReading {
  /** Seconds since the epoch, the machine's clock. */
  readonly time: number;
  /** What the command printed. */
  readonly text: string;
}

const RULE = /^\[(\d{1,15}):\d+\] (-A .*-j (?:DROP|REJECT).*)$/;
const POLICY = /^:(\S{1,128}) DROP \[(\d{1,15}):\d+\]$/;
/** Characters of a line: of a longer one, nobody reads what it counts. */
const LONGEST_LINE = 2048;
/** Lines of all tables, devices: more are left out. */
const MOST = 10_000;

/** Before all readings: rules have counted since they were set. */
export const NEVER: CounterReading = { time: 0, text: '' };

/** The rules and policies that dropped packets between the two readings. */
export function counterDrops(machine: string, before: CounterReading, after: CounterReading): CounterEvidence[] {
  const earlier = new Map(countsOf(before.text).map(({ key, packets }) => [key, packets]));
  return countsOf(after.text).flatMap(({ key, packets, what, match }) => {
    const more = packets - (earlier.get(key) ?? 0);
    const times = { from: before.time, until: after.time };
    return more > 0 ? [{ kind: 'counter' as const, machine, ...times, packets: more, what, match }] : [];
  });
}

/** The devices that dropped packets between two readings of `ip -s -j link`. Text that is none gives none. */
export function deviceDrops(machine: string, before: CounterReading, after: CounterReading): CounterEvidence[] {
  const earlier = droppedBy(before.text);
  return [...droppedBy(after.text)].flatMap(([what, { packets, ...match }]) => {
    const more = packets - (earlier.get(what)?.packets ?? 0);
    const times = { from: before.time, until: after.time };
    return more > 0 ? [{ kind: 'counter' as const, machine, ...times, packets: more, what, match }] : [];
  });
}

type DeviceCount = Required<Pick<CounterMatch, 'device' | 'direction'>> & { readonly packets: number };

function droppedBy(text: string): Map<string, DeviceCount> {
  const drops = new Map<string, DeviceCount>();
  for (const link of listIn(text).slice(0, MOST)) {
    const device = property(link, 'ifname');
    if (typeof device !== 'string' || device.length > LONGEST_NAME) continue;
    for (const [way, direction, words] of [
      ['rx', 'in', 'what came in and was dropped'],
      ['tx', 'out', 'what was to leave and was dropped'],
    ] as const) {
      const packets = property(property(property(link, 'stats64'), way), 'dropped');
      if (typeof packets === 'number' && Number.isSafeInteger(packets) && packets >= 0)
        drops.set(`${device}’s counter of ${words}`, { device, direction, packets });
    }
  }
  return drops;
}

function listIn(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined;

/** Of a device: the kernel's has 15 (IFNAMSIZ). */
const LONGEST_NAME = 64;

interface Count {
  readonly key: string;
  readonly packets: number;
  readonly what: string;
  readonly match: CounterMatch;
}

function countsOf(text: string): Count[] {
  const counts: Count[] = [];
  const seen = new Map<string, number>();
  let table = '';
  for (const line of text.split('\n', MOST)) {
    if (line.length > LONGEST_LINE) continue;
    if (line.startsWith('*')) table = line.slice(1).trim();
    const [, packets, rule] = RULE.exec(line) ?? [];
    const [, chain, byPolicy] = POLICY.exec(line) ?? [];
    if (rule !== undefined) {
      // The same rule may stand there twice.
      const name = `${table} ${rule}`;
      const nth = (seen.get(name) ?? 0) + 1;
      seen.set(name, nth);
      counts.push({
        key: `${name} ${nth}`,
        packets: Number(packets),
        what: `iptables rule ${rule} (table ${table})`,
        match: matchOf(rule),
      });
    }
    if (chain !== undefined)
      counts.push({
        key: `${table} :${chain}`,
        packets: Number(byPolicy),
        what: `the policy of ${chain} (table ${table})`,
        match: { chain },
      });
  }
  return counts;
}

const PROTOCOLS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17 };

/** The conditions that a packet can be held against; a negated one is left out. */
function matchOf(rule: string): CounterMatch {
  const word = (option: string): string | undefined =>
    new RegExp(`(?<!! )${option} (\\S{1,128})(?!\\S)`).exec(rule)?.[1];
  const match: { -readonly [K in keyof CounterMatch]: CounterMatch[K] } = {};
  const protocol = PROTOCOLS[word('-p') ?? ''];
  const [source, destination] = [word('-s'), word('-d')].map((address) =>
    address?.endsWith('/32') === true ? address.slice(0, -3) : undefined,
  );
  const chain = word('-A');
  const port = word('--dport');
  const device = word('-i');
  if (chain !== undefined) match.chain = chain;
  if (protocol !== undefined) match.protocol = protocol;
  if (source !== undefined) match.source = source;
  if (destination !== undefined) match.destination = destination;
  if (port !== undefined && /^\d{1,5}$/.test(port)) match.destinationPort = Number(port);
  if (device !== undefined) match.inDevice = device;
  return match;
}
