// Pictures that are wider than their place: at which of their edges they go on is told to the style sheet, and the buttons there
// scroll to it.

const noMotion = matchMedia('(prefers-reduced-motion: reduce)');

export function watchEdges(walk: HTMLElement, signal: AbortSignal): void {
  const views = [...walk.querySelectorAll<HTMLElement>('.walk-view:has(> .walk-more)')];
  if (views.length === 0) return;
  const look = (place: Element): void => {
    const { scrollLeft, scrollWidth, clientWidth } = place;
    const sides = [scrollLeft > 1 && 'left', scrollLeft + clientWidth < scrollWidth - 1 && 'right'];
    const view = place.parentElement;
    if (view !== null) view.dataset['more'] = sides.filter((side) => side !== false).join(' ');
  };
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) look(target);
  });
  for (const view of views) {
    const place = view.querySelector('.walk-scroll');
    if (place === null) continue;
    observer.observe(place);
    place.addEventListener('scroll', () => look(place), { passive: true, signal });
    for (const button of view.querySelectorAll<HTMLElement>('.walk-more'))
      button.addEventListener(
        'click',
        () => {
          const way = button.dataset['side'] === 'left' ? -1 : 1;
          place.scrollBy({ left: way * 0.8 * place.clientWidth, behavior: noMotion.matches ? 'auto' : 'smooth' });
        },
        { signal },
      );
  }
  signal.addEventListener('abort', () => observer.disconnect(), { once: true });
}
