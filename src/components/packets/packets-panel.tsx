// The packets of a running lab.
import { useMemo } from 'preact/hooks';
import type { Hop, Lab } from '../../lab/lab.ts';
import { hopOf, labSource } from './lab-source.ts';
import { PacketView } from './packet-view.tsx';

export interface PacketsPanelProps {
  readonly lab: Lab;
  /** Called when the reader selects a packet; null when nothing is selected any more. */
  readonly onSelect?: (hop: Hop | null) => void;
}

export function PacketsPanel({ lab, onSelect }: PacketsPanelProps) {
  const source = useMemo(() => labSource(lab), [lab]);
  return <PacketView source={source} onSelect={(packet) => onSelect?.(packet === null ? null : hopOf(packet))} />;
}
