// When which packet is where on the picture. Pure: the time comes in as a number (ms) and what is to be drawn goes out.
//
// A packet crosses a bridge in microseconds; here every edge takes `leg` ms, one speed for all. So that effect never
// comes before cause, a packet sets out when those that had got to its machine before it, and may be why it is sent, have got there: those of the
// same two ends (a reply after its request, the next request after that reply), and what came a moment before (a question who has an address, after the packet that
// is to go there). Packets that leave one place in the same direction keep a distance. What would crowd the picture is not drawn
// one by one but added up on the edges, in its turn as well: an edge lights up when the packet would have got there. The time
// that comes in may go faster than a clock: `pace` says how fast, so that the picture catches up without leaving anything out.
import type { Family } from '../../../packet/summary.ts';
import type { LiveWay } from '../../../topology/live-ways.ts';
import type { Crossing, Way } from '../../../topology/ways.ts';

export interface Label {
  readonly family: Family;
  /** "ARP", "ICMP", "TCP": what the dot says. */
  readonly text: string;
  /** "VXLAN": the tunnel that the packet is in; "" for none. */
  readonly tunnel: string;
}

/** A dot in motion. */
export interface Dot extends Label {
  readonly crossing: Crossing;
  /** The crossing before this one, which tells where in a bridge the packet comes from. */
  readonly before: Crossing | null;
  /** 0 to 1, how far along the crossing. */
  readonly at: number;
  /** It will stand at the end: beside the place that it got to, not in it. */
  readonly stands?: boolean;
}

/** Packets that were added up on an edge. */
export interface Glow {
  readonly edge: string;
  readonly counts: ReadonlyMap<Family, number>;
  /** 0 to 1, fading. */
  readonly strength: number;
}

export interface FlowHop {
  readonly n: number;
  /** Seconds, the lab's time. */
  readonly time: number;
  readonly machine: string;
  /** Who talks with whom: the same for both directions. */
  readonly talk: string;
  readonly path: LiveWay;
}

/** ms for one edge. */
export const LEG = 600;
/** The same between machines, where a way has twice as many edges: a ping a second is to be seen there and back. */
const LEG_BETWEEN = 300;
/** Packets under way at most. */
export const MOST_DOTS = 40;
/** ms before a packet; with more than these it is added up. */
const MOST_LAG = 20_000;
/** ms before the last packet that are no hurry: a ping's way there. */
const NO_HURRY = 1500;
/** ms before the last packet at which it goes fastest. */
const HURRY = 9000;
const FASTEST = 8;
/** ms within which what is added up on an edge is one sum. */
const TOGETHER = 100;
/** ms between two packets that go the same way. */
const DISTANCE = 220;
/** ms that a place seems to think before it answers. */
const PAUSE = 120;
/** Seconds (the lab's) within which a packet that leaves a machine may be there because of one that came, whoever they are of. */
const ANSWER = 0.15;
const MOST_TALKS = 2000;
/** ms for which a sum stays on its edge after the last packet was added. */
const GLOW = 1400;

interface Run extends Label {
  readonly packet: number;
  readonly crossings: readonly Crossing[];
  readonly before: Crossing | null;
  readonly start: number;
  readonly end: number;
  /** ms for each crossing. */
  readonly leg: number;
}

interface Sum {
  counts: Map<Family, number>;
  /** When the last one was added; before there is one -Infinity. */
  last: number;
  /** What will be added, the earliest first. */
  due: { readonly at: number; readonly counts: Map<Family, number> }[];
}

interface Ended {
  readonly end: number;
  readonly last: Crossing | null;
  /** It was added up. */
  readonly summed: boolean;
}

/** When a hop is drawn, ms. */
export interface Drawn {
  readonly start: number;
  readonly end: number;
}

export class PacketFlow {
  #runs: Run[] = [];
  /** Packets that have a run. */
  #underWay = new Set<number>();
  /** By hop: when it will have been drawn. */
  readonly #ends = new Map<number, Ended>();
  /** By machine, and by machine and talk: the last packet that got there, or will. */
  readonly #reasons = new Map<string, { readonly time: number; readonly end: number }>();
  /** By place: when the last packet has come to rest there. */
  readonly #arrivals = new Map<string, number>();
  readonly #departures = new Map<string, number>();
  readonly #sums = new Map<string, Sum>();
  #leg = LEG;
  #added = 0;
  #addedLast = Number.NEGATIVE_INFINITY;

  /** What sets out from now on is on a picture of so many machines. */
  setMachines(count: number): void {
    this.#leg = count > 1 ? LEG_BETWEEN : LEG;
  }

  /** `label` is asked only for a hop that will be drawn; `family` is what a sum calls it. */
  push(hop: FlowHop, family: Family, label: () => Label, now: number): Drawn {
    const { path } = hop;
    const previous = path.follows === 0 ? undefined : this.#ends.get(path.follows);
    const start = Math.max(now, previous?.end ?? this.#earliest(hop, now));
    const crowded = previous === undefined && this.#underWay.size >= MOST_DOTS;
    const summed = previous?.summed === true || crowded || start - now > MOST_LAG;
    const drawn = summed
      ? this.#addUp(hop, family, Math.min(start, now + MOST_LAG))
      : this.#run(hop, label, start, previous);
    this.#arrivals.set(path.to, drawn.end);
    for (const name of [hop.machine, talkAt(hop)]) {
      const before = this.#reasons.get(name);
      const end = Math.max(drawn.end, before?.end ?? 0);
      this.#reasons.set(name, { time: Math.max(hop.time, before?.time ?? hop.time), end });
    }
    // Talks that are long over.
    if (this.#reasons.size > MOST_TALKS) this.#reasons.clear();
    return drawn;
  }

  #run({ n, path }: FlowHop, label: () => Label, start: number, previous: Ended | undefined): Drawn {
    const leg = this.#leg;
    const end = start + path.crossings.length * leg;
    const before = previous?.last ?? null;
    if (path.crossings.length > 0) {
      this.#runs.push({ ...label(), packet: path.packet, crossings: path.crossings, before, start, end, leg });
      this.#underWay.add(path.packet);
    }
    if (previous === undefined) this.#departures.set(departure(path), start);
    this.#end(n, { end, last: path.crossings.at(-1) ?? before, summed: false });
    return { start, end };
  }

  /** Forgets what is over. True while anything is left to draw. */
  advance(now: number): boolean {
    this.#runs = this.#runs.filter((run) => run.end > now);
    this.#underWay = new Set(this.#runs.map((run) => run.packet));
    for (const [edge, sum] of this.#sums) {
      if (now - sum.last > GLOW) sum.counts = new Map();
      const isDue = sum.due.findIndex(({ at }) => at > now);
      for (const { at, counts } of sum.due.splice(0, isDue < 0 ? sum.due.length : isDue)) {
        for (const [family, count] of counts) sum.counts.set(family, (sum.counts.get(family) ?? 0) + count);
        sum.last = at;
      }
      if (sum.counts.size === 0 && sum.due.length === 0) this.#sums.delete(edge);
    }
    if (now - this.#addedLast > 3 * GLOW) this.#added = 0;
    return this.#runs.length > 0 || this.#sums.size > 0 || this.#added > 0;
  }

  dots(now: number): Dot[] {
    const dots: Dot[] = [];
    for (const run of this.#runs) {
      if (now < run.start || now >= run.end) continue;
      const gone = (now - run.start) / run.leg;
      const index = Math.min(run.crossings.length - 1, Math.floor(gone));
      const crossing = run.crossings[index];
      if (crossing === undefined) continue;
      const before = index === 0 ? run.before : (run.crossings[index - 1] ?? null);
      dots.push({
        family: run.family,
        text: run.text,
        tunnel: run.tunnel,
        crossing,
        before,
        at: gone - index,
      });
    }
    return dots;
  }

  glows(now: number): Glow[] {
    return [...this.#sums]
      .filter(([, { counts }]) => counts.size > 0)
      .map(([edge, { counts, last }]) => ({ edge, counts, strength: Math.max(0, 1 - (now - last) / GLOW) }));
  }

  /** Packets not drawn one by one in the burst that is going on, or has just been. */
  get addedUp(): number {
    return this.#added;
  }

  /** ms that the last packet still has before it, beyond the way it goes anyway. */
  lag(now: number): number {
    let last = now;
    for (const { start } of this.#runs) if (start > last) last = start;
    for (const { due } of this.#sums.values()) last = Math.max(last, due.at(-1)?.at ?? last);
    return last - now;
  }

  /** How fast the picture's time is to go: 1 as a clock, more while much is before the last packet. */
  pace(now: number): number {
    const hurry = (this.lag(now) - NO_HURRY) / (HURRY - NO_HURRY);
    return 1 + (FASTEST - 1) * Math.max(0, Math.min(1, hurry));
  }

  /** When the last packet that is on its way to a place gets there; now, when none is. */
  arrival(place: string, now: number): number {
    return Math.max(now, this.#arrivals.get(place) ?? now);
  }

  /** Drops everything: the tab was hidden, or the reader wants to see now what happens now. */
  clear(): void {
    this.#runs = [];
    this.#underWay.clear();
    this.#ends.clear();
    this.#arrivals.clear();
    this.#reasons.clear();
    this.#departures.clear();
    this.#sums.clear();
    this.#added = 0;
    this.#addedLast = Number.NEGATIVE_INFINITY;
  }

  /** Counts a packet as one that was not drawn (while the picture stands still, say). */
  skip(hop: FlowHop): void {
    this.#end(hop.n, { end: 0, last: null, summed: true });
  }

  #earliest(hop: FlowHop, now: number): number {
    const { path, time, machine } = hop;
    const after = (name: string, within: number): number => {
      const arrived = this.#reasons.get(name);
      const isReason = arrived !== undefined && time >= arrived.time && time - arrived.time <= within;
      return isReason && arrived.end > now ? arrived.end + PAUSE : now;
    };
    const departed = this.#departures.get(departure(path));
    const spaced = Math.max(now, departed === undefined ? now : departed + DISTANCE);
    return Math.max(spaced, after(machine, ANSWER), after(talkAt(hop), Infinity));
  }

  #addUp({ n, path }: FlowHop, family: Family, start: number): Drawn {
    let at = start;
    for (const { edge } of path.crossings) {
      if (edge !== '') this.#due(edge, family, at);
      at += this.#leg;
    }
    const isCounted = path.follows !== 0 && this.#ends.get(path.follows)?.summed === true;
    this.#end(n, { end: at, last: null, summed: true });
    if (!isCounted) this.#added += 1;
    this.#addedLast = Math.max(this.#addedLast, at);
    return { start, end: at };
  }

  #due(edge: string, family: Family, at: number): void {
    const sum = this.#sums.get(edge) ?? { counts: new Map(), last: Number.NEGATIVE_INFINITY, due: [] };
    this.#sums.set(edge, sum);
    let index = sum.due.length;
    while (index > 0 && (sum.due[index - 1]?.at ?? 0) > at) index--;
    const before = sum.due[index - 1];
    if (before !== undefined && at - before.at < TOGETHER) {
      before.counts.set(family, (before.counts.get(family) ?? 0) + 1);
      return;
    }
    sum.due.splice(index, 0, { at, counts: new Map([[family, 1]]) });
  }

  #end(n: number, ended: Ended): void {
    this.#ends.set(n, ended);
    // A hop is followed within a tenth of a second; what is older is never asked for again.
    if (this.#ends.size > 16_384) {
      let surplus = 8192;
      for (const key of this.#ends.keys()) {
        if (surplus-- === 0) break;
        this.#ends.delete(key);
      }
    }
  }
}

const talkAt = ({ machine, talk }: FlowHop): string => `${machine} ${talk}`;

/** One place, one direction. */
const departure = (path: Way): string => `${path.from}>${path.crossings[0]?.to ?? ''}`;

export const FAMILY_WORD: Readonly<Record<Family, string>> = {
  arp: 'ARP',
  icmp: 'ICMP',
  udp: 'UDP',
  tcp: 'TCP',
  dns: 'DNS',
  http: 'HTTP',
  ipv6: 'IPv6',
  other: 'other',
};
