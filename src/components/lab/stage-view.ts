// The card that stands over the panes while there is nothing to see in them: off, on its way, or failed.

import { bytesWords, durationWords } from '../ui/words.ts';
import type { BuildStatus } from './build-status.ts';
import type { SessionState } from './lab-session.ts';
import { adviceFor } from './state-words.ts';

/** What the card over an empty lab offers besides a start. */
export interface Offer {
  /** When a moment was kept that it can go on from; null: there is none. */
  readonly kept: string | null;
  /** The lab of another episode that is alive; null: none is. */
  readonly other: string | null;
  /** What is to be said first, a sentence; "". */
  readonly why: string;
}

export interface StageView {
  offer(offer: Offer): void;
  /** @param machines how many the lab has, if that is known */
  show(state: SessionState, machines?: number): void;
  dispose(): void;
}

const OFFLINE =
  'The connection is gone. What has arrived is kept, and it goes on by itself when the connection is back.';

/** @param lab its id */
export function stageView(root: HTMLElement, lab: string): StageView {
  const part = (name: string) => root.querySelector<HTMLElement>(name);
  const bar = root.querySelector('progress');
  let begun = 0;
  let clock: ReturnType<typeof setInterval> | undefined;

  function set(name: string, text: string): void {
    const element = part(name);
    if (element && element.textContent !== text) element.textContent = text;
  }
  function tick(): void {
    set('.lab-elapsed', durationWords((performance.now() - begun) / 1000));
  }
  function busy(title: string, step: string, share: number | undefined, bytes: string): void {
    // Another title is another wait: its time counts from now.
    if (clock === undefined || part('.lab-busy-title')?.textContent !== title) begun = performance.now();
    clock ??= setInterval(tick, 250);
    set('.lab-busy-title', title);
    set('.lab-step', step);
    set('.lab-bytes', bytes);
    set('.lab-percent', share === undefined ? '' : `${Math.floor(share)} %`);
    // A progress element without a value says "working, length not known".
    if (share === undefined) bar?.removeAttribute('value');
    else if (bar) bar.value = share;
  }
  // Before a machine's own thread notices: the browser may know at once that the connection is gone.
  const life = new AbortController();
  const connection = (): void => set('.lab-offline', navigator.onLine ? '' : OFFLINE);
  for (const event of ['online', 'offline']) addEventListener(event, connection, { signal: life.signal });
  connection();
  function rest(): void {
    clearInterval(clock);
    clock = undefined;
  }

  return {
    offer({ kept, other, why }) {
      const off = root.querySelector<HTMLElement>('[data-card=off]');
      if (off === null) return;
      off.classList.toggle('has-kept', kept !== null);
      for (const element of off.querySelectorAll<HTMLElement>('.lab-kept')) element.hidden = kept === null;
      set('.lab-kept-words', kept ?? '');
      const start = off.querySelector<HTMLElement>('[data-do=start]');
      start?.classList.toggle('is-primary', kept === null);
      start?.classList.toggle('is-large', kept === null);
      set('[data-card=off] [data-do=start]', kept === null ? 'Start the lab' : 'Start afresh');
      const first =
        other === null
          ? ''
          : `The lab “${other}” is alive. When this one starts, that one is kept where it is, and ends.`;
      set('.lab-first', [why, first].filter((words) => words !== '').join(' '));
    },
    show(state, machines = 1) {
      const card = state.kind === 'loading' || state.kind === 'building' ? 'busy' : state.kind;
      root.hidden = card === 'running' || card === 'frozen';
      for (const element of root.querySelectorAll<HTMLElement>('[data-card]'))
        element.hidden = element.dataset['card'] !== card;
      const steps = part('.lab-steps');
      if (steps) steps.hidden = state.kind !== 'building';
      if (card !== 'busy') rest();
      if (state.kind === 'loading') {
        busy(
          'Starting the lab',
          state.step,
          state.total > 0 ? (100 * Math.min(state.done, state.total)) / state.total : undefined,
          // What several machines share is loaded by each and downloaded once: their sum is no download.
          machines > 1 ? `${machines} machines` : bytesWords(state.done, state.total),
        );
        tick();
      } else if (state.kind === 'building') {
        const { build } = state;
        busy(
          `The lab ${labWords(lab)} is being built on this server`,
          buildingWords(build, lab),
          build.percent,
          'It starts by itself when it is ready.',
        );
        // The server has been at it for longer than this page has been watching.
        begun = performance.now() - build.elapsedSeconds * 1000;
        tick();
        steps?.replaceChildren(...build.steps.map(stepRow));
      } else if (state.kind === 'failed') {
        set('.lab-reason', state.message);
        set('.lab-advice', adviceFor(state.reason));
      }
    },
    dispose() {
      rest();
      life.abort();
    },
  };
}

const labWords = (id: string): string => id.replaceAll('-', ' ');

/** What is done now; of another lab, that this one waits for it. */
function buildingWords({ step, message }: BuildStatus, lab: string): string {
  const other = /^lab (\S+)$/.exec(step)?.[1];
  const isOther = other !== undefined && other !== lab;
  const what = isOther ? `It waits for the lab ${labWords(other)}, which is built first` : step;
  return message === '' ? what : `${what}: ${message}`;
}

function stepRow(step: { readonly name: string; readonly state: string; readonly percent: number }): HTMLLIElement {
  const row = document.createElement('li');
  row.dataset['state'] = step.state;
  const [name, state] = [document.createElement('span'), document.createElement('span')];
  name.textContent = step.name;
  state.textContent = step.percent > 0 && step.percent < 100 ? `${Math.floor(step.percent)} %` : step.state;
  row.append(name, state);
  return row;
}
