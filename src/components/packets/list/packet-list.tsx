// The packets in a grid, newest below. Only the rows in sight are rendered and summarised, so that a hundred thousand packets
// cost the page no more than a screenful. Browsers draw elements of up to 17.9 million pixels (Firefox, whose limit is the
// lowest): at 44 px a row that is 400,000 rows, more than any list here has.
import type { Ref } from 'preact';
import { useImperativeHandle, useLayoutEffect, useRef } from 'preact/hooks';
import { rowWindow, scrollToRow } from '../../ui/row-window.ts';
import { useScrollView } from '../../ui/use-scroll-view.ts';
import type { PacketStore } from '../source/packet-store.ts';
import { PacketLine, rowId } from './packet-line.tsx';
import './packet-list.css';

export interface PacketListHandle {
  /** Scrolls no further than needed to show the row whole. */
  reveal(row: number): void;
  focus(): void;
}

interface Props {
  readonly store: PacketStore;
  readonly severalMachines: boolean;
  readonly grouped: boolean;
  /** Keep to the newest. */
  readonly following: boolean;
  onFollowing(following: boolean): void;
  /** Number of the packet; null: none is. */
  readonly selected: number | null;
  readonly marked: ReadonlySet<number>;
  /** Numbers of packets that were dropped. */
  readonly dropped: ReadonlySet<number>;
  readonly compared: number | null;
  onChoose(row: number): void;
  /** The packet of that number, whatever the rows are by now: what was clicked is what was seen. */
  onShow(n: number): void;
  onOpen(): void;
  /** A key that means something to the list's owner; true when it did. */
  onKey(event: KeyboardEvent): boolean;
  readonly handle: Ref<PacketListHandle>;
}

const WIDE_ROW = 26;
const NARROW_ROW = 44;
/** px below which a packet takes two lines. */
const NARROW = 560;

export function PacketList({ store, following, selected, handle, ...props }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, look] = useScrollView(scroller);
  const grid = useRef<HTMLTableElement>(null);
  const head = useRef<HTMLTableSectionElement>(null);
  const released = useRef(0);

  const narrow = view.width > 0 && view.width < NARROW;
  const rowHeight = narrow ? NARROW_ROW : WIDE_ROW;
  const { count } = store;
  // Following, the place is known before the browser has scrolled there.
  const newest = count * rowHeight - view.height;
  const inSight = rowWindow(following ? Math.max(0, newest) : view.top, view.height, rowHeight, count);
  const row = selected === null ? -1 : store.rowOf(selected);

  // Before the frame is painted: keep to the newest, or keep what is being read where it is when older rows are let go.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const gone = store.released - released.current;
    released.current = store.released;
    if (following) element.scrollTop = element.scrollHeight;
    else if (gone > 0 && !store.isFiltered) element.scrollTop = Math.max(0, element.scrollTop - gone * rowHeight);
  });

  function reveal(row: number): void {
    const element = scroller.current;
    if (element === null || row < 0) return;
    const covered = narrow ? 0 : (head.current?.offsetHeight ?? 0);
    element.scrollTop = scrollToRow(row, element.scrollTop, element.clientHeight, rowHeight, covered);
  }

  // When a packet opens beside it, the list has less room, and higher rows: what is read stays in sight.
  const shape = useRef({ rowHeight, height: view.height });
  useLayoutEffect(() => {
    const before = shape.current;
    shape.current = { rowHeight, height: view.height };
    const element = scroller.current;
    if (element === null || (before.rowHeight === rowHeight && before.height === view.height)) return;
    if (!following) element.scrollTop *= rowHeight / before.rowHeight;
    reveal(row);
  }, [rowHeight, view.height]);

  useImperativeHandle(handle, () => ({
    reveal,
    focus: () => grid.current?.focus({ preventScroll: true }),
  }));

  function onKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(view.height / rowHeight) - 2);
    const from = row < 0 ? (event.key === 'ArrowUp' || event.key === 'PageUp' ? count : inSight.end - 1) : row;
    const next = {
      ArrowDown: from + 1,
      ArrowUp: from - 1,
      PageDown: from + page,
      PageUp: from - page,
      Home: 0,
      End: count - 1,
    }[event.key];
    if (next !== undefined) props.onChoose(Math.max(0, Math.min(count - 1, next)));
    else if (!props.onKey(event)) return;
    event.preventDefault();
  }

  // A row that comes into sight takes the elements of one that left it: new ones would cost ten times as much style. An even
  // number, so that odd rows take those of odd ones.
  const slots = 2 * Math.ceil((inSight.end - inSight.first + 1) / 2);
  const origin = store.first?.time ?? 0;
  const lines = [];
  for (let at = inSight.first; at < inSight.end; at++) {
    const index = store.indexAt(at);
    if (index < 0) continue;
    const packet = store.packet(index);
    const gap = store.gapAt(packet);
    lines.push(
      <PacketLine
        key={at % slots}
        packet={packet}
        summary={store.summary(index)}
        row={at}
        time={packet.time}
        origin={origin}
        severalMachines={props.severalMachines}
        again={props.grouped ? store.seenElsewhere(index) : 0}
        gap={gap}
        opensGap={gap !== undefined && store.opensGap(at, gap)}
        selected={at === row}
        marked={props.marked.has(packet.n)}
        dropped={props.dropped.has(packet.n)}
        compared={packet.n === props.compared}
        onChoose={() => props.onShow(packet.n)}
        onOpen={() => props.onOpen()}
      />,
    );
  }

  return (
    <div
      class="pk-scroll"
      ref={scroller}
      onScroll={(event) => {
        const element = event.currentTarget;
        look(element);
        props.onFollowing(element.scrollTop + element.clientHeight >= element.scrollHeight - 4);
      }}
    >
      <table
        class={narrow ? 'pk-grid pk-narrow' : 'pk-grid'}
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: ARIA makes a grid of a table whose rows are selected
        role="grid"
        aria-label="Packets"
        aria-rowcount={count + 1}
        aria-colcount={8}
        aria-activedescendant={
          row >= inSight.first && row < inSight.end ? rowId(store.packet(store.indexAt(row)).n) : undefined
        }
        tabIndex={0}
        ref={grid}
        onKeyDown={onKey}
      >
        <thead ref={head}>
          <tr aria-rowindex={1}>
            <th scope="col">No.</th>
            <th scope="col">Time, s</th>
            <th scope="col">Where</th>
            <th scope="col">Source</th>
            <th scope="col">Destination</th>
            <th scope="col">Protocol</th>
            <th scope="col" class="pk-length">
              Length
            </th>
            <th scope="col">Info</th>
          </tr>
        </thead>
        {/* The rows above those in sight are room. Each with a place of its own, as a transform, they took four times as long. */}
        <tbody style={{ height: `${count * rowHeight}px`, paddingBlockStart: `${inSight.first * rowHeight}px` }}>
          {lines}
        </tbody>
      </table>
    </div>
  );
}
