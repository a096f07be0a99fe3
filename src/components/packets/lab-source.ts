// A running lab's packets for the list.
import { topologyOf } from '../../lab/journey-topology.ts';
import type { Hop, Lab } from '../../lab/lab.ts';
import { PacketPaths } from '../../topology/packet-path.ts';
import { CAPACITY } from './packet-store.ts';
import type { Follow, PacketSource, SeenPacket } from './seen-packet.ts';

export function labSource(lab: Lab): PacketSource {
  return {
    title: lab.id,
    live: true,
    severalMachines: lab.machines.length > 1,
    capacity: CAPACITY,
    onPackets: (listener) => lab.onHops(listener),
    follow: () => followIn(lab),
    context: () => ({ topology: topologyOf(lab.graph.peek()) }),
  };
}

function followIn(lab: Lab): Follow {
  const paths = new PacketPaths();
  return (packet) => {
    paths.setGraph(lab.graph.peek());
    return paths.follow(hopOf(packet)).packet;
  };
}

/** The lab's own view of a packet of its list. */
export function hopOf(packet: SeenPacket): Hop {
  const { ifindex = 0, deviceId = '', direction, ...rest } = packet;
  return { ...rest, ifindex, deviceId, direction: direction === 'out' ? 'out' : 'in' };
}
