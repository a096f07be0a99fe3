// <lockstep-contents> around the page's contents: which section the reader is in, which are done, and how long the rest takes.
// It also remembers the place for the next visit. Without JavaScript the contents are links, and nothing more is said.

import { keyOf } from '../episode/page-commands.ts';
import { currentPath } from '../ui/current-page.ts';
import { loadProgress, onProgress, pageName, savePlace } from '../ui/progress.ts';
import { leftWords, minutesLeft, type SectionLoad } from './reading-time.ts';

interface Section extends SectionLoad {
  readonly heading: HTMLElement;
  readonly blocks: readonly HTMLElement[];
}

/** px from the top of the window: a heading above this line is the one that is being read. */
const line = 160;

class LockstepContents extends HTMLElement {
  #life = new AbortController();
  #sections: readonly Section[] = [];
  #frame = 0;
  /** The reader has moved on this page: a place that is only opened is no place to go back to. */
  #moved = false;

  connectedCallback(): void {
    this.#life = new AbortController();
    const { signal } = this.#life;
    // When all of the page is there, and drawn: nothing of this is waited for.
    const idle = globalThis.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 300));
    idle(() => {
      if (signal.aborted) return;
      this.#sections = sectionsOf(document.querySelector('main'));
      onProgress(() => this.#showDone(), signal);
      this.#showDone();
      const { place } = loadProgress();
      const left = document.querySelector('lockstep-left');
      if (left && place?.page === pageName(currentPath())) {
        const at = this.#sections.findIndex(({ heading }) => heading.id === place.section);
        if (at > 0) left.textContent = `, ${leftWords(this.#left(at, 0))}`;
      }
      addEventListener(
        'scroll',
        () => {
          this.#moved = true;
          this.#frame ||= requestAnimationFrame(() => this.#place());
        },
        { signal, passive: true },
      );
      this.#place();
    });
  }

  disconnectedCallback(): void {
    this.#life.abort();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  #left(at: number, read: number): number {
    return minutesLeft(this.#sections, at, read, Number(this.dataset['minutes'] ?? 0));
  }

  #linkTo(section: Section): HTMLElement | undefined {
    return [...this.querySelectorAll('a')].find((link) => link.hash === `#${section.heading.id}`);
  }

  #showDone(): void {
    const done = new Set(loadProgress().done[pageName(currentPath())]);
    for (const section of this.#sections) {
      const link = this.#linkTo(section);
      if (!link) continue;
      const isDone = section.blocks.length > 0 && section.blocks.every((block) => done.has(keyOf(block)));
      link.parentElement?.classList.toggle('is-done', isDone);
      if (isDone) link.title = 'All its commands are done';
      else link.removeAttribute('title');
    }
  }

  #place(): void {
    this.#frame = 0;
    const tops = this.#sections.map(({ heading }) => heading.getBoundingClientRect().top);
    const at = tops.findLastIndex((top) => top < line);
    for (const [index, section] of this.#sections.entries()) {
      const link = this.#linkTo(section);
      if (index === at) link?.setAttribute('aria-current', 'location');
      else link?.removeAttribute('aria-current');
    }
    const section = this.#sections[at];
    const end = tops[at + 1] ?? document.querySelector('main')?.getBoundingClientRect().bottom ?? 0;
    const top = tops[at] ?? 0;
    const left = this.querySelector('.contents-left');
    if (left && this.dataset['minutes'] !== undefined) {
      // What is in the window counts as read when it leaves it; the end of the page is its end.
      const read = section && end > top ? (line - top) / (end - top) : 0;
      const isEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 8;
      const words = isEnd ? '' : leftWords(this.#left(at, read));
      if (left.textContent !== words) left.textContent = words;
    }
    if (this.#moved && section && this.dataset['minutes'] !== undefined)
      savePlace({
        page: pageName(currentPath()),
        section: section.heading.id,
        title: section.heading.textContent.trim(),
      });
  }
}

/** What stands before the first heading counts to the first section. Recordings are watched, not read: their headers are no words. */
function sectionsOf(main: Element | null): Section[] {
  const sections: { heading?: HTMLElement; blocks: HTMLElement[]; words: number }[] = [];
  let current: (typeof sections)[number] = { blocks: [], words: 0 };
  for (const part of main?.querySelector('h2[id]:not([id=_top])')?.closest('.sl-markdown-content')?.children ?? []) {
    const heading = part.matches('h2[id]') ? part : part.querySelector(':scope > h2[id]');
    if (heading instanceof HTMLElement) {
      if (current.heading) current = { blocks: [], words: 0 };
      current.heading = heading;
      sections.push(current);
    }
    current.words += part.localName === 'lockstep-walk' ? 0 : (part.textContent.match(/\S+/g)?.length ?? 0);
    current.blocks.push(...blocksIn(part));
  }
  return sections.flatMap(({ heading, blocks, words }) =>
    heading ? [{ heading, blocks, words, commands: blocks.length }] : [],
  );
}

const blocksIn = (part: Element): HTMLElement[] =>
  part instanceof HTMLElement && part.localName === 'lockstep-run'
    ? [part]
    : [...part.querySelectorAll<HTMLElement>('lockstep-run')];

customElements.define('lockstep-contents', LockstepContents);
