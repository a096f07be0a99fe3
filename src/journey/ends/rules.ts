// Which rule of a firewall dropped a packet: where a trace of the rules that saw it names the packet.
import { portsOf } from '../../hop/tuple.ts';
import { dropOf, stepWords } from '../evidence/rules.ts';
import type { Sighting } from '../sighting.ts';
import type { Packet, Store } from '../store.ts';
import { type Found, type Proofs, seen } from './end.ts';

/** The trace of a machine's rules: the last that saw it dropped it, and nothing else that is known of the packet speaks against that. */
export function ruled(packet: Packet, store: Store, { rules, drops, watches }: Proofs): Found | null {
  for (const way of rules.of(packet, store)) {
    const drop = dropOf(way);
    const { machine } = way;
    // What is for a group, or was flooded, has other ends as well; and what left the machine was not dropped in its hooks.
    const { ends } = packet;
    if (drop === null || packet.identity.group !== null) continue;
    if (!ends.every(({ hop }) => hop.machine === machine && hop.direction !== 'out')) continue;
    const told = drops.of(packet, store).filter(({ evidence }) => evidence.machine === machine);
    const known = told.find(({ evidence }) => evidence.reason === 'NETFILTER_DROP');
    if (known === undefined && told.length > 0) continue;
    if (known === undefined && ends.some(({ hop }) => watches.isComplete(machine, hop.time))) continue;
    const says = `the trace of the rules on ${machine} names its addresses, ports, identification and length`;
    const kernel =
      known === undefined ? [] : [`the kernel freed a packet with its headers in ${known.evidence.location}`];
    return seen('dropped', `${stepWords(drop.visit, drop.step)} on ${machine} dropped it`, says, ...kernel);
  }
  return null;
}

/** nft's trace: the line names identification, addresses and ports. */
export function traced(packet: Packet, arrived: boolean, store: Store, { traces }: Proofs): Found | null {
  // Of a flood that reached somebody, one branch may be dropped: that is not the packet's end.
  if ((arrived && packet.ends.length > 1) || !packet.copy.isAlone) return null;
  for (const { identity, hop } of packet.sightings) {
    // Without a number, others may be like it.
    const number = identity.numbered ? /^4 (\d+) /.exec(identity.key)?.[1] : undefined;
    if (number === undefined) continue;
    for (const trace of traces.get(`${hop.machine} ${number}`) ?? []) {
      const ports = portsOf(identity.tuple);
      const fits = (wanted: number, is: number | undefined): boolean => wanted < 0 || is === undefined || is === wanted;
      if (trace.source !== identity.source || trace.destination !== identity.destination) continue;
      if (!fits(trace.sourcePort, ports?.source) || !fits(trace.destinationPort, ports?.destination)) continue;
      if (hasNumberOf(packet, identity, store)) continue;
      const by = trace.rule === '' ? `the policy of ${trace.chain}` : `the rule “${trace.rule}” in ${trace.chain}`;
      const from = `nft monitor trace on ${trace.machine} names its identification ${number}, its addresses and ports`;
      return seen('dropped', `${by} on ${trace.machine} dropped it (nft trace)`, from);
    }
  }
  return null;
}

/** Packets with one identification that are looked at. */
const MOST_NUMBERED = 256;

/** The same number between the same ends, whenever: identifications come round. */
function hasNumberOf(packet: Packet, { train, tuple }: Sighting['identity'], { trains, world }: Store): boolean {
  const isAnother = (other: Packet): boolean =>
    other !== packet && other.sightings.some(({ identity }) => identity.tuple === tuple);
  return trains.size(train) > MOST_NUMBERED || trains.packets(train, world).some(isAnother);
}
