// How far the reader is in the course: which commands have done what the text promises, and where they were reading. Kept in
// this browser alone. A convenience and no more: storage that is full, forbidden or holds nonsense changes nothing but that.
const key = 'lockstep-progress';

/** Dispatched on the document when it has changed in this tab. */
export const progressEvent = 'lockstep:progress';

/** Where the reader was. */
export interface ReadingPlace {
  /** The page: see pageName. */
  readonly page: string;
  /** The heading's id; "" at the top. */
  readonly section: string;
  readonly title: string;
}

export interface Progress {
  /** Keys of commands (command-keys.ts), by page. */
  readonly done: Readonly<Record<string, readonly string[]>>;
  readonly place?: ReadingPlace;
}

/** "/course/episodes/1-the-super-bridge/" and "episodes/1-the-super-bridge" are both "1-the-super-bridge". */
export const pageName = (path: string): string => path.split('/').filter(Boolean).at(-1) ?? '';

export function loadProgress(): Progress {
  try {
    return readProgress(JSON.parse(localStorage.getItem(key) ?? '{}'));
  } catch {
    return { done: {} };
  }
}

/** Of what the storage holds, all that can be understood. */
export function readProgress(stored: unknown): Progress {
  const { done, place } = asObject(stored);
  const pages = Object.entries(asObject(done)).flatMap(([page, keys]) =>
    Array.isArray(keys) ? [[page, keys.filter((one): one is string => typeof one === 'string')] as const] : [],
  );
  const { page, section, title } = asObject(place);
  return {
    done: Object.fromEntries(pages),
    ...(typeof page === 'string' && typeof section === 'string' && typeof title === 'string'
      ? { place: { page, section, title } }
      : {}),
  };
}

export function markDone(page: string, command: string): void {
  const progress = loadProgress();
  const keys = progress.done[page] ?? [];
  if (keys.includes(command)) return;
  saveProgress({ ...progress, done: { ...progress.done, [page]: [...keys, command] } });
}

export function savePlace(place: ReadingPlace): void {
  const progress = loadProgress();
  const before = progress.place;
  if (before?.page === place.page && before.section === place.section && before.title === place.title) return;
  saveProgress({ ...progress, place });
}

export function saveProgress(progress: Progress): void {
  try {
    localStorage.setItem(key, JSON.stringify(progress));
  } catch {
    return;
  }
  document.dispatchEvent(new Event(progressEvent));
}

/** Calls `changed` whenever progress was made, in this tab or another one, until the signal aborts. */
export function onProgress(changed: () => void, signal: AbortSignal): void {
  document.addEventListener(progressEvent, changed, { signal });
  window.addEventListener('storage', (event) => (event.key === key || event.key === null) && changed(), { signal });
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
