// A running lab's packets for the list.
import { LinkType } from '../../capture/link-type.ts';
import type { Context } from '../../journey/builder.ts';
import { topologyOf } from '../../lab/journey-topology.ts';
import type { Hop, Lab } from '../../lab/lab.ts';
import type { Graph } from '../../topology/graph.ts';
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
    context: contextOf(lab),
  };
}

function contextOf(lab: Lab): () => Context {
  let graph: Graph | null = null;
  let context: Context = {};
  return () => {
    const now = lab.graph.peek();
    if (now !== graph) context = { topology: topologyOf(now, (machine, device) => lab.wireOf(machine, device)) };
    graph = now;
    return context;
  };
}

function followIn(lab: Lab): Follow {
  const paths = new PacketPaths();
  return (packet) => {
    // What a wire saw is no cooked capture: paths cannot tell it.
    if (packet.linkType !== LinkType.LINUX_SLL2) return packet.n;
    paths.setGraph(lab.graph.peek());
    return paths.follow(hopOf(packet)).packet;
  };
}

/** The lab's own view of a packet of its list. */
export function hopOf(packet: SeenPacket): Hop {
  const { ifindex = 0, deviceId = '', direction, ...rest } = packet;
  return { ...rest, ifindex, deviceId, direction: direction === 'out' ? 'out' : 'in' };
}
