// How far a packet was seen to come: the place that has its destination's address.
import { WIRE } from '../../hop/hop.ts';
import { isForOthers } from '../../hop/packet-type.ts';
import type { Sighting } from '../sighting.ts';
import type { Packet, Store } from '../store.ts';

/** Where it was taken in, in the namespace that has its destination address, or that it went into through a veth pair without a tap. */
export interface Reached {
  readonly place: string;
  /** The destination that it had there: NAT may have given it another one on the way. */
  readonly address: string;
  readonly hop: Sighting['hop'];
  /** False where no tap stands at that place: it was seen going into the veth pair whose other end that is. */
  readonly isSeen: boolean;
}

export function reachedBy(packet: Packet, store: Store): Reached | null {
  const places = store.world.places.of(packet.sightings);
  for (const { hop, place, identity } of packet.ends) {
    const { destination } = identity;
    if ((identity.fragment === null && identity.depth > 0) || hop.machine === WIRE || destination === '') continue;
    if (isForOthers(hop)) continue;
    const isGroup = identity.group !== null && !identity.key.startsWith('arp ');
    const isHere = (at: string): boolean => (isGroup ? places.device(at) !== undefined : places.owns(at, destination));
    if (hop.direction !== 'out' && !places.isPort(place) && isHere(place) && !(isGroup && place === packet.first.place))
      return { place, address: destination, hop, isSeen: true };
    const peer = places.peer(place);
    if (hop.direction !== 'in' && peer !== undefined && !store.taps.has(peer) && isHere(peer))
      return { place: peer, address: destination, hop, isSeen: false };
  }
  return null;
}
