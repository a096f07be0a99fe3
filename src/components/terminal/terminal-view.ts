// One terminal: xterm.js over one console of a machine.
import { ClipboardAddon } from '@xterm/addon-clipboard';
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import type { Console } from '../../guest/guest.ts';
import { CommandPlaces } from './command-places.ts';
import { leadsOutside } from './lab-link.ts';
import { cleanPaste, runsAtOnce } from './safe-paste.ts';
import { onThemeChange, terminalTheme } from './terminal-colours.ts';

export interface TerminalViewOptions {
  readonly console: Console;
  readonly host: HTMLElement;
  /** "host-01 · 1": what a screen reader calls it. */
  readonly label: string;
  /** Id of the element that says how to leave the terminal by keyboard. */
  readonly describedBy: string;
  readonly screenReader: boolean;
  /** Tab moves on through the page instead of going to the guest. */
  readonly tabLeaves: () => boolean;
  onLeave(backwards: boolean): void;
  onFind(): void;
  onNotice(words: string): void;
  /** Asks before lines that would run at once. */
  confirmPaste(text: string): Promise<boolean>;
}

export class TerminalView {
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #search = new SearchAddon();
  readonly #options: TerminalViewOptions;
  readonly #endings: (() => void)[] = [];
  readonly #places: CommandPlaces;

  constructor(options: TerminalViewOptions) {
    this.#options = options;
    const mono = getComputedStyle(document.documentElement).getPropertyValue('--ls-mono');
    this.#terminal = new Terminal({
      allowProposedApi: true, // unicode versions and search decorations
      cursorBlink: false,
      fontFamily: mono,
      fontSize: 13,
      lineHeight: 1.05,
      // A colour that a program chose is lifted until it can be read on the theme's background.
      minimumContrastRatio: 4.5,
      screenReaderMode: options.screenReader,
      scrollback: 5000,
      theme: terminalTheme(),
    });
    this.#places = new CommandPlaces(this.#terminal);
    this.#open();
  }

  #open(): void {
    const { host, console, label, describedBy } = this.#options;
    const terminal = this.#terminal;
    terminal.loadAddon(this.#fit);
    terminal.loadAddon(this.#search);
    terminal.loadAddon(new Unicode11Addon());
    terminal.unicode.activeVersion = '11';
    terminal.loadAddon(new WebLinksAddon((_event, uri) => this.#follow(uri)));
    // OSC 52: a guest may put text on the clipboard; it never learns what is there, for its bytes are untrusted.
    terminal.loadAddon(
      new ClipboardAddon(undefined, {
        readText: () => '',
        writeText: (_selection, text) => navigator.clipboard.writeText(text),
      }),
    );
    terminal.open(host);
    terminal.textarea?.setAttribute('aria-label', `Terminal ${label}`);
    terminal.textarea?.setAttribute('aria-describedby', describedBy);
    terminal.attachCustomKeyEventHandler((event) => this.#key(event));

    const paste = (event: ClipboardEvent) => void this.#paste(event);
    host.addEventListener('paste', paste, { capture: true });
    const resized = new ResizeObserver(() => this.fit());
    resized.observe(host);
    const encoder = new TextEncoder();
    this.#endings.push(
      console.onOutput((bytes) => terminal.write(bytes)),
      onThemeChange(() => {
        terminal.options.theme = terminalTheme();
      }),
      () => host.removeEventListener('paste', paste, { capture: true }),
      () => resized.disconnect(),
    );
    terminal.onData((text) => console.write(encoder.encode(text)));
    // Mouse reports of old protocols are bytes, not text.
    terminal.onBinary((text) => console.write(Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff)));
    terminal.onResize(({ cols, rows }) => console.resize(cols, rows));
    this.fit();
    console.resize(terminal.cols, terminal.rows);
  }

  /** Brings a command with its output into sight: the last but `since`-th that the shell began; undefined: the newest output. */
  showCommand(since: number | undefined): void {
    // What was printed before is drawn first.
    this.#terminal.write('', () => {
      if (since !== undefined && this.#places.show(since)) return;
      this.#terminal.scrollToBottom();
      if (since !== undefined) this.#options.onNotice('What it printed is not in the terminal any more.');
    });
  }

  /** Takes the size of its host; the guest learns of it. A host that is not shown has no size to take. */
  fit(): void {
    if (this.#options.host.clientWidth > 0 && this.#options.host.clientHeight > 0) this.#fit.fit();
  }

  /** Tells the guest the size once more: a machine that has just been restored does not know it. */
  announceSize(): void {
    this.#options.console.resize(this.#terminal.cols, this.#terminal.rows);
  }

  focus(): void {
    this.#terminal.focus();
  }

  /** A frozen machine takes no input. */
  set still(still: boolean) {
    this.#terminal.options.disableStdin = still;
  }

  set screenReader(on: boolean) {
    this.#terminal.options.screenReaderMode = on;
  }

  /** Finds the next or the previous match; reports which of how many. */
  find(text: string, backwards: boolean): void {
    const style = getComputedStyle(document.documentElement);
    const decorations = {
      matchOverviewRuler: style.getPropertyValue('--ls-arp').trim(),
      activeMatchColorOverviewRuler: style.getPropertyValue('--ls-accent').trim(),
      matchBackground: style.getPropertyValue('--ls-term-selection').trim(),
      activeMatchBorder: style.getPropertyValue('--ls-accent').trim(),
    };
    if (backwards) this.#search.findPrevious(text, { decorations });
    else this.#search.findNext(text, { decorations });
  }

  endFind(): void {
    this.#search.clearDecorations();
  }

  onFound(listener: (index: number, count: number) => void): void {
    this.#search.onDidChangeResults(({ resultIndex, resultCount }) => listener(resultIndex, resultCount));
  }

  dispose(): void {
    for (const end of this.#endings.splice(0)) end();
    this.#terminal.dispose();
  }

  /** False keeps a key from the guest. */
  #key(event: KeyboardEvent): boolean {
    if (event.key === 'F6') {
      if (event.type === 'keydown') {
        event.preventDefault();
        this.#options.onLeave(event.shiftKey);
      }
      return false;
    }
    if (event.key === 'Tab' && this.#options.tabLeaves()) return false;
    if (!(event.ctrlKey && event.shiftKey)) return true;
    const letter = event.key.toLowerCase();
    if (letter === 'c' && this.#terminal.hasSelection()) {
      event.preventDefault();
      if (event.type === 'keydown') void this.#copy();
      return false;
    }
    if (letter === 'f') {
      event.preventDefault();
      if (event.type === 'keydown') this.#options.onFind();
      return false;
    }
    // Ctrl-Shift-V: the browser pastes by itself, and #paste below sees it.
    return letter !== 'v';
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#terminal.getSelection());
      this.#options.onNotice('Copied.');
    } catch {
      this.#options.onNotice('The browser did not allow copying. Use its Edit menu.');
    }
  }

  async #paste(event: ClipboardEvent): Promise<void> {
    const text = cleanPaste(event.clipboardData?.getData('text/plain') ?? '');
    event.preventDefault();
    event.stopPropagation();
    if (text === '' || this.#terminal.options.disableStdin) return;
    if (runsAtOnce(text, this.#terminal.modes.bracketedPasteMode) && !(await this.#options.confirmPaste(text))) return;
    this.#terminal.paste(text);
    this.#terminal.focus();
  }

  #follow(uri: string): void {
    if (leadsOutside(uri)) window.open(uri, '_blank', 'noopener,noreferrer');
    else this.#options.onNotice(`${uri} lives inside the lab, where your browser cannot go: try curl in the terminal.`);
  }
}
