// A border between two panes, by pointer and by keyboard: the ARIA window splitter
// (https://www.w3.org/WAI/ARIA/apg/patterns/windowsplitter/). The share lives in a CSS custom property of the root, where
// the script in the head has put the stored one before the first paint.
import { savePreference } from './preferences.ts';

export interface Split {
  readonly name: 'width' | 'picture' | 'sheet';
  readonly property: string;
  /** Percent. */
  readonly min: number;
  readonly max: number;
  readonly initial: number;
  /** The share that the border has when the pointer is at this place, percent. */
  share(event: PointerEvent): number;
  /** +1 when the pane grows towards the right or the bottom, -1 when towards the left or the top. */
  readonly grows: 1 | -1;
}

const step = 2;

export function wireSplit(border: HTMLElement, split: Split, signal: AbortSignal): void {
  const root = document.documentElement;
  const stored = Number.parseFloat(root.style.getPropertyValue(split.property));
  let share = clamp(Number.isFinite(stored) ? stored : split.initial);

  function clamp(value: number): number {
    return Math.min(split.max, Math.max(split.min, value));
  }
  function show(value: number): void {
    share = clamp(value);
    root.style.setProperty(split.property, String(share));
    border.setAttribute('aria-valuenow', String(Math.round(share)));
  }
  function settle(value: number): void {
    show(value);
    savePreference(split.name, Math.round(share * 10) / 10);
  }

  border.setAttribute('aria-valuemin', String(split.min));
  border.setAttribute('aria-valuemax', String(split.max));
  show(share);

  border.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      border.focus();
      border.setPointerCapture(event.pointerId);
      const drag = new AbortController();
      border.addEventListener('pointermove', (move) => show(split.share(move)), { signal: drag.signal });
      border.addEventListener(
        'lostpointercapture',
        () => {
          drag.abort();
          settle(share);
        },
        { signal: drag.signal },
      );
    },
    { signal },
  );
  border.addEventListener('dblclick', () => settle(split.initial), { signal });
  border.addEventListener(
    'keydown',
    (event) => {
      const moves: Record<string, number> = {
        ArrowLeft: share - step * split.grows,
        ArrowUp: share - step * split.grows,
        ArrowRight: share + step * split.grows,
        ArrowDown: share + step * split.grows,
        Home: split.min,
        End: split.max,
      };
      const next = moves[event.key];
      if (next === undefined) return;
      event.preventDefault();
      settle(next);
    },
    { signal },
  );
}
