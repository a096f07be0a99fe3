// Whether anyone can see the lab. A hidden tab counts at once; a lab out of the window (the sheet is down) after a while,
// because a reader who goes back up two paragraphs is still at work.
const hiddenAfter = 60_000;

/** Calls `changed(false)` when the lab is out of sight and `changed(true)` when it is back, until the signal aborts. */
export function watchSight(element: Element, changed: (seen: boolean) => void, signal: AbortSignal): void {
  let seen = true;
  let inWindow = true;
  let away: ReturnType<typeof setTimeout> | undefined;

  function tell(now: boolean): void {
    if (now === seen) return;
    seen = now;
    changed(seen);
  }
  function look(): void {
    clearTimeout(away);
    if (document.hidden) tell(false);
    else if (inWindow) tell(true);
    else away = setTimeout(() => tell(false), hiddenAfter);
  }

  const observer = new IntersectionObserver((entries) => {
    inWindow = entries.at(-1)?.isIntersecting ?? inWindow;
    look();
  });
  observer.observe(element);
  document.addEventListener('visibilitychange', look, { signal });
  signal.addEventListener('abort', () => {
    clearTimeout(away);
    observer.disconnect();
  });
  look();
}
