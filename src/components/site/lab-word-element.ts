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
    const link = this.querySelector('a') ?? document.createElement('a');
    link.href = word.href;
    link.dataset['backToLab'] = '';
    if (link.parentElement !== this) {
      // On a narrow page there is no room for its name.
      link.append('Lab', document.createElement('span'), document.createElement('span'));
      this.replaceChildren(link);
    }
    const [title, state] = link.querySelectorAll('span');
    if (title?.textContent !== `: ${word.title},`) title?.replaceChildren(`: ${word.title},`);
    if (state?.textContent !== ` ${word.state}`) state?.replaceChildren(` ${word.state}`);
  }
}

customElements.define('lockstep-lab-word', LockstepLabWord);
