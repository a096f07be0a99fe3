// <lockstep-done>: how many of a page's commands the reader has run. <lockstep-forget>: the way to have that forgotten.
// Without JavaScript, and before the first command, neither shows anything.
import { loadProgress, onProgress, type Progress, saveProgress } from '../ui/progress.ts';

class LockstepDone extends HTMLElement {
  #life = new AbortController();

  connectedCallback(): void {
    this.#life = new AbortController();
    onProgress(() => this.#show(), this.#life.signal);
    this.#show();
  }

  disconnectedCallback(): void {
    this.#life.abort();
  }

  #show(): void {
    const commands = (this.dataset['commands'] ?? '').split(' ').filter(Boolean);
    const done = new Set(loadProgress().done[this.dataset['page'] ?? '']);
    // Of those that the page has today.
    const count = commands.filter((key) => done.has(key)).length;
    const isAll = count > 0 && count === commands.length;
    this.toggleAttribute('data-all', isAll);
    this.textContent = count === 0 ? '' : isAll ? `✓ all ${count} commands` : `${count} of ${commands.length} commands`;
  }
}

class LockstepForget extends HTMLElement {
  #life = new AbortController();
  #forgotten: Progress | undefined;

  connectedCallback(): void {
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.querySelector('button')?.addEventListener('click', () => this.#press(), { signal });
    onProgress(() => this.#show(), signal);
    this.#show();
  }

  disconnectedCallback(): void {
    this.#life.abort();
  }

  #press(): void {
    const back = this.#forgotten;
    this.#forgotten = back === undefined ? loadProgress() : undefined;
    saveProgress(back ?? { done: {} });
    this.#show();
  }

  #show(): void {
    const { done, place } = loadProgress();
    const isEmpty = Object.keys(done).length === 0 && place === undefined;
    if (!isEmpty) this.#forgotten = undefined;
    this.hidden = isEmpty && this.#forgotten === undefined;
    const [button, said] = [this.querySelector('button'), this.querySelector('span')];
    if (button) button.textContent = this.#forgotten ? 'Bring it back' : 'Forget my progress';
    if (said) said.textContent = this.#forgotten ? 'Forgotten.' : '';
  }
}

customElements.define('lockstep-done', LockstepDone);
customElements.define('lockstep-forget', LockstepForget);
