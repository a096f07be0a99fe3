// <lockstep-open>: takes a capture that is dropped anywhere on the page, or chosen, and shows its packets.
import { plural } from '../../ui/words.ts';
import type { OpenedCapture } from './open-capture.ts';

class LockstepOpen extends HTMLElement {
  #life = new AbortController();
  #opened: OpenedCapture | undefined;
  #number = 0;

  connectedCallback(): void {
    this.#life = new AbortController();
    const { signal } = this.#life;
    const input = this.#part('input');
    input.addEventListener(
      'change',
      () => {
        const [file] = (input as HTMLInputElement).files ?? [];
        if (file !== undefined) void this.#open(file);
        // The same file can be chosen again.
        (input as HTMLInputElement).value = '';
      },
      { signal },
    );
    // Without this, a browser shows or saves what is dropped on a page.
    document.addEventListener('dragover', (event) => this.#over(event), { signal });
    document.addEventListener('dragleave', (event) => event.relatedTarget === null && this.#light(false), { signal });
    document.addEventListener('drop', (event) => this.#drop(event), { signal });
  }

  disconnectedCallback(): void {
    this.#life.abort();
    this.#opened?.dispose();
    this.#opened = undefined;
  }

  #over(event: DragEvent): void {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    this.#light(true);
  }

  #drop(event: DragEvent): void {
    this.#light(false);
    const [file] = event.dataTransfer?.files ?? [];
    if (file === undefined) return;
    event.preventDefault();
    void this.#open(file);
  }

  async #open(file: File): Promise<void> {
    const number = ++this.#number;
    this.#say(`Opening ${file.name} …`, '');
    try {
      const { openCapture } = await import('./open-capture.ts');
      if (number !== this.#number || this.#life.signal.aborted) return;
      this.#opened?.dispose();
      this.dataset['open'] = '';
      this.#opened = openCapture(file, file.name, this.#part('.open-panel'), (state) => {
        const { done, read, size, packets, places, linkTypes, trouble } = state;
        const count = plural(packets, 'packet');
        const where = places.length === 0 ? '' : `, seen at ${listed(places)}`;
        const kind = linkTypes.length === 0 ? '' : ` (${linkTypes.join(', ')})`;
        const far = done ? '' : `, ${Math.floor((read / Math.max(1, size)) * 100)} % read`;
        this.#say(`${file.name}: ${count}${where}${kind}${far}.`, trouble);
      });
    } catch (error) {
      this.#say('', `The list could not be loaded: ${String(error)}. Check the connection and choose the file again.`);
    }
  }

  #say(words: string, trouble: string): void {
    this.#part('.open-words').textContent = words;
    this.#part('.open-trouble').textContent = trouble;
  }

  #light(on: boolean): void {
    this.toggleAttribute('data-over', on);
  }

  #part(selector: string): HTMLElement {
    const part = this.querySelector<HTMLElement>(selector);
    if (part === null) throw new Error(`<lockstep-open> has no ${selector}.`);
    return part;
  }
}

const MOST_NAMED = 4;

function listed(places: readonly string[]): string {
  const more = places.length - MOST_NAMED;
  return `${places.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

customElements.define('lockstep-open', LockstepOpen);
