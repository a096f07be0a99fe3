// <lockstep-walk>: plays the steps that walk.astro wrote into the page. It adds no content of its own: it says which packet
// and which hop are the present ones, and lets a dot glide along the way that is drawn already.

import { watchEdges } from './walk-edges.ts';
import { type By, WalkPlayer } from './walk-player.ts';
import { WalkStack } from './walk-stack.ts';

/** Picture units a second: one speed for all that moves. */
const SPEED = 260;
/** ms that a step stays when it plays: to look at it, and to read what is new with the first hop of a packet. */
const STAY = 1400;
const STAY_FIRST = 2600;

const noMotion = matchMedia('(prefers-reduced-motion: reduce)');

class LockstepWalk extends HTMLElement {
  #player: WalkPlayer | null = null;
  #end = new AbortController();
  #glide: Animation | null = null;
  #stack: WalkStack | null = null;

  connectedCallback(): void {
    const steps = Number(this.dataset['steps']);
    const byItself = this.dataset['playing'] === 'true';
    const player = new WalkPlayer({
      steps,
      again: byItself,
      show: (step, by) => this.#show(step, by),
      playing: (on) => this.#showPlaying(on),
    });
    this.#player = player;
    this.#end = new AbortController();
    const { signal } = this.#end;
    this.addEventListener('click', (event) => this.#onClick(event), { signal });
    this.addEventListener('keydown', (event) => this.#onKey(event), { signal });
    this.#part<HTMLInputElement>('.walk-seek')?.addEventListener(
      'input',
      (event) => player.go(Number((event.target as HTMLInputElement).value)),
      { signal },
    );
    addEventListener('hashchange', () => this.#fromAddress(), { signal });
    // Its page took another one's place, and has its address only now.
    document.addEventListener('astro:after-swap', () => this.#fromAddress(), { signal });
    const panel = this.#part<HTMLDetailsElement>('.walk-headers');
    const place = this.#part('.walk-headers-stack');
    this.#stack = panel === null || place === null ? null : new WalkStack(panel, place, signal);
    watchEdges(this, signal);
    this.#whenNear(signal);
    this.#show(1, 'page');
    this.#whenSeen(byItself && !noMotion.matches, signal);
    this.#fromAddress();
  }

  disconnectedCallback(): void {
    this.#end.abort();
    this.#glide?.cancel();
    this.#player?.dispose();
    this.#player = null;
  }

  /** A link to one of its steps. */
  #fromAddress(): void {
    const chip = this.#chips().find(({ id }) => id !== '' && `#${id}` === location.hash);
    const step = Number(chip?.closest<HTMLElement>('.walk-hop')?.dataset['n']);
    if (!(step > 0)) return;
    this.#player?.go(step);
    this.scrollIntoView({ block: 'nearest' });
  }

  /** All its packets are laid out, and give it its height, before the reader comes to it. */
  #whenNear(signal: AbortSignal): void {
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.at(-1)?.isIntersecting !== true) return;
        observer.disconnect();
        this.classList.add('is-near');
      },
      { rootMargin: '600px 0px' },
    );
    observer.observe(this);
    signal.addEventListener('abort', () => observer.disconnect(), { once: true });
  }

  /** What nobody sees does not move. */
  #whenSeen(play: boolean, signal: AbortSignal): void {
    let inWindow = false;
    let started = false;
    const look = (): void => {
      const seen = inWindow && !document.hidden;
      this.#player?.suspend(!seen);
      if (!seen || !play || started || location.hash.startsWith('#walk-')) return;
      started = true;
      this.#player?.play();
    };
    const observer = new IntersectionObserver((entries) => {
      inWindow = entries.at(-1)?.isIntersecting ?? inWindow;
      look();
    });
    observer.observe(this);
    document.addEventListener('visibilitychange', look, { signal });
    signal.addEventListener('abort', () => observer.disconnect(), { once: true });
  }

  #onClick(event: MouseEvent): void {
    const player = this.#player;
    if (player === null || !(event.target instanceof Element)) return;
    const button = event.target.closest<HTMLElement>('[data-do]');
    const chip = event.target.closest('.walk-chip');
    if (button !== null) this.#do(button.dataset['do'] ?? '');
    else if (chip instanceof HTMLAnchorElement && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      // The address names the step; the page stays where it is.
      event.preventDefault();
      history.replaceState(history.state, '', chip.hash);
      player.go(Number(chip.closest<HTMLElement>('.walk-hop')?.dataset['n']));
    }
  }

  #do(what: string): void {
    const player = this.#player;
    if (player === null) return;
    if (what === 'play') player.toggle();
    else if (what === 'start') player.go(1);
    else if (what === 'end') player.go(Infinity);
    else player.go(player.step + (what === 'back' ? -1 : 1));
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    // A button and a summary have a use of their own for the space bar.
    const taken = event.target instanceof Element && event.target.closest('button, summary') !== null;
    const what = event.key === ' ' && taken ? undefined : KEYS[event.key];
    if (what === undefined) return;
    event.preventDefault();
    this.#do(what);
  }

  /** Gives the ms that the step is to stay when it plays. 'page': as it is before anybody did anything. */
  #show(step: number, by: By | 'page'): number {
    const hop = this.#hops().find(({ dataset }) => Number(dataset['n']) === step);
    const packet = hop?.closest('.walk-packet');
    if (hop === undefined || packet === null || packet === undefined) return STAY;
    const focused = this.contains(document.activeElement) && document.activeElement?.closest('.walk-packet');
    for (const one of this.querySelectorAll('.walk-packet')) one.classList.toggle('is-now', one === packet);
    for (const one of this.#hops()) one.classList.toggle('is-now', one === hop);
    for (const one of this.querySelectorAll<SVGElement>('.walk-way, .walk-stop')) {
      const n = Number(one.dataset['n']);
      one.classList.toggle('is-now', n === step);
      one.classList.toggle('is-later', n > step);
    }
    for (const chip of this.#chips()) {
      if (chip.closest('.walk-hop') === hop) chip.setAttribute('aria-current', 'step');
      else chip.removeAttribute('aria-current');
    }
    // The focus does not stay on something that is out of sight now.
    if (focused && focused !== packet) hop.querySelector<HTMLElement>('.walk-chip')?.focus({ preventScroll: true });
    this.#count(step);
    this.#stack?.show(packet, step);
    // What the page begins with is where it is to be; to measure it would make the browser lay out the page at once.
    if (by !== 'page') this.#follow(packet, step);
    this.#say(packet, hop, by);
    const first = packet.querySelector('.walk-hop') === hop;
    return (first ? STAY_FIRST : STAY) + (by === 'page' ? 0 : this.#move(packet, step));
  }

  /** A picture that is wider than its place is scrolled to where the packet is. */
  #follow(packet: Element, step: number): void {
    const place = packet.querySelector('.walk-scroll');
    const stop = packet.querySelector(`.walk-stop[data-n="${step}"]`)?.getBoundingClientRect();
    if (place === null || stop === undefined || place.scrollWidth <= place.clientWidth) return;
    const { x, width } = place.getBoundingClientRect();
    const left = place.scrollLeft + stop.x + stop.width / 2 - (x + width / 2);
    place.scrollTo({ left, behavior: noMotion.matches ? 'auto' : 'smooth' });
  }

  /** The dot, from where the packet was to where it is. Gives the ms that it takes. */
  #move(packet: Element, step: number): number {
    this.#glide?.cancel();
    this.#glide = null;
    const dot = packet.querySelector<SVGElement>('.walk-dot');
    const way = packet.querySelector<SVGPolylineElement>(`.walk-way[data-n="${step}"]`);
    if (dot === null) return 0;
    dot.classList.toggle('is-there', way !== null);
    if (way === null) return 0;
    const points = [...way.points].map(({ x, y }) => ({ x, y }));
    const lengths = points.map((point, index) => {
      const before = points[index - 1] ?? point;
      return Math.hypot(point.x - before.x, point.y - before.y);
    });
    const whole = lengths.reduce((sum, length) => sum + length, 0);
    const end = points.at(-1);
    dot.style.transform = `translate(${end?.x ?? 0}px, ${end?.y ?? 0}px)`;
    if (noMotion.matches || whole === 0) return 0;
    let gone = 0;
    const frames = points.map(({ x, y }, index) => {
      gone += lengths[index] ?? 0;
      return { transform: `translate(${x}px, ${y}px)`, offset: Math.min(gone / whole, 1) };
    });
    const duration = (whole / SPEED) * 1000;
    this.#glide = dot.animate(frames, { duration });
    return duration;
  }

  #count(step: number): void {
    const seek = this.#part<HTMLInputElement>('.walk-seek');
    const count = this.#part('.walk-count');
    const steps = this.dataset['steps'] ?? '';
    if (seek !== null) {
      seek.value = String(step);
      seek.setAttribute('aria-valuetext', `${step} of ${steps}`);
    }
    if (count !== null) count.textContent = `${step} / ${steps}`;
  }

  /** For those who listen. What plays by itself, unasked, is not talked about. */
  #say(packet: Element, hop: HTMLElement, by: By | 'page'): void {
    const said = this.#part('.walk-said');
    const unasked = by === 'page' || (by === 'play' && this.dataset['playing'] === 'true');
    if (said === null || unasked) return;
    const text = (from: Element, what: string): string =>
      from.querySelector(what)?.textContent?.trim().replace(/\s+/g, ' ') ?? '';
    const parts = [
      `Step ${hop.dataset['n']} of ${this.dataset['steps']}.`,
      `${text(packet, '.walk-protocol')} ${text(packet, '.walk-info')}.`,
      text(hop, '.walk-step'),
      text(hop, '.walk-same'),
      text(hop, '.walk-changes'),
    ];
    said.textContent = parts.filter((part) => part !== '').join(' ');
  }

  #showPlaying(on: boolean): void {
    this.classList.toggle('is-playing', on);
    this.#part('[data-do=play]')?.setAttribute('aria-label', on ? 'Pause' : 'Play');
  }

  #hops(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>('.walk-hop')];
  }

  #chips(): HTMLAnchorElement[] {
    return [...this.querySelectorAll<HTMLAnchorElement>('.walk-chip')];
  }

  #part<T extends Element = HTMLElement>(selector: string): T | null {
    return this.querySelector<T>(selector);
  }
}

const KEYS: Readonly<Record<string, string>> = {
  ArrowLeft: 'back',
  ArrowRight: 'forward',
  Home: 'start',
  End: 'end',
  ' ': 'play',
};

customElements.define('lockstep-walk', LockstepWalk);
