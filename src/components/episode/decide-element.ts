// <lockstep-decide>: unfolds what a command shows when its reader has decided, or has run the command all the same.
import { commandEvent } from '../ui/command-request.ts';

class LockstepDecide extends HTMLElement {
  #listening: AbortController | undefined;

  connectedCallback(): void {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    for (const answer of this.querySelectorAll<HTMLDetailsElement>('.decide-answer'))
      answer.addEventListener('toggle', () => answer.open && this.#unfold(), { signal });
    document.addEventListener(
      commandEvent,
      ({ detail }) => {
        if (detail.machine === this.#run?.dataset['on'] && detail.command === this.#command) this.#unfold();
      },
      { signal },
    );
  }

  disconnectedCallback(): void {
    this.#listening?.abort();
  }

  get #run(): HTMLElement | null {
    return this.querySelector('lockstep-run');
  }

  get #command(): string {
    return [...this.querySelectorAll('.run-one')].map((line) => line.textContent).join('\n');
  }

  #unfold(): void {
    const see = this.querySelector<HTMLDetailsElement>('details.run-see');
    if (see) see.open = true;
  }
}

customElements.define('lockstep-decide', LockstepDecide);
