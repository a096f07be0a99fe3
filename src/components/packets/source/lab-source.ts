// A running lab's packets for the list.
import { LinkType } from '../../../capture/link-type.ts';
import type { Lab } from '../../../lab/lab.ts';
import type { LabJourneys } from '../../../lab/lab-journeys.ts';
import { askedLater } from '../../../lab/time-words.ts';
import { PacketPaths } from '../../../topology/packet-path.ts';
import type { Follow, PacketSource } from './packet-source.ts';
import { CAPACITY } from './packet-store.ts';

export function labSource(lab: Lab, journeys: LabJourneys): PacketSource {
  return {
    title: lab.id,
    live: true,
    severalMachines: lab.machines.length > 1,
    capacity: CAPACITY,
    onPackets: (listener) => lab.onHops(listener),
    follow: () => followIn(lab),
    context: () => journeys.context(),
    correction: (machine) => journeys.correction(machine),
    pending: (n) => (journeys.asked(n) ? '' : askedLater(lab.state.peek().kind === 'frozen')),
    ask: (n) => journeys.ask(n),
  };
}

function followIn(lab: Lab): Follow {
  const paths = new PacketPaths();
  return (packet) => {
    // What a wire saw is no cooked capture: paths cannot tell it.
    if (packet.linkType !== LinkType.LINUX_SLL2) return packet.n;
    paths.setGraph(lab.graph.peek());
    return paths.follow(packet).packet;
  };
}
