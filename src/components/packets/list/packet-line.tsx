// One row of the packet list.
import { type Gap, gapWords } from '../../../hop/gap.ts';
import { placeOf } from '../../../hop/hop.ts';
import type { PacketSummary } from '../../../packet/summary.ts';
import { plural } from '../../ui/words.ts';
import { guestClock, sinceFirst } from '../packet-words.ts';
import type { ListedHop } from '../source/packet-source.ts';

export const rowId = (n: number): string => `pk-row-${n}`;

interface Props {
  readonly packet: ListedHop;
  readonly summary: PacketSummary;
  /** TapPlace in the list, from 0. */
  readonly row: number;
  readonly origin: number;
  /** Seconds since the epoch, all clocks set by one; the list's first packet's in `origin`. */
  readonly time: number;
  readonly severalMachines: boolean;
  /** Other sightings to tell of; 0: none, or they have rows of their own. */
  readonly again: number;
  /** In which packets of the same tap are missing; undefined: none are, as far as is known. */
  readonly gap: Gap | undefined;
  /** The row is the first of its gap. */
  readonly opensGap: boolean;
  readonly selected: boolean;
  readonly marked: boolean;
  /** It was seen to be dropped. */
  readonly dropped: boolean;
  /** The packet that another one is compared with. */
  readonly compared: boolean;
  readonly onChoose: () => void;
  readonly onOpen: () => void;
}

export function PacketLine({
  packet,
  summary,
  row,
  again,
  gap,
  opensGap,
  selected,
  marked,
  dropped,
  compared,
  ...props
}: Props) {
  const classes = [
    'pk-row',
    row % 2 === 1 && 'pk-odd',
    marked && 'pk-marked',
    compared && 'pk-compared',
    dropped && 'pk-dropped',
    gap && 'pk-gap',
  ];
  const signs = [dropped && 'dropped', marked && 'marked', compared && 'compared'].filter((sign) => sign !== false);
  return (
    // Keys are the grid's: it holds the focus and names this row as its active one.
    <tr
      id={rowId(packet.n)}
      class={classes.filter((name) => typeof name === 'string').join(' ')}
      aria-rowindex={row + 2}
      aria-selected={selected}
      onClick={props.onChoose}
      onDblClick={props.onOpen}
      // A double click opens the packet; by itself it would select a word as well.
      onMouseDown={(event) => event.detail > 1 && event.preventDefault()}
    >
      <td class="pk-number">
        {dropped && <span class="pk-cross">✗</span>}
        {(marked || compared) && <span class="pk-sign">{marked ? '◆' : '⇄'}</span>}
        {signs.length > 0 && <span class="sr-only">{signs.join(', ')} </span>}
        {packet.n}
      </td>
      <td class="pk-time" title={`${guestClock(props.time)} (UTC)`}>
        {sinceFirst(props.time, props.origin)}
      </td>
      <td class="pk-where" title={whereTitle(packet, again)}>
        <span class="pk-device">{packet.device === '' ? placeOf(packet) : packet.device}</span>{' '}
        {packet.direction !== 'unknown' && <span class="pk-direction">{packet.direction}</span>}
        {again > 0 && <span class="pk-again"> +{again}</span>}
        {props.severalMachines && packet.device !== '' && <span class="pk-host"> {packet.machine}</span>}
      </td>
      <td class="pk-from" title={summary.source}>
        {summary.source}
      </td>
      <td class="pk-to" title={summary.destination}>
        {summary.destination}
      </td>
      <td class="pk-protocol">
        <span class={`pk-chip hue-${summary.family}`}>{summary.protocol}</span>
      </td>
      <td class="pk-length">{packet.originalLength}</td>
      <td class="pk-info" title={summary.info}>
        {gap !== undefined && opensGap && (
          <span class="pk-missing" title={gapWords(gap)}>
            {plural(gap.count, 'packet')} lost by the tap of {gap.machine} here
          </span>
        )}
        {packet.bytes.length < packet.originalLength && (
          <span
            class="pk-cut"
            title={`The capture kept ${packet.bytes.length.toLocaleString('en')} of ${plural(packet.originalLength, 'byte')}.`}
          >
            cut
          </span>
        )}
        {summary.info}
      </td>
    </tr>
  );
}

function whereTitle(packet: ListedHop, again: number): string {
  const direction = packet.direction === 'unknown' ? '' : ` ${packet.direction}`;
  const others = again === 0 ? '' : `, and seen ${plural(again, 'more time', 'more times')}`;
  return `${placeOf(packet)}${direction}${others}`;
}
