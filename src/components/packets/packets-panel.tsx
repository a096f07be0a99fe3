// The packets of a lab in a list, newest below. Only the rows in sight are rendered and summarised, once a frame at most,
// so that twenty thousand packets a second cost the page no more than a screenful.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Hop, Lab } from '../../lab/lab.ts';
import { useSignalValue } from '../topology/use-signal-value.ts';
import { PacketDetail } from './packet-detail.tsx';
import { PacketLine, rowId } from './packet-line.tsx';
import { CAPACITY, PacketStore } from './packet-store.ts';
import { plural } from './packet-words.ts';
import { rowWindow, scrollToRow } from './row-window.ts';
import '../topology/topology.css';
import './packets.css';

export interface PacketsPanelProps {
  readonly lab: Lab;
  /** Called when the reader selects a packet; null when nothing is selected any more. */
  readonly onSelect?: (hop: Hop | null) => void;
}

const WIDE_ROW = 26;
const NARROW_ROW = 44;
/** px; below it a packet takes two lines. */
const NARROW = 620;
/** ms of a frame for taking packets in and looking through them. */
const BUDGET = 8;

export function PacketsPanel({ lab, onSelect }: PacketsPanelProps) {
  const store = useMemo(() => {
    const made = new PacketStore();
    made.setGraph(lab.graph.peek());
    return made;
  }, [lab]);
  const graph = useSignalValue(lab.graph);
  store.setGraph(graph);
  const [, render] = useState(0);
  const [filter, setFilter] = useState('');
  const [grouped, setGrouped] = useState(false);
  const [paused, setPaused] = useState(false);
  const [following, setFollowing] = useState(true);
  const [selected, setSelected] = useState<number | null>(null);
  const [open, setOpen] = useState(false);
  const [view, setView] = useState({ top: 0, height: 0, width: 0 });
  const scroller = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLTableSectionElement>(null);
  const isPaused = useRef(paused);
  isPaused.current = paused;
  const released = useRef(0);

  const narrow = view.width > 0 && view.width < NARROW;
  const rowHeight = narrow ? NARROW_ROW : WIDE_ROW;
  const rows = store.shown;
  // Following, the place is known before the browser has scrolled there.
  const newest = rows.length * rowHeight - view.height;
  const inSight = rowWindow(following ? Math.max(0, newest) : view.top, view.height, rowHeight, rows.length);

  // One render a frame, however many batches come, and filtering in slices between them.
  const wake = useMemo(() => {
    let frame = 0;
    const step = (): void => {
      frame = 0;
      if (store.work(BUDGET)) wake();
      render((n) => n + 1);
    };
    const wake = (): void => {
      if (frame === 0) frame = requestAnimationFrame(step);
    };
    return wake;
  }, [store]);

  useEffect(
    () =>
      lab.onHops((batch) => {
        if (isPaused.current) store.pass(batch);
        else store.add(batch);
        wake();
      }),
    [lab, store, wake],
  );

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => look(element));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // Before the frame is painted: keep to the newest, or keep what is being read where it is when older rows are let go.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const gone = store.released - released.current;
    released.current = store.released;
    if (following) element.scrollTop = element.scrollHeight;
    else if (gone > 0 && !store.isFiltered && !grouped)
      element.scrollTop = Math.max(0, element.scrollTop - gone * rowHeight);
  });

  /** What is seen of the list now; the same object when that has not changed, so that nothing renders for it. */
  function look(element: HTMLElement): void {
    const { scrollTop: top, clientHeight: height, clientWidth: width } = element;
    setView((was) => (was.top === top && was.height === height && was.width === width ? was : { top, height, width }));
  }

  const index = selected === null ? -1 : rows.findIndex((row) => row.hop.n === selected);
  const selectedRow = rows[index];

  function choose(at: number): void {
    const row = rows[Math.max(0, Math.min(rows.length - 1, at))];
    const element = scroller.current;
    if (row === undefined || element === null) return;
    setSelected(row.hop.n);
    onSelect?.(row.hop);
    setFollowing(false);
    const covered = head.current?.offsetHeight ?? 0;
    element.scrollTop = scrollToRow(rows.indexOf(row), element.scrollTop, element.clientHeight, rowHeight, covered);
  }

  function onKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(view.height / rowHeight) - 2);
    const from =
      index < 0 ? (event.key === 'ArrowUp' || event.key === 'PageUp' ? rows.length : inSight.end - 1) : index;
    const next = {
      ArrowDown: from + 1,
      ArrowUp: from - 1,
      PageDown: from + page,
      PageUp: from - page,
      Home: 0,
      End: rows.length - 1,
    }[event.key];
    if (next !== undefined) choose(next);
    else if (event.key === 'Enter' && selected !== null) setOpen(!open);
    else if (event.key === 'Escape' && open) setOpen(false);
    else return;
    event.preventDefault();
  }

  function clear(): void {
    store.clear();
    released.current = 0;
    setSelected(null);
    onSelect?.(null);
    setOpen(false);
    setFollowing(true);
    wake();
  }

  const several = lab.machines.length > 1;
  return (
    <div class="pk">
      <div class="pk-tools" role="toolbar" aria-label="Packets">
        <input
          type="search"
          class="pk-filter"
          placeholder="Filter: icmp 172.17.0.2"
          aria-label="Show packets that contain these words"
          value={filter}
          onInput={(event) => {
            setFilter(event.currentTarget.value);
            store.setFilter(event.currentTarget.value);
            wake();
          }}
        />
        <label class="pk-check">
          <input
            type="checkbox"
            checked={grouped}
            onChange={(event) => {
              setGrouped(event.currentTarget.checked);
              store.setOnePerPacket(event.currentTarget.checked);
              wake();
            }}
          />
          One row a packet
        </label>
        <span class="pk-buttons">
          <button
            type="button"
            class="tp-button"
            aria-pressed={paused}
            onClick={() => {
              if (paused) store.resume();
              setPaused(!paused);
            }}
          >
            Pause
          </button>
          <button type="button" class="tp-button" onClick={clear} disabled={store.kept === 0}>
            Clear
          </button>
        </span>
      </div>
      <div class="pk-body">
        <div
          class="pk-scroll"
          ref={scroller}
          onScroll={(event) => {
            const element = event.currentTarget;
            look(element);
            setFollowing(element.scrollTop + element.clientHeight >= element.scrollHeight - 4);
          }}
        >
          <table
            class={narrow ? 'pk-grid pk-narrow' : 'pk-grid'}
            // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: ARIA makes a grid of a table whose rows are selected
            role="grid"
            aria-label="Packets"
            aria-rowcount={rows.length + 1}
            aria-colcount={6}
            aria-activedescendant={
              index >= inSight.first && index < inSight.end && selected !== null ? rowId(selected) : undefined
            }
            tabIndex={0}
            onKeyDown={onKey}
          >
            <thead ref={head}>
              <tr aria-rowindex={1}>
                <th scope="col">Time, s</th>
                <th scope="col">Where</th>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col">Protocol</th>
                <th scope="col">Info</th>
              </tr>
            </thead>
            <tbody style={{ height: `${rows.length * rowHeight}px` }}>
              {rows.slice(inSight.first, inSight.end).map((row, offset) => (
                <PacketLine
                  key={row.hop.n}
                  row={row}
                  index={inSight.first + offset}
                  top={(inSight.first + offset) * rowHeight}
                  summary={store.summary(row)}
                  origin={store.origin ?? row.hop.time}
                  severalMachines={several}
                  showSightings={grouped}
                  selected={row.hop.n === selected}
                  onChoose={() => choose(inSight.first + offset)}
                  onOpen={() => setOpen(true)}
                />
              ))}
            </tbody>
          </table>
          {rows.length === 0 && <Nothing kept={store.kept} filter={filter} paused={paused} />}
        </div>
        {!following && rows.length > 0 && (
          <button type="button" class="tp-button pk-latest" onClick={() => setFollowing(true)}>
            Jump to latest
          </button>
        )}
      </div>
      {open && selectedRow !== undefined && (
        <PacketDetail
          row={selectedRow}
          summary={store.summary(selectedRow)}
          graph={graph}
          onClose={() => setOpen(false)}
        />
      )}
      <Counts store={store} shown={rows.length} hidden={filter.trim() !== '' || grouped} grouped={grouped} />
    </div>
  );
}

function Nothing({
  kept,
  filter,
  paused,
}: {
  readonly kept: number;
  readonly filter: string;
  readonly paused: boolean;
}) {
  if (kept > 0 && filter.trim() !== '')
    return (
      <p class="tp-empty">
        No packet contains “{filter.trim()}”. Words are looked for in every column; try an address, a protocol or a
        device.
      </p>
    );
  if (paused) return <p class="tp-empty">The list is paused and empty. Press Pause again to let packets in.</p>;
  return (
    <p class="tp-empty">
      No packet yet. Make some: ping something from a terminal, and each device that sees a packet adds a line here.
    </p>
  );
}

interface CountsProps {
  readonly store: PacketStore;
  readonly shown: number;
  readonly hidden: boolean;
  readonly grouped: boolean;
}

function Counts({ store, shown, hidden, grouped }: CountsProps) {
  return (
    <p class="pk-counts">
      <span>
        {hidden
          ? `${shown.toLocaleString('en')} ${grouped ? plural(shown, 'packet').replace(/^\S+ /, '') : 'shown'} of ${plural(store.kept, 'sighting')}`
          : plural(store.kept, 'sighting')}
      </span>
      {store.released > 0 && (
        <span>
          The oldest {store.released.toLocaleString('en')} were let go: the list keeps {CAPACITY.toLocaleString('en')}.
        </span>
      )}
      {store.missed > 0 && <span>Paused: {plural(store.missed, 'sighting')} not taken in.</span>}
      {store.lost > 0 && (
        <span class="pk-lost">
          The machine's capture was cut off: at least {plural(store.lost, 'packet')} more went by.
        </span>
      )}
    </p>
  );
}
