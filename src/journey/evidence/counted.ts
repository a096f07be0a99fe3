// Which packets a counter counted. It says how many it took, not which: packets whose end nothing shows, if they are just as many.
import type { End } from '../ends.ts';
import type { Sighting } from '../sighting.ts';
import type { Packet, Store } from '../store.ts';
import type { Places } from '../topology.ts';
import type { CounterEvidence } from './evidence.ts';

/** The ends that counters explain, of packets whose own evidence leaves them open. `endOf`: by everything else. */
export function countedEnds(
  packets: readonly Packet[],
  counters: readonly CounterEvidence[],
  store: Store,
  endOf: (packet: Packet) => End,
): ReadonlyMap<Packet, End> {
  const ends = new Map<Packet, End>();
  const open: Packet[] = [];
  const byFirewall: Packet[] = [];
  const { places } = store.world;
  for (const packet of packets) {
    if (!counters.some((counter) => packet.ends.some((end) => matches(end, counter, places)))) continue;
    const end = endOf(packet);
    if (end.open === 'firewall') byFirewall.push(packet);
    else if (end.end === 'unknown' || end.open === 'inside') open.push(packet);
  }
  for (const counter of counters) {
    const fits = (packet: Packet): boolean =>
      !ends.has(packet) && packet.ends.some((end) => matches(end, counter, places));
    // What the kernel says that a rule took comes first; where it was not asked, all that are open.
    const certain = isRule(counter) ? byFirewall.filter(fits) : [];
    const all = certain.length === counter.packets ? certain : [...certain, ...open.filter(fits)];
    if (all.length !== counter.packets) continue;
    const many = counter.packets === 1 ? 'one packet' : `${counter.packets} packets`;
    const why = `${counter.what} on ${counter.machine} took ${many} in that time, and no other stopped there`;
    for (const packet of all) ends.set(packet, { end: 'dropped', why });
  }
  for (const packet of byFirewall) {
    if (ends.has(packet)) continue;
    const rules = counters.filter((one) => isRule(one) && packet.ends.some((end) => matches(end, one, places)));
    const [rule] = rules;
    if (rule === undefined || new Set(rules.map(({ what }) => what)).size > 1) continue;
    const { why } = endOf(packet);
    ends.set(packet, {
      end: 'dropped',
      why: `${why}. The only one for it that counted a packet then is the ${rule.what}`,
    });
  }
  return ends;
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
