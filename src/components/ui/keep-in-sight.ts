/** Scrolls a list, and nothing around it, no further than needed to show one of its children whole. */
export function keepInSight(list: HTMLElement, child: Element | null): void {
  if (child === null) return;
  const frame = list.getBoundingClientRect();
  const { top, bottom } = child.getBoundingClientRect();
  const above = frame.top + list.clientTop - top;
  const below = bottom - (frame.top + list.clientTop + list.clientHeight);
  if (above > 0) list.scrollTop -= above;
  else if (below > 0) list.scrollTop += below;
}
