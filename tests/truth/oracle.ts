// What is true of a run, told by the marks in the whole captures, and by what arrived. It shares no code with what it judges.
import type { Hop } from '../../src/hop/hop.ts';
import { markIn } from './mark.ts';
import { GENEVE_PORT, type Network, POD_PORT } from './network.ts';
import type { Arrival } from './plan.ts';
import type { Outcome } from './scenario.ts';
import type { Sent } from './traffic.ts';

/** What one packet is by its mark: "17 sent", "17 answer", "17 error, type 3.1 with id 4711", "17 sent, fragment 480+480 of 77". */
export type Name = string;

export interface Truth {
  /** By number of the hop; null: no packet of the plan, but what a kernel sent without a mark. */
  readonly names: ReadonlyMap<number, Name | null>;
  /** Seconds, one clock. */
  readonly times: ReadonlyMap<number, number>;
  /** How often a namespace let it in for itself. */
  arrivals(name: Name): number;
  /** How often a program could have it: UDP's without a socket has come in vain. */
  taken(name: Name): number;
  /** A cable doubled it, so that some place saw it twice. */
  isDoubled(name: Name): boolean;
  hopsOf(name: Name): readonly Hop[];
  isTcp(name: Name): boolean;
  /** No other packet is equal to it. */
  isNumbered(name: Name): boolean;
  /** Its sender has given it a number of its own: among what the script sent, there is none like it. */
  hasOwnNumber(name: Name): boolean;
}

/** VXLAN's, and Geneve's: both have eight bytes before the frame, where Geneve has no options. */
const TUNNEL_PORTS = [4789, 8472, GENEVE_PORT];
const IP_IN_IP = 4;
const GRE = 47;

export function truthOf({ hops, arrived, scenario }: Outcome): Truth {
  const names = new Map<number, Name | null>();
  const times = new Map<number, number>();
  const byName = new Map<Name, Hop[]>();
  const doubled = new Set<Name>();
  for (const hop of hops) {
    const name = nameOf(hop);
    names.set(hop.n, name);
    times.set(hop.n, hop.time);
    if (name === null) continue;
    const own = byName.get(name);
    if (own === undefined) byName.set(name, [hop]);
    else own.push(hop);
  }
  for (const [name, own] of byName) {
    const places = new Set<string>();
    for (const hop of own) {
      const place = `${hop.machine}/${hop.device} ${hop.direction} ${looksOf(hop)}`;
      if (places.has(place)) doubled.add(name);
      places.add(place);
    }
  }
  const letIn = new Map<string, number>();
  const letIntoPods = new Map<string, number>();
  const gotten = new Map<string, number>();
  for (const arrival of arrived) {
    const key = arrivalKey(arrival);
    const counts = arrival.port === 0 ? letIn : gotten;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    const isPod = scenario.network.hostOf.has(arrival.space);
    if (arrival.port === 0 && isPod) letIntoPods.set(key, (letIntoPods.get(key) ?? 0) + 1);
  }
  const wholeOf = (name: Name): string => name.split(',')[0] ?? '';
  // Nobody's raw sockets see ARP; no firewall of these networks filters it either.
  const sawArp = (name: Name): number => {
    const sent = scenario.sent.get(Number.parseInt(name, 10));
    if (sent?.isArp !== true) return 0;
    return (byName.get(name) ?? []).some((hop) => hop.direction === 'in' && !/^v/.test(hop.device)) ? 1 : 0;
  };
  const arrivals = (name: Name): number => letIn.get(wholeOf(name)) ?? sawArp(name);
  return {
    names,
    times,
    arrivals,
    taken(name) {
      const sent = scenario.sent.get(Number.parseInt(name, 10));
      if (sent === undefined || !/ sent/.test(name)) return arrivals(name);
      if (sent.protocol === 17) return gotten.get(wholeOf(name)) ?? 0;
      if (sent.protocol !== 6) return arrivals(name);
      return isListenedTo(sent, scenario.network) ? (letIntoPods.get(wholeOf(name)) ?? 0) : 0;
    },
    isDoubled: (name) => doubled.has(name) || arrivals(name) > 1,
    isTcp: (name) => scenario.sent.get(Number.parseInt(name, 10))?.protocol === 6,
    isNumbered: (name) => scenario.sent.get(Number.parseInt(name, 10))?.isNumbered === true,
    hasOwnNumber: (name) => scenario.sent.get(Number.parseInt(name, 10))?.hasOwnNumber === true,
    hopsOf: (name) => byName.get(name) ?? [],
  };
}

/** A program waits for connections there. */
function isListenedTo({ destination, destinationPort }: Sent, network: Network): boolean {
  const isOwn = network.devices.some(
    ({ space, addresses }) =>
      network.hostOf.has(space) && addresses.some((address) => address.split('/')[0] === destination),
  );
  return isOwn ? destinationPort === POD_PORT : network.published.some(({ port }) => port === destinationPort);
}

function arrivalKey({ mark, protocol, type }: Arrival): string {
  if (protocol !== 1 && protocol !== 58) return `${mark} sent`;
  if (type === 8 || type === 128) return `${mark} sent`;
  return type === 0 || type === 129 ? `${mark} answer` : `${mark} error`;
}

export function nameOf(hop: Hop): Name | null {
  const mark = markIn(hop.bytes);
  if (mark === null) return null;
  const { what, fragment } = walk(hop.bytes);
  return `${mark} ${what}${fragment === '' ? '' : `, ${fragment}`}`;
}

/** What routers and tunnels change. */
const looksOf = (hop: Hop): string => {
  const { ttls, addresses } = walk(hop.bytes);
  return `${ttls.join('.')} ${addresses}`;
};

interface Walked {
  readonly what: string;
  readonly fragment: string;
  readonly ttls: readonly number[];
  readonly addresses: string;
}

/** Through the headers of a cooked packet of these networks: IP, VXLAN, Geneve, GRE, Ethernet, and so on. */
function walk(bytes: Uint8Array): Walked {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const ttls: number[] = [];
  let addresses = '';
  let protocol = view.getUint16(0);
  let at = 20;
  const done = (what: string, fragment = ''): Walked => ({ what, fragment, ttls, addresses });
  for (;;) {
    let next: number;
    let head: number;
    if (protocol === 0x0800 && at + 20 <= bytes.length) {
      head = ((bytes[at] ?? 0) & 15) * 4;
      next = bytes[at + 9] ?? 0;
      ttls.push(bytes[at + 8] ?? 0);
      addresses += Buffer.from(bytes.subarray(at + 12, at + 20)).toString('hex');
      const place = view.getUint16(at + 6);
      if ((place & 0x3fff) !== 0) {
        const length = view.getUint16(at + 2) - head;
        return done('sent', `fragment ${(place & 0x1fff) * 8}+${length} of ${view.getUint16(at + 4)}`);
      }
    } else if (protocol === 0x86dd && at + 40 <= bytes.length) {
      head = 40;
      next = bytes[at + 6] ?? 0;
      ttls.push(bytes[at + 7] ?? 0);
      addresses += Buffer.from(bytes.subarray(at + 8, at + 40)).toString('hex');
    } else {
      return done('sent');
    }
    const number = at + 4;
    at += head;
    const type = bytes[at] ?? 0;
    if (next === 1 || next === 58) {
      if (type === (next === 1 ? 8 : 128)) return done('sent');
      if (type === (next === 1 ? 0 : 129)) return done('answer');
      // NAT may change who it is from, never its identification.
      return done('error', `type ${type}.${bytes[at + 1]} with id ${next === 1 ? view.getUint16(number) : 0}`);
    }
    if (next === IP_IN_IP) {
      protocol = 0x0800;
      continue;
    }
    if (next === GRE && at + 4 <= bytes.length) {
      protocol = view.getUint16(at + 2);
      at += 4;
      continue;
    }
    if (next !== 17 || at + 30 > bytes.length || !TUNNEL_PORTS.includes(view.getUint16(at + 2))) return done('sent');
    at += 8 + 8;
    protocol = view.getUint16(at + 12);
    at += 14;
  }
}
