// The packets of a running lab.
import type { ReadonlySignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Hop } from '../../hop/hop.ts';
import type { Lab } from '../../lab/lab.ts';
import type { LabJourneys } from '../../lab/lab-journeys.ts';
import type { RuleTracing } from '../../lab/rule-tracing.ts';
import { PacketView } from './packet-view.tsx';
import { labSource } from './source/lab-source.ts';

export interface PacketsPanelProps {
  readonly lab: Lab;
  readonly journeys: LabJourneys;
  readonly tracing: RuleTracing;
  /** Called when the reader selects a packet; null when nothing is selected any more. */
  readonly onSelect?: (hop: Hop | null) => void;
  /** Number of the hop that picture and steps show; 0: none. */
  readonly looked: ReadonlySignal<number>;
}

export function PacketsPanel({ lab, journeys, tracing, onSelect, looked }: PacketsPanelProps) {
  const source = useMemo(() => labSource(lab, journeys, tracing), [lab, journeys, tracing]);
  return <PacketView source={source} looked={looked} {...(onSelect === undefined ? {} : { onSelect })} />;
}
