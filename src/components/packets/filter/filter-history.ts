// The filters that the reader used, the latest first. A convenience and no more: storage that is full, forbidden or holds
// nonsense changes nothing but that.
const key = 'lockstep-filters';
const MOST = 20;
/** A longer one was pasted, and is not worth a line. */
const LONGEST = 500;

export function loadFilters(): readonly string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    if (!Array.isArray(stored)) return [];
    return stored.filter((each) => typeof each === 'string' && each !== '' && each.length <= LONGEST).slice(0, MOST);
  } catch {
    return [];
  }
}

/** Puts a filter first, and gives the list as it is then. */
export function rememberFilter(text: string): readonly string[] {
  const trimmed = text.trim();
  const before = loadFilters();
  if (trimmed === '' || trimmed.length > LONGEST) return before;
  const filters = [trimmed, ...before.filter((each) => each !== trimmed)].slice(0, MOST);
  try {
    localStorage.setItem(key, JSON.stringify(filters));
  } catch {
    // They are remembered for as long as the page.
  }
  return filters;
}
