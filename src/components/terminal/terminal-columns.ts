// Terminals in columns beside each other, in each a row of tabs over the terminal in front; one column where there is no
// room for more, or the reader wants one. A terminal is the same element wherever it stands: nothing that it shows is lost.
import { type Tabs, wireTabs } from '../ui/tabs.ts';

export interface Slot {
  readonly key: string;
  readonly machine: string;
  readonly label: string;
  readonly screen: HTMLElement;
  /** It has a tab; the others of a machine get one on demand. */
  isOpen: boolean;
}

interface Column<S extends Slot> {
  readonly slots: readonly S[];
  readonly tabs: Tabs;
  front: S | undefined;
}

/** px that 40 columns of text take. */
const NARROWEST = 330;
const MOST = 3;

/** How many columns have room in so many px. */
export const fitting = (width: number): number => Math.max(1, Math.min(MOST, Math.floor(width / NARROWEST)));

/** The machines of each column, in the lab's order; the last one has those for which there is no column of their own. */
export function sharedOut(machines: readonly string[], columns: number): string[][] {
  const count = Math.max(1, Math.min(columns, machines.length));
  return Array.from({ length: count }, (_, index) =>
    index < count - 1 ? machines.slice(index, index + 1) : machines.slice(index),
  );
}

export class TerminalColumns<S extends Slot> {
  readonly root = document.createElement('div');
  readonly #slots: readonly S[];
  readonly #onFront: (slot: S) => void;
  #columns: readonly Column<S>[] = [];
  #life = new AbortController();

  /** @param onFront a terminal is to be seen now, or the reader turned to it */
  constructor(slots: readonly S[], onFront: (slot: S) => void) {
    this.#slots = slots;
    this.#onFront = onFront;
    this.root.className = 'term-columns';
  }

  get count(): number {
    return this.#columns.length;
  }

  /** The terminals in front, a column each. */
  get fronts(): readonly S[] {
    return this.#columns.flatMap(({ front }) => front ?? []);
  }

  /** Shares the terminals out to so many columns; those in front stay there, as far as they do not meet. */
  arrange(count: number, anew = false): void {
    if (count === this.#columns.length && !anew) return;
    const before = this.fronts;
    this.#life.abort();
    this.#life = new AbortController();
    const machines = [...new Set(this.#slots.map(({ machine }) => machine))];
    this.#columns = sharedOut(machines, count).map((names) => this.#column(names, count === 1));
    for (const { tabs, slots } of this.#columns) {
      const front = before.find((slot) => slots.includes(slot)) ?? slots.find(({ isOpen }) => isOpen);
      if (front) tabs.select(front.key);
    }
  }

  /** Brings a terminal to the front of its column; it has a tab from then on. */
  select(slot: S): void {
    if (!slot.isOpen) {
      slot.isOpen = true;
      this.arrange(this.#columns.length, true);
    }
    this.#columns.find(({ slots }) => slots.includes(slot))?.tabs.select(slot.key);
  }

  tabOf(slot: S): HTMLElement | null {
    return this.root.querySelector(`#term-tab-${CSS.escape(slot.key)}`);
  }

  dispose(): void {
    this.#life.abort();
    this.root.remove();
  }

  /** Opens the next terminal: of the machine whose terminal is in front, or of the first that has one left. */
  #opener(slots: readonly S[], front: () => S | undefined): HTMLButtonElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'ls-button is-quiet is-small is-icon term-more';
    button.textContent = '+';
    button.title = 'One more terminal';
    button.setAttribute('aria-label', 'One more terminal');
    button.addEventListener('click', () => {
      const left = slots.filter(({ isOpen }) => !isOpen);
      const next = left.find(({ machine }) => machine === front()?.machine) ?? left[0];
      if (next === undefined) return;
      this.select(next);
      this.tabOf(next)?.focus();
    });
    return button;
  }

  #column(names: readonly string[], alone: boolean): Column<S> {
    const slots = this.#slots.filter(({ machine }) => names.includes(machine));
    const list = document.createElement('div');
    list.className = 'ls-tabs term-tabs';
    list.setAttribute('role', 'tablist');
    list.setAttribute('aria-label', alone ? 'Terminals' : `Terminals of ${names.join(', ')}`);
    list.append(...slots.filter(({ isOpen }) => isOpen).map(tabOf));
    const root = document.createElement('div');
    root.className = 'term-column';
    const head = document.createElement('div');
    head.className = 'term-head';
    head.append(list);
    if (slots.some(({ isOpen }) => !isOpen)) head.append(this.#opener(slots, () => column.front));
    root.append(head, ...slots.map(({ screen }) => screen));
    for (const { screen, isOpen } of slots) screen.hidden = !isOpen;
    this.root.append(root);
    this.#life.signal.addEventListener('abort', () => root.remove());
    const column: Column<S> = {
      slots,
      front: undefined,
      tabs: wireTabs(
        list,
        (key) => {
          const slot = slots.find((candidate) => candidate.key === key);
          if (!slot) return;
          column.front = slot;
          for (const other of slots) other.screen.hidden = other !== slot;
          list
            .querySelector(`[data-tab="${CSS.escape(key)}"]`)
            ?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
          this.#onFront(slot);
        },
        this.#life.signal,
      ),
    };
    return column;
  }
}

function tabOf({ key, label, screen }: Slot): HTMLElement {
  const tab = document.createElement('button');
  tab.type = 'button';
  tab.className = 'ls-tab term-tab';
  tab.id = `term-tab-${key}`;
  tab.dataset['tab'] = key;
  tab.textContent = label;
  tab.setAttribute('role', 'tab');
  tab.setAttribute('aria-controls', `term-${key}`);
  screen.id = `term-${key}`;
  screen.setAttribute('role', 'tabpanel');
  screen.setAttribute('aria-labelledby', tab.id);
  return tab;
}
