// The bar that finds text in what a terminal printed: Enter for the next match, Shift Enter for the one before, Escape
// puts it away.
export interface FindBarOptions {
  onFind(text: string, backwards: boolean): void;
  onClose(): void;
}

export class FindBar {
  readonly root = document.createElement('div');
  readonly #input = document.createElement('input');
  readonly #count = document.createElement('output');
  readonly #options: FindBarOptions;

  constructor(options: FindBarOptions) {
    this.#options = options;
    this.root.className = 'term-find';
    this.root.hidden = true;
    this.root.setAttribute('role', 'search');
    this.#input.type = 'text';
    this.#input.className = 'ls-field';
    this.#input.setAttribute('aria-label', 'Find in the terminal');
    this.#input.addEventListener('input', () => this.#find(false));
    this.#input.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.#find(event.shiftKey);
      else if (event.key === 'Escape') this.close();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    this.root.append(
      this.#input,
      this.#count,
      button('Previous', () => this.#find(true)),
      button('Next', () => this.#find(false)),
      button('Close', () => this.close()),
    );
  }

  open(): void {
    this.root.hidden = false;
    this.#input.focus();
    this.#input.select();
  }

  close(): void {
    if (this.root.hidden) return;
    this.root.hidden = true;
    this.#count.textContent = '';
    this.#options.onClose();
  }

  /** The terminal's answer: the match in front, counted from 0, of how many. */
  found(index: number, count: number): void {
    this.#count.textContent = count === 0 ? (this.#input.value === '' ? '' : 'No match') : `${index + 1} of ${count}`;
  }

  #find(backwards: boolean): void {
    if (this.#input.value === '') this.#count.textContent = '';
    this.#options.onFind(this.#input.value, backwards);
  }
}

function button(label: string, onClick: () => void): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'ls-button is-quiet is-small term-tool';
  made.textContent = label;
  made.addEventListener('click', onClick);
  return made;
}
