// What counters say of a packet. A counter says how many it took in some time, not which: that is a hint, and is called one.
import type { Hop } from '../../hop/hop.ts';
import type { Identity } from '../../hop/identity.ts';
import { destinationOf, inverseKey } from '../../hop/tuple.ts';
import { TUNNELS } from '../../packet/tunnels.ts';
import type { Sighting } from '../sighting.ts';
import type { Packet } from '../store.ts';
import type { Places } from '../topology.ts';
import type { CounterEvidence } from './evidence.ts';

/** More say nothing more. */
const MOST = 3;
/** Counters of one time: the latest. */
const MOST_LOOKED_AT = 256;

/** A sentence for each counter that may have counted this packet where it was seen last. */
export function hintsOf(packet: Packet, counters: readonly CounterEvidence[], places: Places): string[] {
  const { ends } = packet;
  const there = counters.filter((counter) => ends.some(({ hop }) => isCounted(hop, counter))).slice(-MOST_LOOKED_AT);
  const found = there.filter((counter) => ends.some((end) => matches(end, counter, places)));
  const words = found.map(({ what, machine, packets, from, until }) => {
    const many = packets === 1 ? 'one packet' : `${packets} packets`;
    const time = from === 0 ? ' since it was made' : ` in the ${Math.max(1, Math.ceil(until - from))} s around it`;
    return `A hint: ${what} on ${machine} took ${many}${time}. Which, a counter does not say.`;
  });
  return [...new Set(words)].slice(0, MOST);
}

const isCounted = (hop: Hop, { machine, from, until }: CounterEvidence): boolean =>
  hop.machine === machine && hop.time >= from && hop.time <= until;

const isRule = ({ match }: CounterEvidence): boolean => match.chain !== undefined;

function matches(sighting: Sighting, counter: CounterEvidence, places: Places): boolean {
  const { hop, place, identity } = sighting;
  const { match } = counter;
  if (!isCounted(hop, counter)) return false;
  const { protocol, source, destination, destinationPort } = headerOf(identity);
  const isInside = hop.direction !== 'out' && !places.isPort(place) && places.owns(place, destination);
  // Seen leaving the machine's own namespace, it is behind that chain.
  const hasLeft = hop.direction === 'out' && (hop.namespace ?? '') === '';
  if (match.chain === 'OUTPUT') return sentByTunnel(sighting, counter, places);
  return (
    // iptables sees IP only.
    (!isRule(counter) || identity.ttl >= 0) &&
    (match.chain !== 'INPUT' || isInside) &&
    (match.chain !== 'FORWARD' || !(isInside || hasLeft)) &&
    (match.device === undefined || match.device === hop.device) &&
    (match.direction === undefined || hop.direction === 'unknown' || match.direction === hop.direction) &&
    (match.inDevice === undefined || (hop.direction !== 'out' && cameIn(match.inDevice, hop.device, place, places))) &&
    (match.protocol === undefined || match.protocol === protocol) &&
    (match.source === undefined || match.source === source) &&
    (match.destination === undefined || match.destination === destination) &&
    (match.destinationPort === undefined || match.destinationPort === destinationPort)
  );
}

/** What a rule sees of a packet: the outermost header. Without a port: −1. */
function headerOf({ carriers, tuple, about, source, destination }: Identity) {
  const [carrier] = carriers;
  // An ICMP error's tuple is that of the packet which it is about.
  if (carrier === undefined && about !== '')
    return { protocol: source.includes(':') ? 58 : 1, source, destination, destinationPort: -1 };
  const outer = carrier?.tuple ?? tuple;
  return {
    protocol: Number.parseInt(outer, 10),
    source: carrier === undefined ? source : destinationOf(inverseKey(outer)),
    destination: carrier === undefined ? destination : destinationOf(outer),
    destinationPort: Number(/#(\d+)$/.exec(outer)?.[1] ?? -1),
  };
}

/** IP's numbers of what tunnels send: UDP, GRE, IP in IP. */
const CARRYING: ReadonlySet<number> = new Set([17, 47, 4, 41]);

/**
 * OUTPUT sees what the machine itself sends, before any tap does. Of all that taps see, only what was seen going into a tunnel's device can
 * have ended there, in the tunnel's own packet.
 */
function sentByTunnel({ hop, place }: Sighting, { match }: CounterEvidence, places: Places) {
  const { protocol, destinationPort: port, inDevice } = match;
  return (
    hop.direction === 'out' &&
    places.device(place)?.kind === 'tunnel' &&
    inDevice === undefined &&
    (protocol === undefined || CARRYING.has(protocol)) &&
    (port === undefined || TUNNELS.some(({ udpPorts }) => udpPorts.includes(port)))
  );
}

/** What a bridge hands on comes in at the bridge, for iptables (net.bridge.bridge-nf-call-iptables). */
const cameIn = (wanted: string, device: string, place: string, places: Places): boolean =>
  wanted === device || wanted === places.device(place)?.bridge;
