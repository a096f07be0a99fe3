// What is in no row of the list: packets that a kernel dropped before any tap saw them.
import { useEffect, useState } from 'preact/hooks';
import { clockWords } from '../../hop/clock-words.ts';
import type { UnseenDrop } from '../../journey/unseen.ts';
import { plural } from '../ui/words.ts';
import type { PacketJourneys } from './source/packet-journeys.ts';
import './unseen-drops.css';

/** ms */
const LOOK_EVERY = 1000;
const LOOK_AFTER = 500;
/** Of the latest. */
const MOST_SHOWN = 50;

/** @param kept packets of the list; a file is looked at when no more come */
export function useUnseen(journeys: PacketJourneys, live: boolean, kept: number): readonly UnseenDrop[] {
  const [drops, setDrops] = useState<readonly UnseenDrop[]>([]);
  const look = (): void => setDrops(journeys.unseen());
  useEffect(() => {
    if (!live) return;
    const timer = setInterval(() => document.visibilityState === 'visible' && look(), LOOK_EVERY);
    return () => clearInterval(timer);
  }, [journeys, live]);
  useEffect(() => {
    if (live) return;
    const timer = setTimeout(look, LOOK_AFTER);
    return () => clearTimeout(timer);
  }, [journeys, live, kept]);
  return drops;
}

interface UnseenDropsProps {
  readonly drops: readonly UnseenDrop[];
  readonly severalMachines: boolean;
}

export function UnseenDrops({ drops, severalMachines }: UnseenDropsProps) {
  if (drops.length === 0) return null;
  const shown = drops.slice(-MOST_SHOWN).reverse();
  return (
    <details class="pk-unseen" onKeyDown={closeOnEscape}>
      <summary>{plural(drops.length, 'packet')} dropped before any tap</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard has to be able to */}
      <div class="pk-unseen-list" tabIndex={0}>
        <p>
          No device carried them, so they are in no row. The kernel of the machine says what became of them
          {drops.length > shown.length && `; these are the latest ${shown.length}`}.
        </p>
        <ol>
          {shown.map(({ time, machine, space, summary, words }) => (
            <li key={`${time} ${machine} ${summary}`}>
              <span class="pk-unseen-at">
                {clockWords(time, 3)} {placeWords(machine, space, severalMachines)}
              </span>
              <span>{summary}</span>
              <span class="pk-unseen-why">{words}</span>
            </li>
          ))}
        </ol>
      </div>
    </details>
  );
}

/** It lies over the list. */
function closeOnEscape(event: KeyboardEvent & { readonly currentTarget: HTMLDetailsElement }): void {
  if (event.key !== 'Escape' || !event.currentTarget.open) return;
  event.stopPropagation();
  event.currentTarget.open = false;
  event.currentTarget.querySelector('summary')?.focus();
}

function placeWords(machine: string, space: string | null, severalMachines: boolean): string {
  if (space === null) return `in a network of ${machine} that is not known now`;
  if (space === '') return machine;
  return severalMachines ? `in ${space} on ${machine}` : `in ${space}`;
}
