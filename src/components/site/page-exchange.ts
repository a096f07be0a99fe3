// From page to page without loading: Astro's client router fetches the next page, keeps the history, announces the title and scrolls;
// this puts it in the place of the one before, around a lab that is alive.
import { swapFunctions } from 'astro:transitions/client';
import { exchangeBody } from '../lab/lab-place.ts';
import './page-exchange.css';

/** Of the root element: what the reader has set, and the new page does not know. */
const ofTheReader = new Set(['data-theme', 'style', 'data-astro-transition']);

document.addEventListener('astro:before-swap', (event) => {
  const { newDocument } = event;
  event.swap = () => {
    swapFunctions.deselectScripts(newDocument);
    exchangeRoot(newDocument.documentElement);
    exchangeHead(newDocument.head);
    exchangeBody(newDocument.body);
  };
});

function exchangeRoot(next: HTMLElement): void {
  const root = document.documentElement;
  for (const { name } of [...root.attributes]) if (!ofTheReader.has(name)) root.removeAttribute(name);
  for (const { name, value } of next.attributes) if (!ofTheReader.has(name)) root.setAttribute(name, value);
}

/** Style sheets stay once they are there: a lab that goes along needs those that were fetched for it, and the order of layers is theirs. */
function exchangeHead(next: HTMLHeadElement): void {
  const known = new Map([...next.children].map((element) => [identityOf(element), element]));
  for (const element of [...document.head.children]) {
    const same = known.get(identityOf(element));
    if (same !== undefined) {
      same.remove();
      known.delete(identityOf(element));
    } else if (!element.matches('style, link[rel=stylesheet]')) element.remove();
  }
  document.head.append(...next.children);
}

function identityOf(element: Element): string {
  if (element instanceof HTMLLinkElement || element.localName === 'link')
    return `link ${element.getAttribute('rel')} ${element.getAttribute('href')}`;
  return element.outerHTML.replace(' data-astro-exec=""', '');
}
