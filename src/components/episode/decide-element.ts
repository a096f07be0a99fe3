// <lockstep-decide>: unfolds what a command shows when its reader has decided, or has run the command all the same.

/** What a command block says of itself (run-element.ts) once it was asked to run. */
const asked = new Set(['queued', 'running', 'sent', 'done']);

class LockstepDecide extends HTMLElement {
  #life = new AbortController();

  connectedCallback(): void {
    this.#life = new AbortController();
    const { signal } = this.#life;
    for (const answer of this.querySelectorAll<HTMLDetailsElement>('.decide-answer'))
      answer.addEventListener('toggle', () => answer.open && this.#unfold(), { signal });
    const run = this.querySelector('lockstep-run');
    if (!run) return;
    const observer = new MutationObserver(() => this.#look());
    observer.observe(run, { attributeFilter: ['data-state', 'data-ran'] });
    signal.addEventListener('abort', () => observer.disconnect());
    this.#look();
  }

  disconnectedCallback(): void {
    this.#life.abort();
  }

  #look(): void {
    const { state = '', ran } = this.querySelector<HTMLElement>('lockstep-run')?.dataset ?? {};
    if (ran !== undefined || asked.has(state)) this.#unfold();
  }

  #unfold(): void {
    const see = this.querySelector<HTMLDetailsElement>('details.run-see');
    if (see) see.open = true;
  }
}

customElements.define('lockstep-decide', LockstepDecide);
