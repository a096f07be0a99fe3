// The selected packet in words: its whole line, and every device that saw it, in order.
import { summarize } from '../../packet/summary.ts';
import type { PacketStore } from './packet-store.ts';
import { guestClock, place, plural } from './packet-words.ts';
import type { PacketSource, SeenPacket } from './seen-packet.ts';

interface Props {
  readonly packet: SeenPacket;
  readonly store: PacketStore;
  readonly source: PacketSource;
  /** Selects another packet. */
  readonly onShow: (n: number) => void;
  readonly onClose: () => void;
}

export function PacketDetail({ packet, source, onClose }: Props) {
  const summary = summarize(packet.bytes, packet.linkType, packet.originalLength);
  const cut = packet.bytes.length < packet.originalLength ? `, of which ${packet.bytes.length} were captured` : '';
  return (
    <section class="pk-detail" aria-label={`Packet ${packet.n}`} aria-live="polite">
      <p>
        <span class={`pk-chip pk-${summary.family}`}>{summary.protocol}</span>{' '}
        <span class="pk-mono">
          {summary.source} to {summary.destination}
        </span>
        : {summary.info}
      </p>
      <p>
        {plural(packet.originalLength, 'byte')}
        {cut}; {guestClock(packet.time)} by the clock of {packet.machine} (UTC), at{' '}
        {place(packet, source.severalMachines)}.
      </p>
      <button type="button" class="tp-button" onClick={onClose}>
        Close
      </button>
    </section>
  );
}
