// <lockstep-run>: the buttons of a command block, what becomes of its command, and the ✓ that stays.
import {
  type CommandChoice,
  type CommandReport,
  type CommandRequest,
  commandEvent,
  commandSeenEvent,
} from '../ui/command-request.ts';
import { currentPath } from '../ui/current-page.ts';
import { loadProgress, markDone, onProgress, pageName } from '../ui/progress.ts';
import { durationWords } from '../ui/words.ts';
import { commandOf, keyOf, machineOf, pageCommands } from './page-commands.ts';
import { type Ended, endedWords, isAsPromised } from './run-words.ts';

/** Below this width the lab is a sheet over the page (src/components/lab/lab.css). */
const underSheet = matchMedia('(max-width: 1099.98px)');

/** What was last said of each command, and where it is said: a page may be left and come back to while its lab goes on. */
const told = new Map<string, CommandReport>();
const shown = new Map<string, LockstepRun>();

class LockstepRun extends HTMLElement {
  #life = new AbortController();
  #choices: readonly CommandChoice[] = [];
  #page = '';
  /** In `told` and `shown`. */
  #name = '';

  connectedCallback(): void {
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.#part('.run-do').addEventListener('click', () => this.#run(), { signal });
    this.#part('.run-copy').addEventListener('click', () => void this.#copy(), { signal });
    onProgress(() => this.#tick(), signal);
    document.addEventListener(
      commandSeenEvent,
      (event) => {
        const { machine, isOf, take } = event.detail;
        // One that stands on the page more than once was that of the first block that has not been run.
        if (event.defaultPrevented || !this.#isWaitedFor || machine !== machineOf(this) || !isOf(commandOf(this)))
          return;
        event.preventDefault();
        take((report) => this.#hear(report));
      },
      { signal },
    );
    // When all of the page's commands are there.
    queueMicrotask(() => {
      this.#page = pageName(currentPath());
      this.#name = `${this.#page} ${keyOf(this)}`;
      shown.set(this.#name, this);
      const report = told.get(this.#name);
      if (report) this.#show(report);
      this.#tick();
    });
  }

  disconnectedCallback(): void {
    this.#life.abort();
    if (shown.get(this.#name) === this) shown.delete(this.#name);
  }

  #part<Kind extends HTMLElement = HTMLElement>(selector: string): Kind {
    const element = this.querySelector<Kind>(selector);
    if (!element) throw new Error(`<lockstep-run> has no ${selector}: run.astro and run-element.ts disagree.`);
    return element;
  }

  get #isWaitedFor(): boolean {
    const { ran, state } = this.dataset;
    return ran !== 'now' && state !== 'queued' && state !== 'running';
  }

  #run(): void {
    const state = this.dataset['state'];
    if (state === 'queued' || state === 'running') return;
    const terminal = Number(this.dataset['terminal'] ?? 1);
    const request: CommandRequest = {
      machine: machineOf(this),
      command: commandOf(this),
      ...(terminal === 1 ? {} : { terminal }),
      report: (report) => this.#hear(report),
    };
    const unanswered = document.dispatchEvent(new CustomEvent(commandEvent, { detail: request, cancelable: true }));
    // On a narrow screen the lab comes up over the page: this command stays in sight above it.
    if (underSheet.matches) this.scrollIntoView({ block: 'nearest' });
    if (unanswered)
      this.#show({ kind: 'failed', words: 'There is no lab on this page to type it into. Copy it instead.' });
  }

  async #copy(): Promise<void> {
    const busy = ['queued', 'running'].includes(this.dataset['state'] ?? '');
    try {
      await navigator.clipboard.writeText(commandOf(this));
      // What is said of a command that runs stays.
      if (!busy) this.#say('', 'Copied.');
    } catch {
      const line = this.querySelector('.run-line code');
      if (line) getSelection()?.selectAllChildren(line);
      if (!busy) this.#say('failed', 'The browser did not allow copying. The command is selected: use its Edit menu.');
    }
  }

  #hear(report: CommandReport): void {
    if (report.kind === 'cleared' || report.kind === 'cancelled') told.delete(this.#name);
    else told.set(this.#name, report);
    if (report.kind === 'ended' && isAsPromised(this.#ended(report))) markDone(this.#page, keyOf(this));
    const block = shown.get(this.#name);
    if (block) block.#show(report);
  }

  #ended({ status, seconds }: { readonly status: number | null; readonly seconds: number | null }): Ended {
    return {
      ...{ status, seconds, missing: this.#missing },
      promised: Number(this.dataset['status'] ?? 0),
      free: this.dataset['free'] !== undefined,
    };
  }

  #show(report: CommandReport): void {
    switch (report.kind) {
      case 'queued':
        this.#say('queued', report.words, report.choices);
        break;
      case 'running': {
        const { place, standing, seconds } = report;
        const words = standing ? 'Waits: time stands in the lab.' : `Typed into ${place.terminal}. ${place.remark}`;
        const moving = seconds < 1 ? '' : `${standing ? 'At' : 'Runs,'} ${durationWords(seconds)}`;
        this.#say('running', words, [], moving);
        break;
      }
      case 'sent':
        this.dataset['ran'] = 'tried';
        this.#say('sent', `Typed into ${report.place.terminal}. ${report.words}`, [output(report.place.show)]);
        break;
      case 'ended': {
        const ended = this.#ended(report);
        const isDone = isAsPromised(ended);
        this.dataset['ran'] = isDone ? 'now' : 'tried';
        this.#say(isDone ? 'done' : 'failed', endedWords(ended), [output(report.place.show)]);
        this.#tick();
        break;
      }
      case 'failed':
        this.#say('failed', report.words);
        break;
      case 'cancelled':
        this.#say('', 'Cancelled: it was not typed.');
        break;
      case 'cleared':
        delete this.dataset['ran'];
        this.#say('', '');
        this.#tick();
    }
  }

  /** How many of the commands before it have not been run from the page in this lab. */
  get #missing(): number {
    const all = pageCommands();
    return all
      .slice(0, all.indexOf(this))
      .filter(({ dataset }) => dataset['ran'] === undefined && dataset['free'] === undefined).length;
  }

  /** The ✓ of a command that was run: in this lab, or once. */
  #tick(): void {
    const once = loadProgress().done[this.#page]?.includes(keyOf(this)) === true;
    const tick = this.#part('.run-tick');
    tick.hidden = !once && this.dataset['ran'] !== 'now';
    const label = this.dataset['ran'] === 'now' ? 'Done in this lab' : 'You have run this before';
    if (tick.title !== label) {
      tick.title = label;
      tick.setAttribute('aria-label', label);
    }
  }

  /** @param moving changes every second: seen, and not read out */
  #say(state: string, words: string, choices: readonly CommandChoice[] = [], moving = ''): void {
    this.dataset['state'] = state;
    put(this.#part('.run-status'), words.trim());
    put(this.#part('.run-moving'), moving);
    const isBusy = state === 'queued' || state === 'running';
    if (isBusy) this.#part('.run-do').setAttribute('aria-disabled', 'true');
    else this.#part('.run-do').removeAttribute('aria-disabled');
    this.#offer(choices);
  }

  /** The same buttons stay where they are: one of them may have the focus. */
  #offer(choices: readonly CommandChoice[]): void {
    const before = this.#choices.map(({ label }) => label).join('\n');
    this.#choices = choices;
    if (before === choices.map(({ label }) => label).join('\n')) return;
    const place = this.#part('.run-choices');
    const hadFocus = place.contains(document.activeElement);
    place.replaceChildren(
      ...choices.map(({ label }, at) => {
        const button = document.createElement('button');
        button.type = 'button';
        button.className = 'ls-button is-small';
        button.textContent = label;
        button.addEventListener('click', () => this.#choices[at]?.choose());
        return button;
      }),
    );
    if (hadFocus) (place.querySelector('button') ?? this.#part('.run-do')).focus();
  }
}

const output = (show: () => void): CommandChoice => ({ label: 'Show its output', choose: show });

/** What stays the same is not said again to those who listen. */
function put(place: HTMLElement, words: string): void {
  if (place.textContent !== words) place.textContent = words;
}

customElements.define('lockstep-run', LockstepRun);
