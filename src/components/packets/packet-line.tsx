// One row of the packet list.
import type { PacketSummary } from '../../packet/summary.ts';
import type { PacketRow } from './packet-store.ts';
import { guestClock, place, plural, sinceFirst } from './packet-words.ts';

export const rowId = (n: number): string => `pk-row-${n}`;

interface Props {
  readonly row: PacketRow;
  readonly index: number;
  /** px from the top of the list. */
  readonly top: number;
  readonly summary: PacketSummary;
  readonly origin: number;
  readonly severalMachines: boolean;
  readonly showSightings: boolean;
  readonly selected: boolean;
  readonly onChoose: () => void;
  readonly onOpen: () => void;
}

export function PacketLine({
  row,
  index,
  top,
  summary,
  origin,
  severalMachines,
  showSightings,
  selected,
  onChoose,
  onOpen,
}: Props) {
  const { hop } = row;
  const more = showSightings && row.later.length > 0 ? ` +${row.later.length}` : '';
  return (
    // Keys are the grid's: it holds the focus and names this row as its active one.
    <tr
      id={rowId(hop.n)}
      class={index % 2 === 0 ? 'pk-row' : 'pk-row pk-odd'}
      style={{ transform: `translateY(${top}px)` }}
      aria-rowindex={index + 2}
      aria-selected={selected}
      onClick={onChoose}
      onDblClick={onOpen}
    >
      <td class="pk-time" title={`${guestClock(hop.time)} by the clock of ${hop.machine} (UTC)`}>
        {sinceFirst(hop.time, origin)}
      </td>
      <td class="pk-where" title={more === '' ? undefined : `first of ${plural(row.later.length + 1, 'sighting')}`}>
        <span class="pk-device">{place(hop, severalMachines)}</span> <span class="pk-direction">{hop.direction}</span>
        {more}
      </td>
      <td class="pk-from">{summary.source}</td>
      <td class="pk-to">{summary.destination}</td>
      <td class="pk-protocol">
        <span class={`pk-chip pk-${summary.family}`}>{summary.protocol}</span>
      </td>
      <td class="pk-info" title={summary.info}>
        {summary.info}
      </td>
    </tr>
  );
}
