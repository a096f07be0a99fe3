// The packet that is looked at: what is to be said of it, the way it went, its layers, its fields and its bytes.

import { useEffect, useMemo, useState } from 'preact/hooks';
import { summarize } from '../../../packet/summary.ts';
import { Button } from '../../ui/button.tsx';
import { useUniqueId } from '../../ui/use-unique-id.ts';
import { plural } from '../../ui/words.ts';
import { guestClock, place } from '../packet-words.ts';
import type { PacketJourneys } from '../source/packet-journeys.ts';
import type { ListedHop } from '../source/packet-source.ts';
import { Anatomy, type Spot } from './anatomy.ts';
import { CompareView } from './compare-view.tsx';
import { FieldTree, spotKey } from './field-tree.tsx';
import { HexView } from './hex-view.tsx';
import { LayerFigure } from './layer-figure.tsx';
import { noticesOf } from './packet-notices.ts';
import { HopChanges, PacketWay } from './packet-way.tsx';
import './packet-detail.css';

interface Props {
  readonly packet: ListedHop;
  /** Another one, to lay beside it. */
  readonly compared: ListedHop | undefined;
  readonly journeys: PacketJourneys;
  /** Seconds since the epoch, all clocks set by one. */
  /** Packets go on coming: what is known of the way may change. */
  readonly live: boolean;
  readonly severalMachines: boolean;
  readonly marked: boolean;
  /** The packet is the one that others are compared with. */
  readonly comparing: boolean;
  /** Selects another packet. */
  onShow(n: number): void;
  /** Selects the packet in the row above (−1) or below (1). */
  onStep(step: 1 | -1): void;
  onMark(): void;
  onFollow(): void;
  onCompare(): void;
  onClose(): void;
}

/** ms between two looks at what a running lab shows of the packet's way. */
const LOOK_AGAIN = 1000;

export function PacketDetail({ packet, compared, journeys, live, ...props }: Props) {
  const id = useUniqueId();
  const [looks, setLooks] = useState(0);
  const anatomy = useMemo(() => new Anatomy(packet), [packet.n, packet.bytes]);
  const summary = useMemo(
    () => summarize(packet.bytes, packet.linkType, packet.originalLength, packet.facts),
    [anatomy],
  );
  const notices = useMemo(() => {
    const kept = { bytes: packet.bytes.length, originalLength: packet.originalLength };
    return noticesOf(
      anatomy.parts.map(({ layer }) => layer),
      kept,
    );
  }, [anatomy]);
  const journey = useMemo(() => journeys.journeyOf(packet.n), [journeys, packet.n, looks]);
  const hop = journey?.hops.find((each) => each.hop.n === packet.n);
  const before = useMemo(() => {
    const found = new Map<string, string>();
    for (const { field, from, to } of hop?.changes ?? []) {
      const spot = to === null || from === null ? null : anatomy.find(field, String(to));
      if (spot !== null) found.set(spotKey(spot), String(from));
    }
    return found;
  }, [anatomy, hop]);

  useEffect(() => {
    if (!live) return;
    const timer = setInterval(() => {
      // Asked at once, they would be asked about each packet that a reader passes in the list.
      void journeys.ask(packet.n);
      setLooks((n) => n + 1);
    }, LOOK_AGAIN);
    return () => clearInterval(timer);
  }, [live, journeys, packet.n]);

  return (
    <section class="pk-detail" aria-label={`Packet ${packet.n}`}>
      <header class="pk-detail-head">
        <p class="pk-detail-line">
          <span class={`pk-chip hue-${summary.family}`}>{summary.protocol}</span>{' '}
          <span class="pk-mono">
            {summary.source} → {summary.destination}
          </span>{' '}
          {summary.info}
        </p>
        <span class="pk-buttons">
          <Button onClick={() => props.onStep(-1)} aria-label="The packet before">
            ↑
          </Button>
          <Button onClick={() => props.onStep(1)} aria-label="The packet after">
            ↓
          </Button>
          <Button onClick={() => props.onFollow()} aria-keyshortcuts="f" title="Only its conversation (F)">
            Follow stream
          </Button>
          <Button
            pressed={props.marked}
            onClick={() => props.onMark()}
            aria-keyshortcuts="m"
            title="Find it again with N (M)"
          >
            Mark
          </Button>
          <Button
            pressed={props.comparing}
            onClick={() => props.onCompare()}
            aria-keyshortcuts="c"
            title="Lay the next one beside it (C)"
          >
            Compare
          </Button>
          <Button onClick={() => props.onClose()} aria-label="Close the packet">
            Close
          </Button>
        </span>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be within reach of the keyboard */}
      <div class="pk-detail-body" tabIndex={0}>
        {compared !== undefined ? (
          <CompareView left={compared} right={packet} />
        ) : (
          <>
            <p class="pk-soft">
              {plural(packet.originalLength, 'byte')}
              {packet.bytes.length < packet.originalLength && `, of which ${packet.bytes.length} were captured`}; seen{' '}
              {guestClock(packet.time)} UTC at {place(packet, props.severalMachines)}.
              {props.comparing && ' Select another packet to compare it with this one.'}
            </p>
            {packet.comment !== undefined && <p class="pk-comment">{packet.comment}</p>}
            {notices.map(({ kind, text }) => (
              <p key={text} class={kind === 'bad' ? 'pk-notice is-bad' : 'pk-notice'}>
                {text}
              </p>
            ))}
            {journey !== undefined && (
              <PacketWay journey={journey} n={packet.n} pending={journeys.pending(packet.n)} onShow={props.onShow} />
            )}
            {journey !== undefined && hop !== undefined && <HopChanges hop={hop} hops={journey.hops} />}
            <Inside key={packet.n} id={id} anatomy={anatomy} before={before} />
          </>
        )}
      </div>
    </section>
  );
}

interface InsideProps {
  readonly id: string;
  readonly anatomy: Anatomy;
  readonly before: ReadonlyMap<string, string>;
}

/** Layers, fields and bytes: what is pointed at in one of the three is shown in the others. */
function Inside({ id, anatomy, before }: InsideProps) {
  const [active, setActive] = useState<Spot>({ part: anatomy.main, field: -1 });
  const [hovered, setHovered] = useState<Spot | null>(null);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set([anatomy.main]));
  const shown = hovered ?? active;

  function openPart(part: number, isOpen: boolean): void {
    setOpen((was) => {
      const next = new Set(was);
      if (isOpen) next.add(part);
      else next.delete(part);
      return next;
    });
  }

  function choose(spot: Spot): void {
    setActive(spot);
    // A mouse that rests somewhere else is not what the reader is about.
    setHovered(null);
    if (spot.field >= 0) openPart(spot.part, true);
  }

  return (
    <>
      <LayerFigure
        anatomy={anatomy}
        shown={shown}
        onHover={setHovered}
        onChoose={(spot) => {
          choose(spot);
          openPart(spot.part, true);
        }}
      />
      <div class="pk-inside-out">
        <FieldTree
          id={id}
          anatomy={anatomy}
          active={active}
          shown={shown}
          open={open}
          before={before}
          onOpen={openPart}
          onChoose={choose}
          onHover={setHovered}
        />
        <HexView id={id} anatomy={anatomy} active={active} shown={shown} onChoose={choose} onHover={setHovered} />
      </div>
    </>
  );
}
