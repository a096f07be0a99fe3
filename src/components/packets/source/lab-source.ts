// A running lab's packets for the list.

import type { Lab } from '../../../lab/lab.ts';
import type { LabJourneys } from '../../../lab/lab-journeys.ts';
import type { RuleTracing } from '../../../lab/rule-tracing.ts';
import type { PacketSource } from './packet-source.ts';

import { CAPACITY } from './packet-store.ts';

export function labSource(lab: Lab, journeys: LabJourneys, tracing?: RuleTracing): PacketSource {
  return {
    ...(tracing === undefined ? {} : { tracing }),
    title: lab.id,
    live: true,
    oneTime: true,
    severalMachines: lab.machines.length > 1,
    dropped: journeys.dropped,
    capacity: CAPACITY,
    onPackets: (listener) => lab.onHops(listener),
    regrouped: (most) => journeys.regrouped(most),
    journeyOf: (n) => journeys.of(n),
    context: () => journeys.context(),
    unseen: () => journeys.unseen(),
    pending: (n) => journeys.pending(n),
    ask: (n) => journeys.ask(n),
  };
}
