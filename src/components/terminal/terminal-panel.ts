// Every console of every machine, in tabs or side by side, with the tools that belong to a terminal: find, screen-reader
// mode, what the Tab key does, and a way out by keyboard that is said aloud and stands below the screen.
import { effect } from '@preact/signals-core';
import type { Console } from '../../guest/guest.ts';
import type { Lab } from '../../lab/lab.ts';
import { machineNote } from '../machines/machine-words.ts';
import { loadPreferences, savePreference } from '../ui/preferences.ts';
import { FindBar } from './find-bar.ts';
import { confirmPaste } from './paste-dialog.ts';
import { fitting, type Slot, TerminalColumns } from './terminal-columns.ts';
import { TerminalView } from './terminal-view.ts';
import './terminal.css';

interface TerminalSlot extends Slot {
  readonly console: Console;
  view?: TerminalView;
}

const hint = 'F6 leaves the terminal, Shift F6 backwards.';

export class TerminalPanel {
  readonly #root = element('div', 'terms');
  readonly #slots: readonly TerminalSlot[];
  readonly #machines: number;
  readonly #life = new AbortController();
  readonly #columns: TerminalColumns<TerminalSlot>;
  readonly #hint = element('p', 'term-hint');
  readonly #find: FindBar;
  readonly #sideTool: HTMLButtonElement;
  /** The one that the reader turned to last: the tools are about it. */
  #front: TerminalSlot | undefined;
  #sideBySide = loadPreferences().terminals === 'side';
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
    this.#machines = lab.machines.length;
    this.#slots = lab.machines.flatMap((machine) =>
      machine.consoles.map((console, index) => ({
        key: `${machine.name}-${index + 1}`,
        machine: machine.name,
        label: `${machine.name} · ${index + 1}`,
        console,
        screen: this.#screen(),
        isOpen: index === 0,
      })),
    );
    this.#columns = new TerminalColumns(this.#slots, (slot) => this.#bring(slot));
    this.#find = new FindBar({
      onFind: (text, backwards) => this.#front?.view?.find(text, backwards),
      onClose: () => {
        this.#front?.view?.endFind();
        this.#front?.view?.focus();
      },
    });
    this.#sideTool = switchTool('Side by side', 'Terminals of several machines next to each other', (on) => {
      this.#sideBySide = on;
      savePreference('terminals', on ? 'side' : 'tabs');
      this.#arrange();
    });
    this.#sideTool.setAttribute('aria-pressed', String(this.#sideBySide));
    this.#root.append(this.#find.root, this.#columns.root, this.#foot());
    if (this.#slots.length === 0) this.#columns.root.replaceWith('No machine of this lab has a terminal.');
    pane.replaceChildren(this.#root);
    this.#arrange();
    const unwatch = effect(() => this.#follow(lab.state.value.kind));
    const unnote = effect(() => {
      for (const { name, state } of lab.machines) {
        const note = machineNote({ state: state.value, cable: true, reported: true });
        for (const slot of this.#slots) if (slot.machine === name) slot.screen.dataset['note'] = note;
      }
    });
    // The pane may have been hidden when its terminals were opened: as soon as it has a size they are fitted.
    const resized = new ResizeObserver(() => this.#arrange());
    resized.observe(pane);
    this.#life.signal.addEventListener('abort', () => {
      unwatch();
      unnote();
      resized.disconnect();
    });
  }

  /** Brings a terminal of a machine to the front: its first one, if no other is meant. */
  show(machine: string, index = 0): void {
    const slot = this.#slots.find((candidate) => candidate.key === `${machine}-${index + 1}`);
    if (!slot) return;
    const seen = this.#columns.fronts.includes(slot);
    this.#columns.select(slot);
    if (!seen) this.#say(`${slot.label} is in front.`);
  }

  /** Brings a command and its output into sight; see TerminalView. */
  showCommand(machine: string, number: number, since: number | undefined): void {
    this.show(machine, number - 1);
    this.#slots.find(({ key }) => key === `${machine}-${number}`)?.view?.showCommand(since);
  }

  /** Empty terminals over the consoles of a machine that was reset; of all machines, if none is named. */
  renew(machine?: string): void {
    for (const slot of this.#slots) {
      if (machine !== undefined && slot.machine !== machine) continue;
      slot.view?.dispose();
      delete slot.view;
      slot.screen.replaceChildren();
    }
    for (const slot of this.#columns.fronts) this.#open(slot);
  }

  dispose(): void {
    clearTimeout(this.#notice);
    this.#life.abort();
    this.#columns.dispose();
    for (const slot of this.#slots) slot.view?.dispose();
    this.#root.remove();
  }

  #screen(): HTMLElement {
    const screen = element('div', 'term-screen');
    screen.addEventListener('focusin', () => {
      const slot = this.#slots.find((candidate) => candidate.screen === screen);
      if (slot && slot !== this.#front) this.#turnTo(slot);
    });
    return screen;
  }

  /** What is said, and the tools. */
  #foot(): HTMLElement {
    this.#hint.id = 'term-hint';
    this.#hint.setAttribute('role', 'status');
    this.#hint.textContent = hint;
    const tab = switchTool(
      'Tab moves on',
      'The Tab key moves on through the page instead of going to the machine',
      (on) => {
        this.#tabLeaves = on;
      },
    );
    tab.dataset['tool'] = 'tab';
    const reader = switchTool(
      'Screen reader',
      'Screen-reader mode: what is printed is also kept as text that can be read line by line',
      (on) => {
        this.#screenReader = on;
        for (const slot of this.#slots) if (slot.view) slot.view.screenReader = on;
      },
    );
    const foot = element('div', 'term-foot');
    foot.append(
      this.#hint,
      tool('Find', () => this.#find.open()),
      tab,
      reader,
      this.#sideTool,
    );
    return foot;
  }

  /** As many columns as the reader wants and the room allows. */
  #arrange(): void {
    const most = fitting(this.#root.clientWidth);
    const count = this.#sideBySide ? Math.min(most, this.#machines) : 1;
    this.#sideTool.hidden = this.#machines < 2 || most < 2;
    this.#columns.arrange(count);
    this.#root.classList.toggle('is-divided', count > 1);
    for (const slot of this.#columns.fronts) this.#open(slot);
  }

  #bring(slot: TerminalSlot): void {
    this.#find.close();
    this.#turnTo(slot);
    this.#open(slot);
  }

  #turnTo(slot: TerminalSlot): void {
    this.#front = slot;
    for (const other of this.#slots) other.screen.classList.toggle('is-front', other === slot);
  }

  /** A terminal that is hidden has no size: it is made when it is first seen. */
  #open(slot: TerminalSlot): void {
    if (slot.screen.clientHeight > 0) slot.view ??= this.#view(slot);
    slot.view?.fit();
  }

  #view(slot: TerminalSlot): TerminalView {
    const host = element('div', 'term-view');
    slot.screen.append(host);
    const view = new TerminalView({
      console: slot.console,
      host,
      label: slot.label,
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
      if (this.#front) this.#columns.tabOf(this.#front)?.focus();
      return;
    }
    const lab = this.#root.closest('lockstep-lab');
    const packets = lab?.querySelector<HTMLElement>('[data-tab=packets]');
    (packets ?? document.querySelector<HTMLElement>('main a'))?.focus();
  }

  #follow(kind: string): void {
    this.#still = kind === 'frozen';
    this.#root.classList.toggle('is-still', this.#still);
    for (const slot of this.#slots) {
      if (!slot.view) continue;
      slot.view.still = this.#still;
      if (kind === 'running') slot.view.announceSize();
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
  const button = element('button', 'ls-button is-quiet is-small term-tool');
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
