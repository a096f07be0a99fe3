// The bytes of a packet, in hexadecimal and as text. One stop for the Tab key: the arrows go from byte to byte, and the byte's
// field is shown in the tree. Only the lines in sight are rendered, since a packet may have 65,535 bytes.
import { useEffect, useRef, useState } from 'preact/hooks';
import { rowWindow, scrollToRow } from '../../ui/row-window.ts';
import { useScrollView } from '../../ui/use-scroll-view.ts';
import type { Anatomy, Range, Spot } from './anatomy.ts';
import { layerFamily, layerTitle } from './layer-words.ts';
import './hex-view.css';

interface Props {
  readonly id: string;
  readonly anatomy: Anatomy;
  readonly active: Spot;
  readonly shown: Spot | null;
  onChoose(spot: Spot): void;
  onHover(spot: Spot | null): void;
}

const LINE = 20;
/** px of the bytes of a line, its offset and its text: below that a line has half as many. */
const WIDE = 540;

export function HexView({ id, anatomy, active, shown, onChoose, onHover }: Props) {
  const { bytes } = anatomy;
  const [cursor, setCursor] = useState(0);
  const [focused, setFocused] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);
  const [view, look] = useScrollView(scroller);
  const perLine = view.width >= WIDE ? 16 : 8;
  const lines = Math.ceil(bytes.length / perLine);
  const { first, end } = rowWindow(view.top, view.height, LINE, lines);
  const chosen = anatomy.range(active);
  const marked = anatomy.range(shown ?? active);
  const cellId = (at: number): string => `${id}-byte-${at}`;

  // What was chosen elsewhere comes into sight here; a byte that was chosen here is in sight.
  useEffect(() => {
    if (chosen.end > chosen.start && (cursor < chosen.start || cursor >= chosen.end)) {
      setCursor(chosen.start);
      reveal(chosen.start);
    }
  }, [chosen.start, chosen.end, anatomy, perLine]);

  function reveal(at: number): void {
    const element = scroller.current;
    if (element === null) return;
    element.scrollTop = scrollToRow(Math.floor(at / perLine), element.scrollTop, element.clientHeight, LINE, 0);
  }

  function go(at: number): void {
    const next = Math.max(0, Math.min(bytes.length - 1, at));
    setCursor(next);
    reveal(next);
    const spot = anatomy.spotAt(next);
    if (spot !== null) onChoose(spot);
  }

  function onKey(event: KeyboardEvent): void {
    const { key, ctrlKey } = event;
    const start = cursor - (cursor % perLine);
    const moves: Readonly<Record<string, number>> = {
      ArrowRight: cursor + 1,
      ArrowLeft: cursor - 1,
      ArrowDown: cursor + perLine,
      ArrowUp: cursor - perLine,
      PageDown: cursor + perLine * 8,
      PageUp: cursor - perLine * 8,
      Home: ctrlKey ? 0 : start,
      End: ctrlKey ? bytes.length - 1 : start + perLine - 1,
    };
    const next = moves[key];
    if (next === undefined) return;
    event.preventDefault();
    // Beyond the first and the last line there is no byte straight above or below.
    if ((key === 'ArrowUp' && next < 0) || (key === 'ArrowDown' && next >= bytes.length)) return;
    go(next);
  }

  const rows = [];
  for (let line = first; line < end; line++) {
    const from = line * perLine;
    rows.push(
      <Line
        key={line}
        anatomy={anatomy}
        from={from}
        to={Math.min(from + perLine, bytes.length)}
        row={line + 1}
        marked={marked}
        cursor={focused ? cursor : -1}
        cellId={cellId}
      />,
    );
  }
  return (
    <div
      class={perLine === 16 ? 'pk-hex' : 'pk-hex is-half'}
      ref={scroller}
      onScroll={(event) => look(event.currentTarget)}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a table of thousands of cells, of which only those in sight exist */}
      <div
        role="grid"
        aria-label={`Bytes, ${perLine} a line`}
        aria-rowcount={lines}
        aria-colcount={perLine}
        aria-activedescendant={bytes.length > 0 ? cellId(cursor) : undefined}
        tabIndex={0}
        style={{ height: `${lines * LINE}px`, paddingBlockStart: `${first * LINE}px` }}
        onKeyDown={onKey}
        onFocus={() => {
          setFocused(true);
          reveal(cursor);
        }}
        onBlur={() => setFocused(false)}
        onPointerOver={({ target }) => onHover(spotUnder(target, anatomy))}
        onPointerLeave={() => onHover(null)}
        onClick={({ target }) => {
          const at = byteUnder(target);
          if (at !== null) go(at);
        }}
      >
        {rows}
      </div>
    </div>
  );
}

function byteUnder(target: EventTarget | null): number | null {
  const at = target instanceof HTMLElement ? target.dataset.at : undefined;
  return at === undefined ? null : Number(at);
}

function spotUnder(target: EventTarget | null, anatomy: Anatomy): Spot | null {
  const at = byteUnder(target);
  return at === null ? null : anatomy.spotAt(at);
}

interface LineProps {
  readonly anatomy: Anatomy;
  readonly from: number;
  readonly to: number;
  readonly row: number;
  readonly marked: Range;
  readonly cursor: number;
  readonly cellId: (at: number) => string;
}

function Line({ anatomy, from, to, row, marked, cursor, cellId }: LineProps) {
  const cells = [];
  const text = [];
  for (let at = from; at < to; at++) {
    const byte = anatomy.bytes[at] ?? 0;
    const part = anatomy.parts[anatomy.spotAt(at)?.part ?? -1];
    const family = part === undefined ? 'other' : layerFamily(part.layer);
    const on = at >= marked.start && at < marked.end;
    const classes = `pk-byte hue-${family}${on ? ' is-on' : ''}${at === cursor ? ' is-at' : ''}`;
    const hex = byte.toString(16).padStart(2, '0');
    cells.push(
      // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus, and names the cell
      // biome-ignore lint/a11y/useSemanticElements: see the grid
      <span
        key={at}
        id={cellId(at)}
        role="gridcell"
        class={classes}
        data-at={at}
        aria-colindex={at - from + 1}
        aria-selected={on}
        aria-label={`byte ${at}: ${hex}, ${nameOf(anatomy, at)}`}
      >
        {hex}
      </span>,
    );
    text.push(
      <span key={at} class={classes} data-at={at}>
        {byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'}
      </span>,
    );
  }
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: see the cell
    // biome-ignore lint/a11y/useSemanticElements: see the grid
    <div class="pk-line" role="row" aria-rowindex={row}>
      <span class="pk-offset" aria-hidden="true">
        {from.toString(16).padStart(4, '0')}
      </span>
      <span class="pk-bytes" role="presentation">
        {cells}
      </span>
      <span class="pk-text" aria-hidden="true">
        {text}
      </span>
    </div>
  );
}

function nameOf(anatomy: Anatomy, at: number): string {
  const spot = anatomy.spotAt(at);
  if (spot === null) return 'no field';
  const part = anatomy.parts[spot.part];
  return anatomy.field(spot)?.name ?? (part === undefined ? 'no field' : layerTitle(part.layer));
}
