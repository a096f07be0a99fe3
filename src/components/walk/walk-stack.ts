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
    const packet = this.#packet;
    if (packet === null) return;
    const made = this.#made.get(packet) ?? this.#stacksOf(packet);
    if (made !== null) this.#put(made);
    else void this.#fetch();
  }

  #put(stacks: readonly HTMLElement[]): void {
    const stack = stacks.findLast(({ dataset }) => Number(dataset['n']) <= this.#step);
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

  /** null: the page has none any more. */
  #stacksOf(packet: Element): readonly HTMLElement[] | null {
    const kept = packet.querySelector('.walk-stacks');
    if (kept === null) return null;
    // The page's own words, written when the site was built: what a packet carried is escaped in them.
    const parsed = document.createElement('template');
    parsed.innerHTML = kept.textContent ?? '';
    return this.#keep(packet, parsed.content);
  }

  #keep(packet: Element, from: ParentNode): readonly HTMLElement[] {
    const stacks = [...from.querySelectorAll<HTMLElement>('.walk-layers')];
    this.#made.set(packet, stacks);
    return stacks;
  }

  /** A page that took another one's place was read by a script, which leaves out every <noscript>: it is fetched once more, for these. */
  async #fetch(): Promise<void> {
    const packets = [...document.querySelectorAll('.walk-packet')];
    try {
      const response = await fetch(location.pathname);
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      const page = new DOMParser().parseFromString(await response.text(), 'text/html');
      // The same page has the same packets, in the same order.
      for (const [index, packet] of page.querySelectorAll('.walk-packet').entries()) {
        const here = packets[index];
        if (here !== undefined && this.#panel.parentElement?.contains(here)) this.#keep(here, packet);
      }
      const stacks = this.#packet === null ? undefined : this.#made.get(this.#packet);
      if (stacks !== undefined) this.#put(stacks);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#place.textContent = `The headers could not be fetched (${why}). Close this and open it again.`;
    }
  }
}
