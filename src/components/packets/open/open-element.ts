// <lockstep-open>: takes a capture that is dropped anywhere on the page, or chosen, and shows its packets.
import { plural } from '../../ui/words.ts';
import type { OpenedCapture } from './open-capture.ts';
import { forgetRecent, keepRecent, type RecentFile, readRecent, recentFiles } from './recent-files.ts';

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
        if (file !== undefined) void this.#open(file, null);
        // The same file can be chosen again.
        (input as HTMLInputElement).value = '';
      },
      { signal },
    );
    // Without this, a browser shows or saves what is dropped on a page.
    document.addEventListener('dragover', (event) => this.#over(event), { signal });
    document.addEventListener('dragleave', (event) => event.relatedTarget === null && this.#light(false), { signal });
    document.addEventListener('drop', (event) => void this.#drop(event), { signal });
    this.addEventListener('click', (event) => this.#click(event), { signal });
    void this.#list();
    const sample = [...this.querySelectorAll<HTMLAnchorElement>('[data-sample]')].find(
      ({ dataset }) => `#${dataset['sample']}` === location.hash,
    );
    if (sample !== undefined) void this.#openSample(sample);
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

  async #drop(event: DragEvent): Promise<void> {
    this.#light(false);
    const [file] = event.dataTransfer?.files ?? [];
    if (file === undefined) return;
    event.preventDefault();
    // Has to be asked for while the event is under way.
    const item = event.dataTransfer?.items[0] as DataTransferItem & HandsOut;
    const handle = await item.getAsFileSystemHandle?.().catch(() => null);
    void this.#open(file, handle?.kind === 'file' ? (handle as FileSystemFileHandle) : null);
  }

  #click(event: MouseEvent): void {
    const { target } = event;
    if (!(target instanceof Element) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const sample = target.closest<HTMLAnchorElement>('[data-sample]');
    if (sample === null) return;
    event.preventDefault();
    history.replaceState(history.state, '', `#${sample.dataset['sample']}`);
    void this.#openSample(sample);
  }

  async #openSample({ href, textContent }: HTMLAnchorElement): Promise<void> {
    const name = decodeURIComponent(href.slice(href.lastIndexOf('/') + 1));
    this.#say(`Fetching ${textContent} …`, '');
    try {
      const response = await fetch(href);
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      await this.#open(new File([await response.blob()], name), null, false);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#say('', `The sample ${name} could not be fetched: ${why}. Check the connection and press it again.`);
    }
  }

  /** What was opened last, where the browser has kept it. */
  async #list(): Promise<void> {
    const files = await recentFiles();
    const section = this.#part('.open-recent');
    section.hidden = files.length === 0;
    this.#part('.open-recent ul').replaceChildren(...files.map((file) => this.#row(file)));
  }

  #row(file: RecentFile): HTMLLIElement {
    const row = document.createElement('li');
    const name = document.createElement('span');
    name.className = 'open-name';
    name.textContent = file.name;
    const about = document.createElement('span');
    about.className = 'open-soft';
    about.textContent = `${Math.ceil(file.size / 1000).toLocaleString('en')} kB, ${new Date(file.opened).toLocaleString()}`;
    const button = (words: string, does: () => Promise<void>): HTMLButtonElement => {
      const made = document.createElement('button');
      made.type = 'button';
      made.className = 'ls-button is-small';
      made.textContent = words;
      made.setAttribute('aria-label', `${words} ${file.name}`);
      made.addEventListener('click', () => void does());
      return made;
    };
    row.append(
      name,
      about,
      button('Open', () => this.#openAgain(file)),
      button('Forget', async () => {
        await forgetRecent(file.id);
        row.remove();
        this.#part('.open-recent').hidden = this.querySelector('.open-recent li') === null;
      }),
    );
    return row;
  }

  async #openAgain(file: RecentFile): Promise<void> {
    try {
      await this.#open(await readRecent(file), file.handle ?? null);
    } catch (error) {
      this.#say('', error instanceof Error ? error.message : String(error));
    }
  }

  /** @param keep it goes among those that were opened last, once it has turned out to be a capture */
  async #open(file: File, handle: FileSystemFileHandle | null, keep = true): Promise<void> {
    const number = ++this.#number;
    let isKept = !keep;
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
        if (!isKept && packets > 0) {
          isKept = true;
          void keepRecent(file, handle).then(() => this.#list());
        }
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

/** What Chromium's drops have besides. */
interface HandsOut {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

const MOST_NAMED = 4;

function listed(places: readonly string[]): string {
  const more = places.length - MOST_NAMED;
  return `${places.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

customElements.define('lockstep-open', LockstepOpen);
