// <lockstep-lab-word>: on a page without it, says that a lab is still alive, and leads back to it.
import { type LabWord, labWord, labWordEvent } from '../ui/lab-word.ts';

class LockstepLabWord extends HTMLElement {
  #life = new AbortController();

  connectedCallback(): void {
    this.#life = new AbortController();
    document.addEventListener(labWordEvent, ({ detail }) => this.#say(detail), { signal: this.#life.signal });
    this.#say(labWord());
  }

  disconnectedCallback(): void {
    this.#life.abort();
  }

  #say(word: LabWord | null): void {
    if (word === null || word.here) {
      if (this.childElementCount > 0) this.replaceChildren();
      return;
    }
    const words = `Lab: ${word.title}, ${word.state}`;
    const link = this.querySelector('a') ?? document.createElement('a');
    link.href = word.href;
    link.dataset['backToLab'] = '';
    if (link.textContent !== words) link.textContent = words;
    if (link.parentElement !== this) this.replaceChildren(link);
  }
}

customElements.define('lockstep-lab-word', LockstepLabWord);
