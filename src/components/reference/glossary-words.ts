// A word of the glossary opens where it stands: to leave the page for it would be to leave a running lab. With a modifier key, without
// JavaScript, and for search engines, it is the link that it was.
import { placeBeside } from '../ui/place-beside.ts';
import './glossary-words.css';

const links = 'a[href*="/glossary/#"]';

/** By address: the glossary's page, fetched when the first word is asked for. One that could not be fetched is tried again. */
const pages = new Map<string, Promise<Document>>();

function pageOf({ origin, pathname }: URL): Promise<Document> {
  const address = `${origin}${pathname}`;
  const known = pages.get(address);
  if (known !== undefined) return known;
  const page = fetch(address).then(async (response) => {
    if (!response.ok) throw new Error(`status ${response.status}`);
    return new DOMParser().parseFromString(await response.text(), 'text/html');
  });
  pages.set(address, page);
  page.catch(() => pages.delete(address));
  return page;
}

const panel = document.createElement('div');
panel.className = 'ls-beside glossary-word';
panel.id = 'glossary-word';
panel.popover = 'auto';
panel.tabIndex = -1;
panel.setAttribute('role', 'dialog');

/** The link whose word is shown, and where it was in the window. */
let opener: HTMLAnchorElement | null = null;
let openedAt = 0;
/** Pixels that a page may still roll on after the press. */
const NEAR = 48;

async function show(link: HTMLAnchorElement): Promise<void> {
  opener = link;
  const url = new URL(link.href);
  if (!panel.isConnected) document.body.append(panel);
  fill(link, 'Looking it up …');
  open(link);
  try {
    const term = (await pageOf(url)).getElementById(decodeURIComponent(url.hash.slice(1)));
    if (opener !== link) return;
    const name = term?.querySelector('dt a')?.textContent ?? '';
    const also = term?.querySelector('dt .also')?.textContent ?? '';
    const said = term?.querySelector('dd');
    if (said == null) fill(link, 'The glossary does not have this word.');
    else fill(link, [...said.cloneNode(true).childNodes], also === '' ? name : `${name} (${also})`);
  } catch {
    if (opener === link) fill(link, 'The glossary could not be fetched. Check the connection, and try again.');
  }
  placeBeside(panel, rectOf(link));
}

function open(link: HTMLAnchorElement): void {
  if (!panel.matches(':popover-open')) panel.showPopover();
  openedAt = rectOf(link).top;
  placeBeside(panel, rectOf(link));
  panel.focus({ preventScroll: true });
}

/** The first line of a link that is broken over two. */
const rectOf = (link: HTMLAnchorElement): DOMRect => link.getClientRects()[0] ?? link.getBoundingClientRect();

function fill(link: HTMLAnchorElement, said: string | readonly Node[], name = link.textContent ?? ''): void {
  const title = document.createElement('p');
  title.className = 'glossary-word-title';
  title.textContent = name;
  panel.setAttribute('aria-label', name);
  const words = document.createElement('div');
  words.append(...(typeof said === 'string' ? [said] : said));
  const more = document.createElement('p');
  const page = document.createElement('a');
  page.href = link.href;
  page.textContent = 'In the glossary';
  page.dataset['page'] = '';
  more.append(page);
  panel.replaceChildren(title, words, more);
  // What leads away opens beside the page, and leaves its lab alone.
  for (const each of panel.querySelectorAll('a')) {
    each.target = '_blank';
    each.rel = 'noopener';
  }
}

function onClick(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>(links) : null;
  if (link === null || event.defaultPrevented || event.button !== 0 || 'page' in link.dataset) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  // On the glossary's own page they are places of the page.
  if (new URL(link.href).pathname === location.pathname) return;
  event.preventDefault();
  void show(link);
}
// Before the client router, which would follow the link.
document.addEventListener('click', onClick, { capture: true });

panel.addEventListener('toggle', (event) => {
  if (event.newState !== 'closed') return;
  const had = panel.contains(document.activeElement) || document.activeElement === document.body;
  if (had) opener?.focus({ preventScroll: true });
  opener = null;
});
// Until the word that it belongs to has moved away from it.
addEventListener(
  'scroll',
  () => {
    if (opener !== null && Math.abs(rectOf(opener).top - openedAt) > NEAR) panel.hidePopover();
  },
  { passive: true },
);
const markAll = (): void => {
  for (const link of document.querySelectorAll(links)) link.setAttribute('aria-haspopup', 'dialog');
};
markAll();
// The next page took this one's place.
document.addEventListener('astro:after-swap', () => {
  opener = null;
  markAll();
});
