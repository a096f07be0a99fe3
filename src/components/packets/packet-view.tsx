// Filter, list and the packet that is looked at, for a lab's packets and for a file's.

import { type ReadonlySignal, signal, useSignalEffect } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { BACKGROUND } from '../../hop/background.ts';
import { gapWords } from '../../hop/gap.ts';
import { machineOfFile } from '../../hop/machine-of-file.ts';
import type { Journey } from '../../journey/journey.ts';
import type { Filter } from '../../packet/filter/compile.ts';
import { showBackground, showsBackground } from '../ui/background.ts';
import { Button } from '../ui/button.tsx';
import { INITIAL_SHARE, PaneBorder } from '../ui/pane-border.tsx';
import { useSignalValue } from '../ui/use-signal-value.ts';
import { useUniqueId } from '../ui/use-unique-id.ts';
import { plural } from '../ui/words.ts';
import { PacketDetail } from './detail/packet-detail.tsx';
import { FilterBar } from './filter/filter-bar.tsx';
import { rememberFilter } from './filter/filter-history.ts';
import { streamFilter } from './filter/filter-ideas.ts';
import { PacketList, type PacketListHandle } from './list/packet-list.tsx';
import { groupPackets } from './source/group-packets.ts';
import { PacketJourneys } from './source/packet-journeys.ts';
import type { ListedHop, PacketSource } from './source/packet-source.ts';
import { PacketStore } from './source/packet-store.ts';
import { captureOf } from './source/save-capture.ts';
import { TraceFilter } from './trace-filter.tsx';
import { UnseenDrops, useUnseen } from './unseen-drops.tsx';
import './packets.css';

export interface PacketViewProps {
  readonly source: PacketSource;
  readonly onSelect?: (packet: ListedHop | null) => void;
  /** Number of the packet that is looked at elsewhere, and is to be selected here; 0: none is. */
  readonly looked?: ReadonlySignal<number>;
}

const NO_FILTER: Filter = { text: '', expression: null, names: new Set(), matches: () => true };
/** ms of a frame for taking packets in and looking through them. */
const BUDGET = 8;
/** Of them, too: some ms. */
const MOST_REGROUPED = 200;
/** ms */
const ASK_AFTER = 1500;
const SAVE_AFTER = 3000;

export function PacketView({ source, onSelect, looked }: PacketViewProps) {
  const id = useUniqueId();
  const store = useMemo(() => {
    const made = new PacketStore({ capacity: source.capacity });
    if (source.live) made.setOnePerPacket(true);
    return made;
  }, [source]);
  const background = useSignalValue(showsBackground);
  const dropped = useDropped(source.dropped);
  const [, render] = useState(0);
  const [text, setText] = useState('');
  const [filter, setFilter] = useState(NO_FILTER);
  const [grouped, setGrouped] = useState(source.live);
  const [following, setFollowing] = useState(source.live);
  const [selected, setSelected] = useState<number | null>(null);
  const [open, setOpen] = useState(false);
  const [marked, setMarked] = useState<ReadonlySet<number>>(new Set());
  const [compared, setCompared] = useState<number | null>(null);
  const [share, setShare] = useState(INITIAL_SHARE);
  const [said, say] = useState('');
  const list = useRef<PacketListHandle>(null);
  const [progress, setProgress] = useState(1);
  const grouping = useRef<AbortController | null>(null);
  useEffect(
    () => () => {
      grouping.current?.abort();
      isGrouped.current = false;
    },
    [],
  );

  const isGrouped = useRef(grouped);
  isGrouped.current = grouped;
  const asking = useRef(false);

  /** Says which of a lab's packets are one, as far as is known now. True when there is more to say. */
  function regroup(): boolean {
    const found = source.regrouped(MOST_REGROUPED);
    if (found === null) return false;
    store.regroupSome(found.packets);
    if (found.isOpen && !asking.current) void askOfNat();
    return !found.isAll;
  }

  /** What NAT rewrote is one packet only for the machines' own tables: they are asked, seldom, until all that can have answered. */
  async function askOfNat(): Promise<void> {
    asking.current = true;
    let newest = 0;
    do {
      await new Promise((resolve) => setTimeout(resolve, ASK_AFTER));
      newest = store.newest;
      if (!isGrouped.current) break;
      await source.ask(newest);
      // Others may have asked, and been told.
      wake();
    } while (source.pending(newest) !== '');
    asking.current = false;
  }

  // One render a frame, however many batches come, and filtering in slices between them.
  const wake = useMemo(() => {
    let frame = 0;
    const step = (): void => {
      frame = 0;
      if (store.work(BUDGET) || (isGrouped.current && regroup())) wake();
      render((n) => n + 1);
    };
    const wake = (): void => {
      if (frame === 0) frame = requestAnimationFrame(step);
    };
    return wake;
  }, [store]);

  useEffect(
    () =>
      source.onPackets((batch) => {
        store.add(batch);
        wake();
      }),
    [source, store, wake],
  );

  useEffect(() => {
    store.hideBackground(source.live && !background);
    wake();
  }, [store, source, background, wake]);

  const journeys = useMemo(() => new PacketJourneys(store, source), [store, source, store.contents]);
  // The list was cleared, or another run of the lab began: the numbers may be other packets'.
  useEffect(() => forget(), [store.contents]);

  const unseen = useUnseen(journeys, source.live, store.kept);
  const packet = selected === null ? undefined : store.numbered(selected);
  const row = selected === null ? -1 : store.rowOf(selected);
  // The list has become lower: its row is not to be behind the packet.
  useLayoutEffect(() => list.current?.reveal(row), [open, share]);

  // What picture and steps look at is selected here: which way a reader goes is one.
  useSignalEffect(() => {
    const n = looked?.value ?? 0;
    if (n === 0 || n === newestChoice.current || store.numbered(n) === undefined) return;
    setSelected(n);
    setFollowing(false);
    list.current?.reveal(store.rowOf(n));
  });
  const newestChoice = useRef(0);

  function choose(at: number): void {
    const index = store.indexAt(at);
    if (index >= 0) show(store.packet(index).n);
  }

  /** A packet that may be filtered out of the list. */
  function show(n: number): void {
    const chosen = store.numbered(n);
    if (chosen === undefined) return;
    setSelected(n);
    newestChoice.current = n;
    onSelect?.(chosen);
    setFollowing(false);
    list.current?.reveal(store.rowOf(n));
  }

  function follow(): void {
    const filter = packet === undefined ? null : streamFilter(packet);
    if (filter === null) {
      say('This packet belongs to no conversation: it has no two ends.');
      return;
    }
    setText(filter);
    rememberFilter(filter);
    say(`Filter: ${filter}`);
  }

  function mark(): void {
    if (selected === null) return;
    const next = new Set(marked);
    if (!next.delete(selected)) next.add(selected);
    setMarked(next);
    say(`Packet ${selected} ${next.has(selected) ? 'marked' : 'no longer marked'}.`);
  }

  /** The next marked packet after the selected one, or before it; around the end of the list. */
  function goToMark(step: 1 | -1): void {
    const rows = [...marked].map((n) => store.rowOf(n)).filter((at) => at >= 0);
    rows.sort((a, b) => (a - b) * step);
    const next = rows.find((at) => (at - row) * step > 0) ?? rows[0];
    if (next === undefined) say('No packet in the list is marked. M marks the one that is selected.');
    else choose(next);
  }

  function compare(): void {
    if (selected === null) return;
    const ends = compared === selected;
    setCompared(ends ? null : selected);
    say(ends ? 'Nothing is compared any more.' : `Packet ${selected} is compared with the next one that you select.`);
    if (!ends) setOpen(true);
  }

  function onKey(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === 'Enter' && selected !== null) setOpen(!open);
    else if (event.key === 'Escape' && open) setOpen(false);
    else if (event.key === 'm') mark();
    else if (event.key === 'n') goToMark(1);
    else if (event.key === 'N') goToMark(-1);
    else if (event.key === 'f') follow();
    else if (event.key === 'c') compare();
    else return false;
    return true;
  }

  /** With what the machines know of the packets by now, if they answer soon. */
  async function save(): Promise<void> {
    // Saved is what there is, whether or not they can be asked.
    const asked = source.ask(store.newest).catch(() => false);
    await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, SAVE_AFTER))]);
    const shown = [...store.shown()];
    const comment = `${source.title}, saved from Lockstep${text.trim() === '' ? '' : `; filter: ${text.trim()}`}`;
    const pieces = captureOf(shown, {
      comment,
      isMarked: (n) => marked.has(n),
      resolution: source.live ? 6 : 9,
      context: source.context(),
    });
    const url = URL.createObjectURL(new Blob(pieces, { type: 'application/vnd.tcpdump.pcap' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `${machineOfFile(source.title)}${store.isPart ? '-part' : ''}.pcapng`;
    link.click();
    // Once the download has begun, the browser has a copy.
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    say(`${plural(shown.length, 'packet')} saved as ${link.download}.`);
  }

  /** A lab's packets are put together as they come, a file's when somebody asks. */
  async function group(on: boolean): Promise<void> {
    setGrouped(on);
    isGrouped.current = on;
    grouping.current?.abort();
    if (on && !source.live) {
      const ending = new AbortController();
      grouping.current = ending;
      const context = source.context();
      const groups = await groupPackets(store.all(), store.kept, context, setProgress, ending.signal);
      if (groups === null) return;
      setProgress(1);
      store.regroup(groups);
    }
    store.setOnePerPacket(on);
    wake();
  }

  function forget(): void {
    setSelected(null);
    setCompared(null);
    setMarked(new Set());
    setOpen(false);
    onSelect?.(null);
  }

  function clear(): void {
    store.clear();
    setFollowing(true);
    wake();
  }

  return (
    <div class="pk ls-panel" style={{ '--pk-detail': `${share}%` }}>
      <div class="pk-tools" role="toolbar" aria-label="Packets">
        <FilterBar
          id={id}
          text={text}
          onText={setText}
          onFilter={(filter) => {
            setFilter(filter);
            store.setFilter(filter);
            wake();
          }}
        />
        <label class="pk-check">
          <input
            type="checkbox"
            checked={grouped}
            onChange={({ currentTarget }) => void group(currentTarget.checked)}
          />
          One row a packet{grouped && progress < 1 && ` (${Math.floor(progress * 100)} %)`}
        </label>
        <span class="pk-buttons">
          {source.tracing && <TraceFilter tracing={source.tracing} filter={filter} say={say} />}
          {source.live && (
            <Button onClick={clear} whyNot={store.kept === 0 ? 'The list is empty.' : undefined}>
              Clear
            </Button>
          )}
          <Button onClick={() => void save()} whyNot={store.count === 0 ? 'No packet is in the list.' : undefined}>
            Save pcapng
          </Button>
        </span>
      </div>
      <div class="pk-main">
        <div class="pk-body">
          <PacketList
            store={store}
            severalMachines={source.severalMachines}
            grouped={grouped}
            following={following}
            onFollowing={(follows) => setFollowing(follows && source.live)}
            selected={selected}
            marked={marked}
            dropped={dropped}
            compared={compared}
            onChoose={choose}
            onShow={(n) => {
              show(n);
              setOpen(true);
            }}
            onOpen={() => setOpen(true)}
            onKey={onKey}
            handle={list}
          />
          {store.count === 0 && <Nothing kept={store.kept} filter={text} live={source.live} />}
        </div>
        {open && packet !== undefined && <PaneBorder share={share} onShare={setShare} />}
        {open && packet !== undefined && (
          <PacketDetail
            packet={packet}
            compared={compared === null || compared === selected ? undefined : store.numbered(compared)}
            journeys={journeys}
            live={source.live}
            severalMachines={source.severalMachines}
            marked={marked.has(packet.n)}
            comparing={compared === selected}
            onShow={show}
            onStep={(step) => choose(row < 0 ? 0 : row + step)}
            onMark={mark}
            onFollow={follow}
            onCompare={compare}
            onClose={() => {
              setOpen(false);
              // It may have been out of sight behind the packet.
              requestAnimationFrame(() => list.current?.focus());
            }}
          />
        )}
      </div>
      <div class="pk-foot">
        <Counts store={store} grouped={grouped} live={source.live} taken={store.kept} rows={store.count} />
        <UnseenDrops drops={unseen} severalMachines={source.severalMachines} />
        {source.live && !following && store.count > 0 && (
          <Button onClick={() => setFollowing(true)}>Jump to latest</Button>
        )}
      </div>
      <p class="sr-only" aria-live="polite">
        {said}
      </p>
    </div>
  );
}

interface NothingProps {
  readonly kept: number;
  readonly filter: string;
  readonly live: boolean;
}

function Nothing({ kept, filter, live }: NothingProps) {
  const words =
    kept > 0 && filter.trim() !== ''
      ? `None of ${plural(kept, 'packet')} fits the filter.`
      : live
        ? 'No packet yet. Make some: ping something from a terminal, and what its devices see stands here.'
        : 'There is no packet in this file.';
  return <p class="ls-empty pk-nothing">{words}</p>;
}

/** Of one gap when and where, of several how much in all. */
function lostWords({ lost, gaps }: PacketStore): string {
  const [gap] = gaps;
  return gaps.length === 1 && gap !== undefined && gap.count === lost
    ? gapWords(gap)
    : `Taps lost at least ${plural(lost, 'packet')} in ${plural(gaps.length, 'stretch', 'stretches')}: rows that are near have a dotted line.`;
}

interface CountsProps {
  readonly store: PacketStore;
  readonly grouped: boolean;
  readonly live: boolean;
  /** The store is the same object however much it holds: these say that it holds more. */
  readonly taken: number;
  readonly rows: number;
}

function Counts({ store, grouped, live, taken, rows }: CountsProps) {
  const shows = useSignalValue(showsBackground) && store.background > 0;
  const all = plural(taken, live || grouped ? 'sighting' : 'packet');
  return (
    <p class="pk-counts">
      <span>
        {store.isFiltered
          ? `${rows.toLocaleString('en')} ${grouped ? plural(rows, 'packet').replace(/^\S+ /, '') : 'shown'} of ${all}`
          : all}
      </span>
      {store.released > 0 && (
        <span>
          The oldest {store.released.toLocaleString('en')} were let go: the list keeps{' '}
          {store.capacity.toLocaleString('en')}.
        </span>
      )}
      {store.leftOut > 0 && (
        <span>
          {plural(store.leftOut, 'sighting')} of {BACKGROUND} left out.{' '}
          <Button onClick={() => showBackground(true)}>Show</Button>
        </span>
      )}
      {live && shows && <Button onClick={() => showBackground(false)}>Leave out {BACKGROUND}</Button>}
      {store.lost > 0 && <span class="pk-lost">{lostWords(store)}</span>}
    </p>
  );
}

const NONE: ReadonlySignal<readonly Journey[]> = signal([]);

/** Numbers of all sightings of packets that were dropped. */
function useDropped(journeys: ReadonlySignal<readonly Journey[]> = NONE): ReadonlySet<number> {
  const all = useSignalValue(journeys);
  return useMemo(() => new Set(all.flatMap(({ hops }) => hops.map(({ hop }) => hop.n))), [all]);
}
