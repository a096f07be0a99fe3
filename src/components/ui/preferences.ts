// What the reader arranged: sizes of panes in percent, the tab in front, terminals in tabs or side by side. A convenience and no
// more: storage that is full, forbidden or holds nonsense changes nothing but that.
const key = 'lockstep-lab';

export type TabName = 'picture' | 'terminal' | 'packets';

export interface Preferences {
  /** Width of the lab, percent of the window. */
  readonly width?: number;
  /** Height of the picture, percent of the lab. */
  readonly picture?: number;
  /** Height of the sheet, percent of the window. */
  readonly sheet?: number;
  readonly tab?: TabName;
  readonly terminals?: 'tabs' | 'side';
  /** The pane that has all the room of the lab. */
  readonly max?: 'picture' | 'lower' | undefined;
  /** What machines send by themselves is in the picture and the list, too. */
  readonly background?: 'shown' | 'hidden';
}

const words: Readonly<Record<string, readonly string[]>> = {
  tab: ['picture', 'terminal', 'packets'],
  terminals: ['tabs', 'side'],
  max: ['picture', 'lower'],
  background: ['shown', 'hidden'],
};

export const isTabName = (value: string): value is TabName => words['tab']?.includes(value) ?? false;

export function loadPreferences(): Preferences {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
    if (typeof stored !== 'object' || stored === null) return {};
    const entries = Object.entries(stored).filter(
      ([name, value]) =>
        words[name]?.includes(value) ||
        (['width', 'picture', 'sheet'].includes(name) && typeof value === 'number' && value > 0 && value < 100),
    );
    return Object.fromEntries(entries);
  } catch {
    return {};
  }
}

export function savePreference<Name extends keyof Preferences>(name: Name, value: Preferences[Name]): void {
  try {
    localStorage.setItem(key, JSON.stringify({ ...loadPreferences(), [name]: value }));
  } catch {
    // The arrangement lasts as long as the page.
  }
}
