// <lockstep-lab>: joins the HTML of lab-panel.astro to a session. It owns the toolbar, the tabs, the borders and the
// sheet; what happens inside the panes belongs to the panels.

import type { KeeperState } from '../../lab/keeper.ts';
import type { NoShelf } from '../../lab/shelf.ts';
import { whyNot } from '../../machine/abilities.ts';
import { remarkOf } from '../../machine/remark.ts';
import { type CommandRequest, commandEvent } from '../ui/command-request.ts';
import { currentPath } from '../ui/current-page.ts';
import { tellLabWord } from '../ui/lab-word.ts';
import { isTabName, loadPreferences, savePreference, type TabName } from '../ui/preferences.ts';
import { wireSplit } from '../ui/split.ts';
import { type Tabs, wireTabs } from '../ui/tabs.ts';
import { beforeStart } from './before-start.ts';
import { CommandQueue } from './command-queue.ts';
import { keptTrouble, keptWords, labHere, readNote, setLabHere, writeNote } from './kept-note.ts';
import { isAway, livingLab, type PlacedLab } from './lab-place.ts';
import { LabSession, type SessionState } from './lab-session.ts';
import type { Panels } from './panels.ts';
import { isReadingPlace, type ReadingPlace, readingPlace, returnTo } from './reading-place.ts';
import { watchSight } from './sight.ts';
import { type StageView, stageView } from './stage-view.ts';
import { stateWords } from './state-words.ts';

const beside = matchMedia('(min-width: 1100px)');

class LockstepLab extends HTMLElement implements PlacedLab {
  #life = new AbortController();
  #session: LabSession | undefined;
  #panels: Panels | undefined;
  #stage: StageView | undefined;
  #tabs: Tabs | undefined;
  #tab: TabName = 'terminal';
  readonly #queue = new CommandQueue();
  /** Where the reader is, or was when the lab went out of sight. */
  #place: ReadingPlace | undefined;
  /** The reader comes back by the word in the header: to that place. */
  #back = false;
  /** What is said of keeping it; "" when all is well. */
  #keptTrouble = '';
  /** The page whose commands were run in it last; "": it is fresh. */
  #usedOn = '';
  /** What is kept of this lab is this page's. */
  #keeps = false;
  #builtFrom: string | undefined;

  get alive(): boolean {
    return this.#session !== undefined && this.#session.state.kind !== 'off';
  }

  connectedCallback(): void {
    // It was only moved.
    if (this.#session !== undefined) return;
    this.#life = new AbortController();
    const { signal } = this.#life;
    const base = this.dataset['base'] ?? '/';
    const lab = this.dataset['lab'] ?? '';
    this.#stage = stageView(this.#part('.lab-stage'), lab);
    this.#session = new LabSession({
      lab,
      base,
      onState: (state) => this.#show(state),
      onLab: async (opened) => {
        const { mountPanels } = await import('./panels.ts').catch((error) => {
          const why = error instanceof Error ? error.message : String(error);
          throw new Error(
            `A part of the page could not be loaded (${why}). Try again; if that does not help, reload the page, which may have been published anew since you opened it.`,
          );
        });
        const hosts = {
          picture: this.#pane('picture'),
          terminal: this.#pane('terminal'),
          packets: this.#pane('packets'),
          undo: this.#part('.lab-undo'),
        };
        const panels = await mountPanels(opened, hosts, {
          onTerminal: (machine) => this.#showTerminal(machine),
          onMaximise: () => this.#maximise('picture'),
        });
        this.#panels = panels;
        this.#handOver();
        return () => {
          panels.dispose();
          this.#panels = undefined;
        };
      },
      page: () => this.#here,
      onKept: (kept) => this.#kept(kept),
      onContinued: (page) => {
        if (!isReadingPlace(page)) return;
        this.#usedOn = page.path;
        if (!isAway(this)) returnTo(page);
      },
      onRefused: (why, isGone) => {
        if (isGone) writeNote(lab, null);
        this.#queue.drop('Not typed: the lab could not go on from where it was. The lab pane says why.');
        this.#offer(`${why} The lab can be started afresh.`);
      },
    });
    this.#offer();
    this.addEventListener('click', (event) => this.#click(event), { signal });
    // Before a terminal, or the guest in it, gets the key.
    this.addEventListener('keydown', (event) => this.#key(event), { signal, capture: true });
    document.addEventListener(commandEvent, (event) => this.#run(event), { signal });
    addEventListener('beforeunload', (event) => this.#askBeforeLeaving(event), { signal });
    document.addEventListener(
      'click',
      ({ target }) => {
        this.#back ||= target instanceof Element && target.closest('[data-back-to-lab]') !== null;
      },
      { signal },
    );
    document.addEventListener('astro:after-swap', () => this.#returned(), { signal });
    addEventListener('pagehide', () => this.#noteEnd(), { signal });
    document.addEventListener('visibilitychange', () => document.hidden && void this.#session?.keepNow(), { signal });
    beside.addEventListener('change', () => this.#arrange(), { signal });
    this.#tabs = wireTabs(this.#part('.lab-tabs'), (name) => this.#selected(name), signal);
    this.#wireBorders(signal);
    this.#part<HTMLDialogElement>('[data-dialog=reset]').addEventListener('close', () => void this.#reset(), {
      signal,
    });
    watchSight(this.#part('.lab-body'), (seen) => void this.#session?.seen(seen), signal);
    const { tab = 'terminal', max = '' } = loadPreferences();
    this.#part('.lab').dataset['max'] = max;
    this.#tabs.select(tab);
    const idle = globalThis.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 300));
    idle(() => void this.#tellSize(lab, base, signal));
    // It ran in this very tab until the page was loaded again: it goes on, unless that has failed before.
    if (labHere(lab) === 'runs' && readNote(lab) !== null && livingLab() === null) void this.#start('kept');
  }

  /** Told by browsers that can move an element in one go: nothing is to be done. */
  connectedMoveCallback(): void {}

  disconnectedCallback(): void {
    // One that is taken out only to be put in elsewhere is there again by then.
    queueMicrotask(() => {
      if (!this.isConnected) this.#end();
    });
  }

  leaving(): void {
    if (!isAway(this)) this.#place = readingPlace();
  }

  placed(): void {
    const away = isAway(this);
    this.#tellWord();
    if (away) void this.#session?.keepNow();
    else if (this.#session !== undefined) this.#remark(this.#session.state);
  }

  /** After the router has scrolled to where it thinks. */
  #returned(): void {
    if (isAway(this)) return;
    if (this.#back && this.#place !== undefined) returnTo(this.#place);
    this.#back = false;
    this.#place = undefined;
  }

  async leave(): Promise<void> {
    await this.#session?.keepNow();
    await this.#session?.cancel();
    this.remove();
  }

  #end(): void {
    this.#life.abort();
    this.#stage?.dispose();
    void this.#session?.cancel();
    this.#session = undefined;
  }

  get #here(): ReadingPlace {
    return this.#place ?? readingPlace();
  }

  get #title(): string {
    return (this.dataset['lab'] ?? '').replaceAll('-', ' ');
  }

  /** Start, or on from what was kept. A lab of another episode that is alive is kept, and ends: there is one at a time. */
  async #start(from: 'snapshot' | 'kept'): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    const other = livingLab();
    if (other !== null && other !== this) {
      this.#stage?.show({ kind: 'loading', step: 'Keeping the other lab', done: 0, total: 0 });
      await other.leave();
    }
    const lab = this.dataset['lab'] ?? '';
    setLabHere(lab, from === 'kept' ? 'tries' : null);
    await session.start(from);
    if (session.state.kind === 'running' || session.state.kind === 'frozen') setLabHere(lab, 'runs');
  }

  /** What the card over an empty lab offers: what was kept, or that another lab is alive. */
  #offer(why = ''): void {
    const lab = this.dataset['lab'] ?? '';
    const note = readNote(lab);
    const other = livingLab();
    const away = other !== null && other !== this ? (other.dataset['lab'] ?? '').replaceAll('-', ' ') : null;
    this.#stage?.offer({ kept: note === null ? null : keptWords(note, Date.now()), other: away, why });
  }

  #kept(kept: KeeperState | NoShelf | null): void {
    const lab = this.dataset['lab'] ?? '';
    this.#keptTrouble = keptTrouble(kept);
    if (typeof kept === 'object' && kept !== null && kept.at !== null) {
      this.#keeps = true;
      // A run that has kept nothing yet leaves alone what was kept of the one before it.
      writeNote(lab, { at: kept.at, ...(this.#builtFrom ? { key: this.#builtFrom } : {}) });
    }
    if (this.#session !== undefined) this.#remark(this.#session.state);
  }

  #remark(state: SessionState): void {
    const alive = state.kind === 'running' || state.kind === 'frozen';
    const left = this.#isLeftByAnother ? 'As another episode left it. Reset makes it fresh.' : '';
    const remarks = [remarkOf(state), alive ? this.#keptTrouble : '', alive ? left : ''];
    say(this.#part('.lab-remark'), remarks.filter((remark) => remark !== '').join(' '));
  }

  #noteEnd(): void {
    const lab = this.dataset['lab'] ?? '';
    const note = readNote(lab);
    if (note !== null && this.#keeps && this.alive) writeNote(lab, { ...note, gone: Date.now() });
  }

  #tellWord(): void {
    const session = this.#session;
    if (session === undefined) return;
    const others = livingLab();
    if (!this.alive) {
      if (others === null || others === this) tellLabWord(null);
      return;
    }
    const words = stateWords(
      session.state,
      session.lab?.machines.map((machine) => machine.state.peek()),
    );
    tellLabWord({
      title: this.#title,
      state: `${words.charAt(0).toLowerCase()}${words.slice(1)}`,
      here: !isAway(this),
      href: this.#place?.path ?? currentPath(),
    });
  }

  async #tellSize(lab: string, base: string, signal: AbortSignal): Promise<void> {
    try {
      const { building, words, key } = await beforeStart(lab, base, signal);
      this.#builtFrom = key;
      const note = readNote(lab);
      if (note?.key !== undefined && key !== undefined && note.key !== key && !this.alive) {
        writeNote(lab, null);
        this.#offer('What was kept of this lab is of an older build of it, and cannot go on in this one.');
      }
      if (words !== null) this.#part('.lab-size').textContent = words;
      if (building && this.#session?.state.kind === 'off') await this.#start('snapshot');
    } catch {
      // No connection, a manifest that is not understood, or the page is gone: the start itself will say what is wrong, where it
      // matters.
    }
  }

  #part<Kind extends HTMLElement = HTMLElement>(selector: string): Kind {
    const element = this.querySelector<Kind>(selector);
    if (!element) throw new Error(`<lockstep-lab> has no ${selector}: lab-panel.astro and lab-element.ts disagree.`);
    return element;
  }

  #pane(name: TabName): HTMLElement {
    return this.#part(`[data-pane=${name}]`);
  }

  #wireBorders(signal: AbortSignal): void {
    const body = this.#part('.lab-body');
    wireSplit(
      this.#part('[data-split=width]'),
      {
        name: 'width',
        property: '--lab-width',
        min: 30,
        max: 68,
        initial: 49,
        grows: -1,
        share: (event) => 100 - (100 * event.clientX) / innerWidth,
      },
      signal,
    );
    wireSplit(
      this.#part('[data-split=sheet]'),
      {
        name: 'sheet',
        property: '--lab-sheet',
        min: 30,
        max: 92,
        initial: 62,
        grows: -1,
        share: (event) => 100 - (100 * event.clientY) / innerHeight,
      },
      signal,
    );
    wireSplit(
      this.#part('[data-split=picture]'),
      {
        name: 'picture',
        property: '--lab-picture',
        min: 15,
        max: 82,
        initial: 58,
        grows: 1,
        share: (event) => {
          const box = body.getBoundingClientRect();
          return (100 * (event.clientY - box.top)) / box.height;
        },
      },
      signal,
    );
  }

  #click(event: Event): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-do]') : null;
    const session = this.#session;
    if (!button || !session) return;
    switch (button.dataset['do']) {
      case 'start':
        void this.#start('snapshot');
        break;
      case 'continue':
        void this.#start('kept');
        break;
      case 'cancel':
        this.#queue.drop('Not typed: the start was cancelled.');
        setLabHere(this.dataset['lab'] ?? '', null);
        void session.cancel().then(() => this.#part('[data-card]:not([hidden]) [data-do]').focus());
        break;
      case 'freeze':
        if (session.state.kind === 'frozen') this.#goOn(session);
        else void (this.#panels?.time.freeze() ?? session.freeze());
        break;
      case 'maximise':
        this.#maximise('lower');
        break;
      case 'reset':
        this.#part<HTMLDialogElement>('[data-dialog=reset]').showModal();
        break;
      case 'keys':
        this.#part<HTMLDialogElement>('[data-dialog=keys]').showModal();
        break;
      case 'sheet':
        this.#open(!this.#part('.lab').classList.contains('is-open'));
        break;
    }
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== 'F8' || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    const inPicture = event.target instanceof Element && event.target.closest('.lab-picture') !== null;
    this.#maximise(inPicture ? 'picture' : 'lower');
  }

  /** This pane takes all the room of the lab, or gives it back. In the sheet of a narrow window there is one pane at a time anyway. */
  #maximise(pane: 'picture' | 'lower'): void {
    const { dataset } = this.#part('.lab');
    const next = dataset['max'] === pane ? '' : pane;
    dataset['max'] = next;
    savePreference('max', next === '' ? undefined : next);
  }

  /** Through the panel under the picture, where there is one: a breakpoint may match what was seen after the hop that is shown,
      and then time stops there instead. */
  #goOn(session: LabSession): void {
    void (this.#panels?.time.goOn() ?? session.thaw());
  }

  async #reset(): Promise<void> {
    const dialog = this.#part<HTMLDialogElement>('[data-dialog=reset]');
    if (dialog.returnValue !== 'reset') return;
    dialog.returnValue = '';
    writeNote(this.dataset['lab'] ?? '', null);
    await this.#makeFresh();
  }

  async #makeFresh(): Promise<void> {
    this.#usedOn = '';
    await this.#session?.reset();
    this.#panels?.renewTerminals();
  }

  /** It goes on from another page, whose commands were run in it. */
  get #isLeftByAnother(): boolean {
    return this.#usedOn !== '' && this.#usedOn !== currentPath();
  }

  #showTerminal(machine: string, terminal = 1): void {
    this.#tabs?.select('terminal');
    this.#open(true);
    this.#panels?.showTerminal(machine, terminal);
  }

  /** Below 1100 px: the sheet up or down. */
  #open(open: boolean): void {
    this.#part('.lab').classList.toggle('is-open', open);
    const toggle = this.#part('.lab-toggle');
    toggle.setAttribute('aria-expanded', String(open));
    toggle.textContent = open ? 'Close' : 'Open lab';
  }

  #selected(name: string): void {
    if (!isTabName(name)) return;
    this.#tab = name;
    savePreference('tab', name);
    this.#arrange();
  }

  /** Beside the prose the picture stands above and is no tab; in the sheet it is one of three. */
  #arrange(): void {
    const picture = this.#pane('picture');
    picture.setAttribute('role', beside.matches ? 'region' : 'tabpanel');
    const tab = beside.matches && this.#tab === 'picture' ? 'terminal' : this.#tab;
    if (tab !== this.#tab) {
      this.#tabs?.select(tab);
      return;
    }
    for (const name of ['picture', 'terminal', 'packets'] as const) {
      this.#pane(name).hidden = name !== tab && !(name === 'picture' && beside.matches);
    }
  }

  /** What happened in the last seconds, or all of it where nothing is kept, is lost with the page: then the browser asks, in its own words. */
  #askBeforeLeaving(event: BeforeUnloadEvent): void {
    const { kind } = this.#session?.state ?? { kind: 'off' };
    if ((kind !== 'running' && kind !== 'frozen') || this.#session?.safe === true) return;
    event.preventDefault();
    // Who stays, for as long as he thinks about it, will not be asked again.
    void this.#session?.keepNow();
  }

  #show(state: SessionState): void {
    this.#part('.lab').dataset['state'] = state.kind;
    this.#part('.lab-lamp').dataset['state'] = state.kind;
    this.#stage?.show(state, this.#session?.lab?.machines.length);
    const words = stateWords(
      state,
      this.#session?.lab?.machines.map((machine) => machine.state.peek()),
    );
    say(this.#part('.lab-state-words'), words);
    this.#remark(state);
    if (state.kind === 'off') this.#offer();
    this.#tellWord();

    const alive = isAlive(state);
    const freeze = this.#part('[data-do=freeze]');
    // A panic leaves disk and checkpoints whole: the way back is where it always is.
    const panicked = state.kind === 'failed' && state.reason === 'guest-panic';
    freeze.hidden = !alive;
    const noFreeze = whyNot(this.#session?.lab?.machines ?? [], 'freeze');
    freeze.toggleAttribute('disabled', noFreeze !== '');
    freeze.title = noFreeze;
    for (const tool of ['[data-do=reset]', '.lab-undo']) this.#part(tool).hidden = !alive && !panicked;
    say(freeze, state.kind === 'frozen' ? 'Go on' : 'Stop time');
    freeze.classList.toggle('is-primary', state.kind === 'frozen');

    this.#handOver();
    if (state.kind === 'failed') this.#queue.drop('Not typed: the lab stopped. The lab pane says why.');
  }

  /** To a lab that runs and is drawn: what was pressed before. */
  #handOver(): void {
    if (!this.#panels || !this.#session || !isAlive(this.#session.state)) return;
    if (this.#usedOn === '') this.#usedOn = currentPath();
    this.#queue.flush(this.#panels);
  }

  #run(event: CustomEvent<CommandRequest>): void {
    const request = event.detail;
    const session = this.#session;
    if (!session || isAway(this)) return;
    // The block sees that somebody answered.
    event.preventDefault();
    // Whoever looks at the packets, or on a narrow page at the picture, wants to see there what the command does.
    if (this.#tab === 'terminal') this.#showTerminal(request.machine, request.terminal);
    else this.#open(true);
    const { state } = session;
    if (this.#panels && isAlive(state) && this.#isLeftByAnother) this.#askWhetherFresh(request);
    else if (this.#panels && isAlive(state)) {
      this.#usedOn = currentPath();
      this.#remark(state);
      this.#panels.run(request);
      if (state.kind === 'frozen' && state.reason === 'hidden') void session.thaw();
    } else {
      const off = state.kind === 'off' || state.kind === 'failed';
      this.#queue.hold(
        request,
        off
          ? 'The lab was off: it starts now, and types this as soon as it runs.'
          : state.kind === 'building'
            ? 'Waits for the lab, which is being built on this server: the lab says how far it is.'
            : 'Waits for the lab to start.',
      );
      if (off)
        void this.#start(state.kind === 'off' && readNote(this.dataset['lab'] ?? '') !== null ? 'kept' : 'snapshot');
    }
  }

  /** An episode begins with a fresh lab; this one is full of what was made in another. */
  #askWhetherFresh(request: CommandRequest): void {
    const run = (): void => {
      this.#usedOn = currentPath();
      this.#run(new CustomEvent(commandEvent, { detail: request }));
    };
    const fresh = async (): Promise<void> => {
      writeNote(this.dataset['lab'] ?? '', null);
      request.report({ kind: 'queued', words: 'The lab is made fresh: then this is typed.', choices: [] });
      await this.#makeFresh();
      run();
    };
    request.report({
      kind: 'queued',
      words: 'The lab is as another episode left it, and this one begins with a fresh lab.',
      choices: [
        { label: 'Reset the lab and run', choose: () => void fresh() },
        { label: 'Run it in the lab as it is', choose: run },
        { label: 'Cancel', choose: () => request.report({ kind: 'cancelled' }) },
      ],
    });
  }
}

const isAlive = ({ kind }: SessionState): boolean => kind === 'running' || kind === 'frozen';

/** What stays the same is not said again to those who listen. */
function say(place: HTMLElement, words: string): void {
  if (place.textContent !== words) place.textContent = words;
}

customElements.define('lockstep-lab', LockstepLab);
