// From the lab's taps to the canvas: follows each packet's path, lets the flow decide when it is drawn, and keeps the
// one animation loop. What is out of sight or in a hidden tab costs nothing and is not made up for later: the
// packet list has it all.
import { type ReadonlySignal, signal } from '@preact/signals';
import { isBackground } from '../../../hop/background.ts';
import type { Hop } from '../../../hop/hop.ts';
import { identityOf } from '../../../hop/identity.ts';
import type { HopBatch } from '../../../lab/lab.ts';
import type { Family } from '../../../packet/summary.ts';
import type { Graph } from '../../../topology/graph.ts';
import { LiveWays } from '../../../topology/live-ways.ts';
import type { Crossing, Way } from '../../../topology/ways.ts';
import type { ShownHop, ShownWay } from '../../ui/shown-hop.ts';
import type { PacketCanvas, PacketFrame } from './packet-canvas.ts';
import { type Dot, type Label, LEG, PacketFlow } from './packet-flow.ts';
import { labelOf, quickFamily } from './packet-label.ts';

export interface PlayerStatus {
  /** Packets added up on the edges in the burst that is going on. */
  readonly addedUp: number;
  /** Packets that are not drawn because machines send them by themselves. */
  readonly leftOut: number;
  /** The picture is so far behind what happens that it goes faster, and that this is worth telling. */
  readonly isBehind: boolean;
}

export interface PlayerOptions {
  readonly canvas: PacketCanvas;
  readonly host: HTMLElement;
  readonly still: () => boolean;
  /** Called with a packet's first hop, in the frame in which the packet sets out. */
  readonly onDrawn?: ((hop: Hop) => void) | undefined;
}

/** Both directions of a talk are one. */
export function talkOf(hop: Hop): string {
  const { source, destination } = identityOf(hop);
  return source < destination ? `${source} ${destination}` : `${destination} ${source}`;
}

/** ms for which a device's outline stays lit after a packet was seen there. */
const LAMP = 450;
/** ms */
const CROSS = 6000;
/** ms of the picture's time. It tells that it is behind from the first on, until no more than the second is left. */
const BEHIND = 5000;
const CAUGHT_UP = 500;
/** ms of a frame for packets that have come. */
const BUDGET = 6;

export class PacketPlayer {
  readonly #options: PlayerOptions;
  readonly #ways = new LiveWays();
  readonly #flow = new PacketFlow();
  /** By device: what lights its lamp, and when in the flow's time; the latest last. */
  readonly #lamps = new Map<string, { readonly family: Family; readonly since: number }[]>();
  readonly #status = signal<PlayerStatus>({ addedUp: 0, leftOut: 0, isBehind: false });
  readonly #observer: IntersectionObserver;
  readonly #ending = new AbortController();
  #way: PacketFrame['way'] = null;
  #shown: { readonly hop: Hop; readonly way: Way; readonly label: Label; readonly since: number } | null = null;
  /** Hops that have come and are not followed yet. */
  #waiting: Hop[] = [];
  /** Of the lab: what comes is of this one. */
  #run = 0;
  #later: ReturnType<typeof setTimeout> | undefined;
  #undrawn: { readonly hop: Hop; readonly since: number }[] = [];
  #hidesBackground = false;
  #leftOut = 0;
  #crosses: { readonly device: string; readonly words: string; readonly since: number }[] = [];
  #inSight = true;
  #frame = 0;
  /** The picture's own time, ms: passes while frames are drawn. */
  #clock = 0;
  /** The time of what moves, which goes faster while much is to be caught up. */
  #flowClock = 0;
  #last = 0;
  #told = 0;

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#observer = new IntersectionObserver((entries) => {
      this.#inSight = entries.at(-1)?.isIntersecting ?? true;
      if (!this.#inSight) this.#clear();
      this.#wake();
    });
    this.#observer.observe(options.host);
    document.addEventListener(
      'visibilitychange',
      () => {
        if (document.hidden) this.#clear();
        else this.#wake();
      },
      { signal: this.#ending.signal },
    );
  }

  get status(): ReadonlySignal<PlayerStatus> {
    return this.#status;
  }

  setGraph(graph: Graph): void {
    this.#ways.setGraph(graph);
    this.#flow.setMachines(graph.machines.length);
  }

  receive(batch: HopBatch): void {
    // Another run of the lab: nothing of the last one is still under way.
    if (batch.run !== this.#run) {
      this.#run = batch.run;
      this.#clear();
      this.#ways.clear();
      this.#waiting = [];
      this.#leftOut = 0;
    }
    for (const hop of batch.hops) this.#waiting.push(hop);
    this.#takeIn();
  }

  /** Follows what has come, for a few ms at most: a burst is worked off over several frames. */
  #takeIn(): void {
    const until = performance.now() + BUDGET;
    const seen = this.#inSight && !document.hidden;
    let taken = 0;
    for (const hop of this.#waiting) {
      if (taken % 64 === 63 && performance.now() > until) break;
      taken++;
      const path = this.#ways.follow(hop);
      const item = { n: hop.n, time: hop.time, machine: hop.machine, talk: talkOf(hop), path };
      if (this.#hidesBackground && isBackground(hop)) {
        if (path.follows === 0) this.#leftOut += 1;
        this.#flow.skip(item);
        continue;
      }
      if (!seen || this.#shown !== null) {
        this.#flow.skip(item);
        continue;
      }
      const family = quickFamily(hop.bytes, hop.linkType);
      const { start, end } = this.#flow.push(item, family, () => labelOf(hop), this.#flowClock);
      if (hop.deviceId !== undefined && hop.deviceId !== '') this.#light(hop.deviceId, family, end);
      if (this.#options.onDrawn !== undefined && path.follows === 0) this.#undrawn.push({ hop, since: start });
    }
    if (taken === this.#waiting.length) this.#waiting = [];
    else this.#waiting.splice(0, taken);
    if (this.#waiting.length > 0 && !seen) this.#later ??= setTimeout(() => this.#takeInLater(), 10);
    else if (seen) this.#wake();
  }

  /** Without frames (out of sight, hidden) the rest is taken in all the same, so that paths stay whole. */
  #takeInLater(): void {
    this.#later = undefined;
    this.#takeIn();
  }

  /** Shows this one packet instead of what happens; null: what happens from now on. */
  show(shown: ShownHop | null): void {
    this.#clear();
    this.#shown =
      shown === null
        ? null
        : {
            hop: shown.hop,
            // A frame that a wire still holds has no journey: it is numbered when it is delivered.
            way: shown.hop.n === 0 ? this.#ways.standing(shown.hop) : this.#ways.known(shown.hop, shown.before),
            label: labelOf(shown.hop),
            since: shown.glides && !this.#options.still() ? this.#clock : Number.NEGATIVE_INFINITY,
          };
    this.#wake();
    this.redraw();
  }

  /** Draws the way of one packet, with numbers where it was seen; null: of none. */
  showWay(way: ShownWay | null): void {
    const [first] = way?.steps ?? [];
    this.#way =
      way === null || first === undefined
        ? null
        : {
            family: quickFamily(first.hop.bytes, first.hop.linkType),
            lost: way.lost,
            stops: way.steps.map(({ hop, before }) => ({
              device: hop.deviceId ?? '',
              crossings: this.#ways.known(hop, before).crossings,
              isAt: hop.n === way.at,
            })),
          };
    this.redraw();
  }

  /** Whether what machines send by themselves is left out (hop/background.ts). */
  hideBackground(hides: boolean): void {
    this.#hidesBackground = hides;
    this.#leftOut = 0;
    this.#tell();
  }

  /** A cross for a while, where a packet was lost just now: when it has got there. */
  cross(device: string, words: string): void {
    // Nobody sees it, and it is not made up for later.
    if (!this.#inSight || document.hidden) return;
    const since = this.#flow.arrival(device, this.#flowClock);
    this.#crosses = [...this.#crosses.filter((cross) => cross.device !== device), { device, words, since }];
    this.#wake();
  }

  /** A device's lamp goes on when the packet gets there. */
  #light(device: string, family: Family, since: number): void {
    const lit = this.#lamps.get(device) ?? [];
    // What comes within a moment is seen as one; a burst keeps no more than its lamp can show.
    if (since - (lit.at(-1)?.since ?? Number.NEGATIVE_INFINITY) < LAMP / 4) return;
    lit.push({ family, since });
    this.#lamps.set(device, lit);
  }

  /** Leaves out what is still to be drawn, and goes on with what happens now. */
  catchUp(): void {
    this.#clear();
    this.#tell();
    this.redraw();
  }

  #clear(): void {
    this.#flow.clear();
    this.#lamps.clear();
    this.#crosses = [];
  }

  /** The view has moved: what stands still has to be drawn anew as well. */
  redraw(): void {
    if (this.#frame === 0) this.#draw();
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#later);
    this.#frame = 0;
    this.#observer.disconnect();
    this.#ending.abort();
  }

  #wake(): void {
    if (this.#frame !== 0 || !this.#inSight || document.hidden || this.#ending.signal.aborted) return;
    this.#last = performance.now();
    this.#frame = requestAnimationFrame((time) => this.#step(time));
  }

  #step(time: number): void {
    this.#frame = 0;
    if (document.hidden) return;
    // A long pause of the page is no reason for packets to leap.
    const passed = Math.max(0, Math.min(100, time - this.#last));
    this.#clock += passed;
    this.#flowClock += passed * this.#flow.pace(this.#flowClock);
    this.#last = time;
    if (this.#waiting.length > 0) this.#takeIn();
    const now = this.#flowClock;
    const busy = this.#flow.advance(now) || this.#waiting.length > 0 || this.#isGliding();
    for (const [id, lit] of this.#lamps) {
      while (now - (lit[0]?.since ?? now) > LAMP) lit.shift();
      if (lit.length === 0) this.#lamps.delete(id);
    }
    this.#crosses = this.#crosses.filter(({ since }) => now - since < CROSS);
    this.#draw();
    if (time - this.#told > 250) {
      this.#told = time;
      this.#tell();
    }
    if (this.#frame !== 0) return;
    if (busy || this.#lamps.size + this.#crosses.length > 0)
      this.#frame = requestAnimationFrame((next) => this.#step(next));
    else this.#tell();
  }

  #draw(): void {
    if (this.#shown !== null) {
      const { hop, label } = this.#shown;
      const lamps = new Map([[hop.deviceId ?? '', { family: label.family, strength: 1 }]]);
      this.#options.canvas.draw({
        dots: this.#standing(this.#clock),
        glows: [],
        lamps,
        way: this.#way,
        crosses: [],
        still: this.#options.still(),
      });
      return;
    }
    const flow = this.#flowClock;
    this.#options.canvas.draw({
      dots: this.#flow.dots(flow),
      glows: this.#flow.glows(flow),
      lamps: this.#lit(flow),
      way: this.#way,
      crosses: this.#crosses.filter(({ since }) => since <= flow),
      still: this.#options.still(),
    });
    if (this.#undrawn.length === 0) return;
    const drawn = this.#undrawn;
    this.#undrawn = drawn.filter(({ since }) => since > flow);
    for (const { hop, since } of drawn) if (since <= flow) this.#options.onDrawn?.(hop);
  }

  #lit(now: number): PacketFrame['lamps'] {
    const lamps = new Map<string, { family: Family; strength: number }>();
    for (const [id, lit] of this.#lamps) {
      const last = lit.findLast(({ since }) => since <= now);
      if (last !== undefined)
        lamps.set(id, { family: last.family, strength: Math.max(0, 1 - (now - last.since) / LAMP) });
    }
    return lamps;
  }

  #isGliding(): boolean {
    if (this.#shown === null) return false;
    const { since, way } = this.#shown;
    return this.#clock - since < way.crossings.length * LEG;
  }

  /** The packet that is looked at: on its way along the lines that the hop showed, or at their end. */
  #standing(now: number): Dot[] {
    if (this.#shown === null) return [];
    const { hop, way, label, since } = this.#shown;
    const { deviceId = '' } = hop;
    if (deviceId === '') return [];
    const here: Crossing = { edge: '', from: deviceId, to: deviceId };
    const crossings = way.crossings.length === 0 ? [here] : way.crossings;
    const gone = Math.max(0, (now - since) / LEG);
    const leg = Math.min(Math.floor(gone), crossings.length - 1);
    const crossing = crossings[leg] ?? here;
    const before = leg === 0 ? null : (crossings[leg - 1] ?? null);
    const stands = leg === crossings.length - 1;
    return [{ ...label, crossing, before, stands, at: crossing === here ? 0 : Math.min(gone - leg, 1) }];
  }

  #tell(): void {
    const lag = this.#flow.lag(this.#flowClock);
    const next: PlayerStatus = {
      addedUp: this.#flow.addedUp,
      leftOut: this.#leftOut,
      isBehind: lag > (this.#status.value.isBehind ? CAUGHT_UP : BEHIND),
    };
    if (JSON.stringify(next) !== JSON.stringify(this.#status.value)) this.#status.value = next;
  }
}
