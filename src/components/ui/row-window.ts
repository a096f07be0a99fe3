// Which rows of a long list are in sight. Rows have one height, so this is arithmetic.

export interface RowWindow {
  readonly first: number;
  /** One past the last. */
  readonly end: number;
}

/** A few rows more on both sides, so that a fast scroll meets no gap. */
const SPARE = 6;

export function rowWindow(scrollTop: number, height: number, rowHeight: number, count: number): RowWindow {
  const first = Math.max(0, Math.min(count, Math.floor(scrollTop / rowHeight) - SPARE));
  const end = Math.max(first, Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + SPARE));
  return { first, end };
}

/** The scroll position that shows row `index` whole, moving no further than needed. `covered`: px at the top under the head. */
export function scrollToRow(
  index: number,
  scrollTop: number,
  height: number,
  rowHeight: number,
  covered: number,
): number {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  const bottom = top + rowHeight + covered - height;
  return Math.max(scrollTop, bottom);
}
