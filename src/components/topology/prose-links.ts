// The text and the picture know each other: what the prose names in code style and the picture shows (a device, a container, a
// machine, a wire) lights up in the picture when it is pointed at. And the other way: where the text first names a thing.
import type { ReadonlySignal } from '@preact/signals';
import type { Graph } from '../../topology/graph.ts';
import './prose-links.css';

/** Code within a line of the text, not commands and their output. */
const MENTIONS = 'main :is(p, li, td, dd, figcaption) code';
const LINKED = 'ls-linked';

const mentions = (): HTMLElement[] =>
  [...document.querySelectorAll<HTMLElement>(MENTIONS)].filter((code) => code.closest('lockstep-lab') === null);

/** Ids of all that has this name in the picture: "eth0" is many. */
function idsOf(name: string, { devices, namespaces, machines, wires }: Graph): string[] {
  return [...devices, ...namespaces.filter(({ root }) => !root), ...machines, ...wires]
    .filter((thing) => thing.name === name)
    .map(({ id }) => id);
}

/** @param light is told what is pointed at; nothing: []. Ends with `signal`. */
export function linkProse(
  graph: ReadonlySignal<Graph>,
  light: (ids: readonly string[]) => void,
  signal: AbortSignal,
): void {
  const mark = (): void => {
    const { devices, namespaces, machines, wires } = graph.peek();
    const names = new Set([...devices, ...namespaces, ...machines, ...wires].map(({ name }) => name));
    for (const code of mentions()) code.classList.toggle(LINKED, names.has(code.textContent ?? ''));
  };
  const stop = graph.subscribe(mark);
  // A lab outlives its page.
  document.addEventListener('astro:after-swap', mark, { signal });
  let lit = '';
  const point = (event: Event): void => {
    const code = event.target instanceof Element ? event.target.closest<HTMLElement>(`code.${LINKED}`) : null;
    const name = code?.textContent ?? '';
    if (name === lit) return;
    lit = name;
    light(name === '' ? [] : idsOf(name, graph.peek()));
  };
  document.addEventListener('pointerover', point, { signal });
  document.addEventListener('pointerdown', point, { signal });
  signal.addEventListener('abort', () => {
    stop();
    for (const code of mentions()) code.classList.remove(LINKED);
  });
}

/** Where the text first names it; undefined: nowhere. */
export const firstMention = (name: string): HTMLElement | undefined =>
  mentions().find((code) => code.textContent === name);

/** Brings it into sight, and marks it for a moment. */
export function showMention(code: HTMLElement): void {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  code.scrollIntoView({ block: 'center', behavior: still ? 'auto' : 'smooth' });
  code.classList.add('is-found');
  setTimeout(() => code.classList.remove('is-found'), 2500);
}
