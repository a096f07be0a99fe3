// What counters say of a packet. A counter says how many it took in some time, not which: that is a hint, and is called one.
import type { Sighting } from '../sighting.ts';
import type { Packet } from '../store.ts';
import type { Places } from '../topology.ts';
import type { CounterEvidence } from './evidence.ts';

/** More say nothing more. */
const MOST = 3;

/** A sentence for each counter that may have counted this packet where it was seen last. */
export function hintsOf(packet: Packet, counters: readonly CounterEvidence[], places: Places): string[] {
  const { ends } = packet;
  const found = counters.filter((counter) => ends.some((end) => matches(end, counter, places)));
  const words = found.map(({ what, machine, packets }) => {
    const many = packets === 1 ? 'one packet' : `${packets} packets`;
    return `A hint: ${what} on ${machine} took ${many} in that time. Which, a counter does not say.`;
  });
  return [...new Set(words)].slice(0, MOST);
}

const isRule = ({ match }: CounterEvidence): boolean => match.chain !== undefined;

function matches({ hop, place, identity }: Sighting, counter: CounterEvidence, places: Places): boolean {
  const { machine, from, until, match } = counter;
  const ports = /#(\d+)>.*#(\d+)$/.exec(identity.tuple);
  const isInside = hop.direction !== 'out' && !places.isPort(place) && places.owns(place, identity.destination);
  return (
    hop.machine === machine &&
    hop.time >= from &&
    hop.time <= until &&
    // iptables sees IP only.
    (!isRule(counter) || identity.ttl >= 0) &&
    (match.chain !== 'INPUT' || isInside) &&
    (match.chain !== 'FORWARD' || !isInside) &&
    (match.device === undefined || match.device === hop.device) &&
    (match.inDevice === undefined || (hop.direction !== 'out' && cameIn(match.inDevice, hop.device, place, places))) &&
    (match.protocol === undefined || identity.tuple.startsWith(`${match.protocol} `)) &&
    (match.source === undefined || match.source === identity.source) &&
    (match.destination === undefined || match.destination === identity.destination) &&
    (match.destinationPort === undefined || match.destinationPort === Number(ports?.[2] ?? -1))
  );
}

/** What a bridge hands on comes in at the bridge, for iptables (net.bridge.bridge-nf-call-iptables). */
const cameIn = (wanted: string, device: string, place: string, places: Places): boolean =>
  wanted === device || wanted === places.device(place)?.bridge;
