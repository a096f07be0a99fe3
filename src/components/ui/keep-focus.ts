// The focus of whoever uses the keyboard. A button that is gone once it was pressed (Start, Cancel, a line that was removed, what
// opened a dialog) would leave it nowhere, and the Tab key would begin at the top of the page: it goes to what stands beside it instead.

/** What the Tab key reaches. Not a terminal: it would keep the key for itself. */
const REACHED =
  'a[href], button, input:not([type=hidden]), select, textarea, summary, audio[controls], video[controls], [tabindex], [contenteditable=""], [contenteditable=true]';
const TERMINAL = '.xterm';

/** How often it is looked after, in ms: what is pressed may be gone much later, as Cancel is when a lab has started. */
const EVERY = 250;

interface Kept {
  readonly element: HTMLElement;
  /** From the nearest one out, each with the element's place among what can be reached in it. */
  readonly around: readonly { readonly box: HTMLElement; readonly place: number }[];
  /** Where the focus was before the dialog opened that the element is in. */
  readonly before: Kept | null;
}

/** Boxes that are looked through, from the inside out: beyond these, "beside it" has no meaning. */
const BOXES = 8;

export function keepFocus(root: Document, signal: AbortSignal): void {
  let kept: Kept | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;

  const look = (): void => {
    if (kept === null || !isNowhere(root)) return;
    if (!isGone(kept.element)) return;
    const from = kept;
    kept = null;
    besideOf(from)?.focus({ preventScroll: false });
  };
  const soon = (): void => {
    if (kept !== null) requestAnimationFrame(() => requestAnimationFrame(look));
  };

  root.addEventListener(
    'focusin',
    ({ target }) => {
      if (!(target instanceof HTMLElement) || target === root.body) return;
      kept = { element: target, around: aroundOf(target), before: beforeDialog(target, kept) };
      timer ??= setInterval(look, EVERY);
    },
    { signal },
  );
  root.addEventListener(
    'focusout',
    ({ target }) => {
      // Who clicks beside everything wants to be nowhere.
      queueMicrotask(() => {
        if (target !== kept?.element || !isNowhere(root) || isGone(kept.element)) return;
        kept = null;
        clearInterval(timer);
        timer = undefined;
      });
    },
    { signal },
  );
  root.addEventListener('keyup', soon, { signal });
  root.addEventListener('click', soon, { signal });
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

const isNowhere = ({ activeElement, body }: Document): boolean => activeElement === null || activeElement === body;

const isGone = (element: HTMLElement): boolean =>
  !element.isConnected || !isShown(element) || element.matches(':disabled');

const isShown = (element: HTMLElement): boolean => element.checkVisibility({ visibilityProperty: true });

function reachedIn(box: HTMLElement): HTMLElement[] {
  return [...box.querySelectorAll<HTMLElement>(REACHED)].filter(
    (one) => one.tabIndex >= 0 && !one.matches(':disabled') && isShown(one) && one.closest(TERMINAL) === null,
  );
}

function aroundOf(element: HTMLElement): Kept['around'] {
  const around: { box: HTMLElement; place: number }[] = [];
  for (let box = element.parentElement; box !== null && around.length < BOXES; box = box.parentElement) {
    if (box === box.ownerDocument.body) break;
    around.push({ box, place: Math.max(0, reachedIn(box).indexOf(element)) });
  }
  return around;
}

/** Within one dialog, what was outside of it stays the same. */
function beforeDialog(element: HTMLElement, kept: Kept | null): Kept | null {
  const dialog = element.closest('dialog, [popover]');
  if (dialog === null || kept === null) return null;
  return dialog.contains(kept.element) ? kept.before : kept;
}

function besideOf({ element, around, before }: Kept): HTMLElement | null {
  const dialog = element.closest<HTMLElement>('dialog, [popover]');
  if (dialog !== null && !isShown(dialog) && before !== null)
    return isGone(before.element) ? besideOf(before) : before.element;
  for (const { box, place } of around) {
    if (!box.isConnected || !isShown(box)) continue;
    const reached = reachedIn(box);
    // What is hidden still has a place on the page; what was taken out had one.
    const after = element.isConnected
      ? reached.findIndex((one) => (element.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0)
      : Math.min(place, reached.length - 1);
    const next = reached[after] ?? reached.at(-1);
    if (next !== undefined) return next;
  }
  return null;
}
