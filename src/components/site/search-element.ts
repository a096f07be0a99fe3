// The search dialog over Pagefind's own API (https://pagefind.app/docs/api/), without its ready-made interface: that one
// alone would weigh more than the rest of a page.
interface PagefindHit {
  data(): Promise<{
    url: string;
    excerpt: string;
    meta: { title?: string };
    sub_results: { title: string; url: string; excerpt: string }[];
  }>;
}
interface Pagefind {
  init(): Promise<void>;
  /** Resolves with null when a newer search has begun meanwhile. */
  debouncedSearch(query: string): Promise<{ results: PagefindHit[] } | null>;
}

const shown = 8;

class LockstepSearch extends HTMLElement {
  #life = new AbortController();
  #pagefind: Promise<Pagefind> | undefined;

  connectedCallback(): void {
    const open = this.querySelector<HTMLButtonElement>('[data-open]');
    const dialog = this.querySelector('dialog');
    const input = this.querySelector('input');
    if (!open || !dialog || !input) return;
    open.hidden = false;
    this.#life = new AbortController();
    const show = () => {
      if (dialog.open) return;
      dialog.showModal();
      input.select();
      void this.#load().catch(() =>
        this.#say('The search index could not be fetched. Check the connection and try again.'),
      );
    };
    open.addEventListener('click', show);
    document.addEventListener(
      'keydown',
      (event) => {
        // In a terminal Ctrl-K is readline's kill-line: it stays the guest's.
        const inTerminal = event.target instanceof Element && event.target.closest('.xterm');
        if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || inTerminal) return;
        event.preventDefault();
        show();
      },
      { signal: this.#life.signal },
    );
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog || (event.target instanceof Element && event.target.closest('a'))) dialog.close();
    });
    input.addEventListener('input', () => void this.#search(input.value.trim()));
    input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      this.querySelector<HTMLAnchorElement>('.search-results a')?.click();
    });
    dialog.addEventListener('keydown', (event) => this.#move(event, input));
  }

  disconnectedCallback(): void {
    this.#life.abort();
  }

  /** By the arrow keys from what is asked to what was found, and back. */
  #move(event: KeyboardEvent, input: HTMLInputElement): void {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    const all: HTMLElement[] = [input, ...this.querySelectorAll<HTMLElement>('.search-results a')];
    const next = all[all.indexOf(document.activeElement as HTMLElement) + by];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  }

  #load(): Promise<Pagefind> {
    const url = `${this.dataset['base'] ?? '/'}pagefind/pagefind.js`;
    this.#pagefind ??= import(/* @vite-ignore */ url).then(async (module: Pagefind) => {
      await module.init();
      return module;
    });
    // A download that failed is tried again next time.
    this.#pagefind.catch(() => {
      this.#pagefind = undefined;
    });
    return this.#pagefind;
  }

  async #search(query: string): Promise<void> {
    const list = this.querySelector('.search-results');
    if (!list) return;
    if (query === '') {
      list.replaceChildren();
      this.#say('');
      return;
    }
    try {
      const answer = await (await this.#load()).debouncedSearch(query);
      if (!answer) return;
      const hits = await Promise.all(answer.results.slice(0, shown).map((hit) => hit.data()));
      list.replaceChildren(
        ...hits.flatMap((hit) =>
          (hit.sub_results.length > 0
            ? hit.sub_results.slice(0, 3)
            : [{ ...hit, title: hit.meta.title ?? hit.url }]
          ).map((part) => row(part.title, part.url, part.excerpt, hit.meta.title ?? '')),
        ),
      );
      this.#say(hits.length === 0 ? `Nothing about “${query}”.` : '');
    } catch {
      this.#say('The search index could not be fetched. Check the connection and try again.');
    }
  }

  #say(text: string): void {
    const status = this.querySelector('.search-status');
    if (status) status.textContent = text;
  }
}

function row(title: string, url: string, excerpt: string, page: string): HTMLLIElement {
  const item = document.createElement('li');
  const link = document.createElement('a');
  link.href = url;
  link.textContent = title;
  if (page !== '' && page !== title) {
    const where = document.createElement('span');
    where.className = 'search-page';
    where.textContent = page;
    link.append(' ', where);
  }
  const text = document.createElement('p');
  // Pagefind's excerpt is our own prose, escaped at build time, with <mark> around the words found.
  text.innerHTML = excerpt;
  item.append(link, text);
  return item;
}

customElements.define('lockstep-search', LockstepSearch);
