// A step's own link: "#step-12" on the page of the lab. It leads there for as long as the run of the lab lasts.

export const stepLink = (position: number): string => `#step-${position}`;

/** The position that a page's hash names; null when it names none. */
export function stepIn(hash: string): number | null {
  const [, digits] = /^#step-(\d{1,9})$/.exec(hash) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** The page's address leads to this step from now on; the way back through the browser's history stays as it is. */
export function linkToStep(position: number): void {
  if (stepIn(location.hash) !== position) history.replaceState(history.state, '', stepLink(position));
}

/** Calls when the reader follows such a link, and at once if the page was opened by one. Ends with the signal. */
export function onStepLink(listener: (position: number) => void, signal: AbortSignal): void {
  const look = (): void => {
    const position = stepIn(location.hash);
    if (position !== null) listener(position);
  };
  addEventListener('hashchange', look, { signal });
  look();
}
