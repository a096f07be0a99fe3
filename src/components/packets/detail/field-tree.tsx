// The fields of a packet as a tree: https://www.w3.org/WAI/ARIA/apg/patterns/treeview/ with the focus on the tree, which names
// its active item. Under it stands what the field is for.
import { useEffect, useRef } from 'preact/hooks';
import { keepInSight } from '../../ui/keep-in-sight.ts';
import { plural } from '../../ui/words.ts';
import { type Anatomy, type Spot, sameSpot } from './anatomy.ts';
import { isOfCapture, layerAbout, layerTitle, ofCaptureWords } from './layer-words.ts';
import './field-tree.css';

interface Props {
  readonly id: string;
  readonly anatomy: Anatomy;
  readonly active: Spot;
  readonly shown: Spot | null;
  /** Indices of the parts whose fields are shown. */
  readonly open: ReadonlySet<number>;
  /** What a field was before this hop, by the key of its spot. */
  readonly before: ReadonlyMap<string, string>;
  onOpen(part: number, open: boolean): void;
  onChoose(spot: Spot): void;
  onHover(spot: Spot | null): void;
}

export const spotKey = ({ part, field }: Spot): string => `${part}-${field}`;

export function FieldTree({ id, anatomy, active, shown, open, before, onOpen, onChoose, onHover }: Props) {
  const tree = useRef<HTMLDivElement>(null);
  const items = itemsOf(anatomy, open);
  const at = items.findIndex((spot) => sameSpot(spot, active));
  const itemId = (spot: Spot): string => `${id}-item-${spotKey(spot)}`;

  useEffect(() => {
    const list = tree.current;
    if (list !== null) keepInSight(list, list.querySelector('[aria-selected=true]'));
  }, [active.part, active.field, anatomy]);

  function onKey(event: KeyboardEvent): void {
    const { part, field } = active;
    const isOpen = open.has(part);
    const move = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (move !== undefined) {
      const next = items[Math.max(0, Math.min(items.length - 1, move))];
      if (next !== undefined) onChoose(next);
    } else if (event.key === 'ArrowRight') {
      if (field < 0 && !isOpen) onOpen(part, true);
      else if (field < 0 && anatomy.parts[part]?.fields[0] !== undefined) onChoose({ part, field: 0 });
    } else if (event.key === 'ArrowLeft') {
      if (field >= 0) onChoose({ part, field: -1 });
      else if (isOpen) onOpen(part, false);
    } else if (event.key === 'Enter' || event.key === ' ') {
      if (field < 0) onOpen(part, !isOpen);
    } else if (event.key === '*') for (let each = 0; each < anatomy.parts.length; each++) onOpen(each, true);
    else return;
    event.preventDefault();
  }

  return (
    <div class="pk-fields">
      <div
        class="pk-tree"
        role="tree"
        aria-label="Layers and fields"
        aria-activedescendant={at < 0 ? undefined : itemId(active)}
        tabIndex={0}
        ref={tree}
        onKeyDown={onKey}
        onPointerLeave={() => onHover(null)}
      >
        {items.map((spot) => {
          const { part, field } = spot;
          const isPart = field < 0;
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the tree's
            <div
              key={spotKey(spot)}
              id={itemId(spot)}
              role="treeitem"
              tabIndex={-1}
              class={classOf(spot, shown, before)}
              aria-level={isPart ? 1 : 2}
              aria-expanded={isPart ? open.has(part) : undefined}
              aria-selected={sameSpot(spot, active)}
              onPointerEnter={() => onHover(spot)}
              onClick={() => {
                onChoose(spot);
                if (isPart) onOpen(part, !open.has(part));
                tree.current?.focus({ preventScroll: true });
              }}
            >
              {isPart ? (
                <PartLine anatomy={anatomy} part={part} />
              ) : (
                <FieldLine anatomy={anatomy} spot={spot} was={before.get(spotKey(spot))} />
              )}
            </div>
          );
        })}
      </div>
      <p class="pk-what" aria-live="polite">
        {aboutOf(anatomy, shown ?? active)}
      </p>
    </div>
  );
}

/** What is seen of the tree, from the top. */
function itemsOf({ parts }: Anatomy, open: ReadonlySet<number>): Spot[] {
  return parts.flatMap(({ fields }, part) => [
    { part, field: -1 },
    ...(open.has(part) ? fields.map((_, field) => ({ part, field })) : []),
  ]);
}

function classOf(spot: Spot, shown: Spot | null, before: ReadonlyMap<string, string>): string {
  const classes = ['pk-item', spot.field < 0 ? 'is-part' : 'is-field'];
  if (sameSpot(spot, shown)) classes.push('is-shown');
  if (before.has(spotKey(spot))) classes.push('is-changed');
  return classes.join(' ');
}

function PartLine({ anatomy, part }: { readonly anatomy: Anatomy; readonly part: number }) {
  const found = anatomy.parts[part];
  if (found === undefined) return null;
  const { layer, start, headerEnd } = found;
  return (
    <>
      <span class="pk-title">{layerTitle(layer)}</span>{' '}
      <span class="pk-soft">
        {isOfCapture(layer) ? `${ofCaptureWords(layer)}, ` : ''}
        {layer.bytes === anatomy.bytes
          ? `${plural(headerEnd - start, 'byte')} from ${start}`
          : `${plural(layer.length, 'byte')} put together from several packets`}
      </span>
    </>
  );
}

interface FieldLineProps {
  readonly anatomy: Anatomy;
  readonly spot: Spot;
  readonly was: string | undefined;
}

/** A value longer than a few lines says no more in the tree. */
const LONGEST = 300;

function FieldLine({ anatomy, spot, was }: FieldLineProps) {
  const field = anatomy.field(spot);
  if (field === undefined) return null;
  const { name, shown, meaning, length } = field;
  const value = shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…` : shown;
  return (
    <>
      <span class="pk-name">{name}</span>{' '}
      <span class="pk-value">{length === 0 && !name.startsWith('_ws.') ? `[${value}]` : value}</span>{' '}
      {meaning !== '' && <span class="pk-soft">{meaning}</span>}
      {was !== undefined && <span class="pk-was">was {was}</span>}
    </>
  );
}

function aboutOf(anatomy: Anatomy, spot: Spot): string {
  const field = anatomy.field(spot);
  const { start, end } = anatomy.range(spot);
  const place =
    end === start
      ? 'Worked out from other bytes.'
      : end === start + 1
        ? `Byte ${start}.`
        : `Bytes ${start} to ${end - 1}.`;
  if (field !== undefined) return `${field.name}: ${field.about} ${place}`;
  const layer = anatomy.parts[spot.part]?.layer;
  return layer === undefined ? '' : `${layerAbout(layer)} ${place}`;
}
