// Where in the text a reader is: on which page, under which heading, and how far below it.

export interface ReadingPlace {
  readonly path: string;
  /** Id of the heading above the upper edge of what is seen; "": there is none. */
  readonly heading: string;
  /** Pixels from there, or from the top of the page. */
  readonly below: number;
}

export function readingPlace(): ReadingPlace {
  let heading = '';
  let below = scrollY;
  for (const each of document.querySelectorAll('main :is(h2, h3)[id]')) {
    const { top } = each.getBoundingClientRect();
    if (top > 0) break;
    heading = each.id;
    below = -top;
  }
  return { path: location.pathname, heading, below: Math.round(below) };
}

export function isReadingPlace(value: unknown): value is ReadingPlace {
  if (typeof value !== 'object' || value === null) return false;
  const { path, heading, below } = value as Partial<Record<keyof ReadingPlace, unknown>>;
  return typeof path === 'string' && typeof heading === 'string' && typeof below === 'number';
}

/** Nothing, where the reader has chosen a place already. */
export function returnTo({ path, heading, below }: ReadingPlace): void {
  if (path !== location.pathname || location.hash !== '' || scrollY > 100) return;
  const top = heading === '' ? 0 : (document.getElementById(heading)?.getBoundingClientRect().top ?? 0) + scrollY;
  scrollTo({ top: top + below, behavior: 'instant' });
}
