// The selected packet in words: its whole line, and every device that saw it, in order.
import type { PacketSummary } from '../../packet/summary.ts';
import type { Graph } from '../../topology/graph.ts';
import type { PacketRow } from './packet-store.ts';
import { guestClock, plural } from './packet-words.ts';

interface Props {
  readonly row: PacketRow;
  readonly summary: PacketSummary;
  readonly graph: Graph;
  readonly onClose: () => void;
}

/** LINUX_SLL2's own header, which is the capture's, not the packet's. */
const SLL2_HEADER = 20;

export function PacketDetail({ row, summary, graph, onClose }: Props) {
  const { hop } = row;
  const length = Math.max(0, hop.originalLength - SLL2_HEADER);
  const kept = Math.max(0, hop.bytes.length - SLL2_HEADER);
  const cut = kept < length ? `, of which ${kept.toLocaleString('en')} were captured` : '';
  const start = hop.time;
  return (
    <section class="pk-detail" aria-label={`Packet ${hop.n}`} aria-live="polite">
      <p>
        <span class={`pk-chip pk-${summary.family}`}>{summary.protocol}</span>{' '}
        <span class="pk-mono">
          {summary.source} to {summary.destination}
        </span>
        : {summary.info}
      </p>
      <p>
        {plural(length, 'byte')}
        {cut}; {guestClock(hop.time)} by the clock of {hop.machine} (UTC).
      </p>
      <p>
        {row.later.length > 0 ? 'Seen at ' : hop.direction === 'in' ? 'Came in at ' : 'Went out at '}
        {[hop, ...row.later].map((seen, index) => (
          <span key={seen.n}>
            {index > 0 && ', then '}
            <span class="pk-mono">
              {graph.devices.find((device) => device.id === seen.deviceId)?.name ?? seen.device}
            </span>
            {row.later.length > 0 && ` ${seen.direction}`}
            {index > 0 && ` (${Math.round((seen.time - start) * 1e6).toLocaleString('en')} µs)`}
          </span>
        ))}
        .
      </p>
      <button type="button" class="tp-button" onClick={onClose}>
        Close
      </button>
    </section>
  );
}
