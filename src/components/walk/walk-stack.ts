// The headers of the present step with all their fields. Made from the text of the page's <noscript> when a reader opens them: they
// are most of what a walk knows, and few look at all of it. A header that was opened stays open from step to step.

export class WalkStack {
  readonly #panel: HTMLDetailsElement;
  readonly #place: HTMLElement;
  readonly #made = new Map<Element, readonly HTMLElement[]>();
  readonly #open = new Set<string>();
  #packet: Element | null = null;
  #step = 1;

  constructor(panel: HTMLDetailsElement, place: HTMLElement, signal: AbortSignal) {
    this.#panel = panel;
    this.#place = place;
    // `toggle` does not bubble.
    panel.addEventListener('toggle', (event) => this.#onToggle(event.target), { capture: true, signal });
  }

  show(packet: Element, step: number): void {
    this.#packet = packet;
    this.#step = step;
    const number = this.#panel.querySelector('.walk-headers-step');
    if (number !== null) number.textContent = String(step);
    if (this.#panel.open) this.#fill();
  }

  #onToggle(target: EventTarget | null): void {
    if (target === this.#panel) {
      if (this.#panel.open) this.#fill();
      return;
    }
    if (!(target instanceof HTMLDetailsElement)) return;
    const key = target.dataset['key'] ?? '';
    if (target.open) this.#open.add(key);
    else this.#open.delete(key);
  }

  #fill(): void {
    if (this.#packet === null) return;
    const stack = this.#stacksOf(this.#packet).findLast(({ dataset }) => Number(dataset['n']) <= this.#step);
    if (stack === undefined || this.#place.firstElementChild === stack) return;
    const focused = this.#place.contains(document.activeElement)
      ? document.activeElement?.closest<HTMLElement>('details')?.dataset['key']
      : undefined;
    for (const one of stack.querySelectorAll('details')) one.open = this.#open.has(one.dataset['key'] ?? '');
    this.#place.replaceChildren(stack);
    if (focused === undefined) return;
    // The same header at this step; where it is gone, what they all are under.
    const same = [...stack.querySelectorAll('details')].find(({ dataset }) => dataset['key'] === focused);
    (same ?? this.#panel).querySelector('summary')?.focus({ preventScroll: true });
  }

  #stacksOf(packet: Element): readonly HTMLElement[] {
    const made = this.#made.get(packet);
    if (made !== undefined) return made;
    // The page's own words, written when the site was built: what a packet carried is escaped in them.
    const parsed = document.createElement('template');
    const kept = packet.querySelector('.walk-stacks');
    // A page that was fetched by a script, and took another one's place, was read as one without scripts: there they are elements.
    if (kept?.firstElementChild) parsed.content.append(...kept.children);
    else parsed.innerHTML = kept?.textContent ?? '';
    const stacks = [...parsed.content.querySelectorAll<HTMLElement>('.walk-layers')];
    this.#made.set(packet, stacks);
    return stacks;
  }
}
