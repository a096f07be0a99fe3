// Every console of every machine as a tab, with the tools that belong to a terminal: find, screen-reader mode, what the
// Tab key does, and a way out by keyboard that is said aloud and stands below the screen.
import { effect } from '@preact/signals-core';
import type { Lab } from '../../lab/lab.ts';
import type { Console } from '../../machine/machine.ts';
import { type Tabs, wireTabs } from '../lab/tabs.ts';
import { FindBar } from './find-bar.ts';
import { confirmPaste } from './paste-dialog.ts';
import { TerminalView } from './terminal-view.ts';

interface Seat {
  readonly key: string;
  readonly label: string;
  readonly console: Console;
  readonly screen: HTMLElement;
  view?: TerminalView;
}

const hint = 'F6 leaves the terminal, Shift F6 backwards.';

export class TerminalPanel {
  readonly #root = element('div', 'terms');
  readonly #seats: readonly Seat[];
  readonly #life = new AbortController();
  readonly #tabs: Tabs;
  readonly #hint = element('p', 'term-hint');
  readonly #find: FindBar;
  #front: Seat | undefined;
  #screenReader = false;
  #tabLeaves = false;
  #still = false;
  #notice: ReturnType<typeof setTimeout> | undefined;

  /** Opens the lab's terminals in this pane. Waits for the face of the terminal, whose width decides the columns. */
  static async open(lab: Lab, pane: HTMLElement): Promise<TerminalPanel> {
    await document.fonts.load('13px "Plex Mono"').catch(() => []);
    return new TerminalPanel(lab, pane);
  }

  private constructor(lab: Lab, pane: HTMLElement) {
    this.#seats = lab.machines.flatMap((machine) =>
      machine.consoles.map((console, index) => ({
        key: `${machine.name}-${index + 1}`,
        label: `${machine.name} · ${index + 1}`,
        console,
        screen: element('div', 'term-screen'),
      })),
    );
    this.#find = new FindBar({
      onFind: (text, backwards) => this.#front?.view?.find(text, backwards),
      onClose: () => {
        this.#front?.view?.endFind();
        this.#front?.view?.focus();
      },
    });
    const list = this.#frame();
    pane.replaceChildren(this.#root);
    this.#tabs = wireTabs(list, (key) => this.#bring(key), this.#life.signal);
    const first = this.#seats[0];
    if (first) this.#tabs.select(first.key);
    const unwatch = effect(() => this.#follow(lab.state.value.kind));
    this.#life.signal.addEventListener('abort', unwatch);
    // The pane may have been hidden when its terminal was opened: the first moment it has a size, it is fitted.
    const shown = new ResizeObserver(() => {
      if (this.#front && !this.#front.view && pane.clientHeight > 0) this.#bring(this.#front.key);
    });
    shown.observe(pane);
    this.#life.signal.addEventListener('abort', () => shown.disconnect());
  }

  /** Brings a machine's first terminal to the front. */
  show(machine: string): void {
    const seat = this.#seats.find((candidate) => candidate.key === `${machine}-1`);
    if (seat) this.#tabs.select(seat.key);
  }

  dispose(): void {
    clearTimeout(this.#notice);
    this.#life.abort();
    for (const seat of this.#seats) seat.view?.dispose();
    this.#root.remove();
  }

  #frame(): HTMLElement {
    const list = element('div', 'term-tabs');
    list.setAttribute('role', 'tablist');
    list.setAttribute('aria-label', 'Terminals');
    for (const seat of this.#seats) {
      const tab = element('button', 'term-tab');
      tab.type = 'button';
      tab.id = `term-tab-${seat.key}`;
      tab.dataset['tab'] = seat.key;
      tab.textContent = seat.label;
      tab.setAttribute('role', 'tab');
      tab.setAttribute('aria-controls', `term-${seat.key}`);
      seat.screen.id = `term-${seat.key}`;
      seat.screen.setAttribute('role', 'tabpanel');
      seat.screen.setAttribute('aria-labelledby', tab.id);
      list.append(tab);
    }
    const tabTool = switchTool(
      'Tab moves on',
      'The Tab key moves on through the page instead of going to the machine',
      (on) => {
        this.#tabLeaves = on;
      },
    );
    tabTool.dataset['tool'] = 'tab';
    const bar = element('div', 'term-bar');
    bar.append(
      list,
      tool('Find', () => this.#find.open()),
      tabTool,
      switchTool(
        'Screen reader',
        'Screen-reader mode: what is printed is also kept as text that can be read line by line',
        (on) => {
          this.#screenReader = on;
          for (const seat of this.#seats) if (seat.view) seat.view.screenReader = on;
        },
      ),
    );
    this.#hint.id = 'term-hint';
    this.#hint.setAttribute('role', 'status');
    this.#hint.textContent = hint;
    this.#root.append(bar, this.#find.root, ...this.#seats.map((seat) => seat.screen), this.#hint);
    return list;
  }

  #bring(key: string): void {
    const seat = this.#seats.find((candidate) => candidate.key === key);
    if (!seat) return;
    this.#find.close();
    this.#front = seat;
    for (const other of this.#seats) other.screen.hidden = other !== seat;
    if (seat.screen.clientHeight > 0) seat.view ??= this.#view(seat);
    seat.view?.fit();
  }

  #view(seat: Seat): TerminalView {
    const host = element('div', 'term-view');
    seat.screen.append(host);
    const view = new TerminalView({
      console: seat.console,
      host,
      label: seat.label,
      describedBy: this.#hint.id,
      screenReader: this.#screenReader,
      tabLeaves: () => this.#tabLeaves,
      onLeave: (backwards) => this.#leave(backwards),
      onFind: () => this.#find.open(),
      onNotice: (words) => this.#say(words),
      confirmPaste: (text) => confirmPaste(this.#root, text),
    });
    view.onFound((index, count) => this.#find.found(index, count));
    view.still = this.#still;
    return view;
  }

  /** Backwards to the tab of this terminal; forwards to the first thing after the lab, or the page's own text. */
  #leave(backwards: boolean): void {
    if (backwards) {
      this.#root.querySelector<HTMLElement>('.term-tab[aria-selected=true]')?.focus();
      return;
    }
    const lab = this.#root.closest('lockstep-lab');
    const packets = lab?.querySelector<HTMLElement>('[data-tab=packets]');
    (packets ?? document.querySelector<HTMLElement>('main a'))?.focus();
  }

  #follow(kind: string): void {
    this.#still = kind === 'frozen';
    this.#root.classList.toggle('is-still', this.#still);
    for (const seat of this.#seats) {
      if (!seat.view) continue;
      seat.view.still = this.#still;
      if (kind === 'running') seat.view.announceSize();
    }
  }

  /** A sentence in the line below the screen, for as long as it takes to read. */
  #say(words: string): void {
    clearTimeout(this.#notice);
    this.#hint.textContent = words;
    this.#notice = setTimeout(() => {
      this.#hint.textContent = hint;
    }, 6000);
  }
}

function element<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, className: string): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}

function tool(label: string, onClick: () => void): HTMLButtonElement {
  const button = element('button', 'bar-button term-tool');
  button.type = 'button';
  button.textContent = label;
  button.addEventListener('click', onClick);
  return button;
}

function switchTool(label: string, title: string, onSwitch: (on: boolean) => void): HTMLButtonElement {
  const button = tool(label, () => {
    const on = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(on));
    onSwitch(on);
  });
  button.title = title;
  button.setAttribute('aria-pressed', 'false');
  return button;
}
