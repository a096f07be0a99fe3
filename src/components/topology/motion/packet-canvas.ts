// Draws packets between cytoscape's boxes and the text above them, so that a packet goes into a device and comes out of
// it. One animation loop, which runs only while something is to be drawn, and never in a hidden tab.
import type { Core } from 'cytoscape';
import type { Family } from '../../../packet/summary.ts';
import type { Crossing } from '../../../topology/ways.ts';
import { boxOf, cornersFrom, onBar } from '../picture/bar-way.ts';
import { BAR_HEIGHT, BAR_LANE, LANE } from '../picture/node-label.ts';
import type { Colours } from '../picture/theme-colours.ts';
import { type Dot, FAMILY_WORD, type Glow } from './packet-flow.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PacketFrame {
  readonly dots: readonly Dot[];
  readonly glows: readonly Glow[];
  /** Device id -> who lit its lamp, 0 to 1. */
  readonly lamps: ReadonlyMap<string, { readonly family: Family; readonly strength: number }>;
  /** Of the packet that is looked at: where it was seen, in order, and what it crossed to get there. */
  readonly way: {
    readonly family: Family;
    readonly lost: string;
    readonly stops: readonly {
      /** Id; "" where it is not known. */
      readonly device: string;
      readonly crossings: readonly Crossing[];
      readonly isAt: boolean;
    }[];
  } | null;
  /** Where a packet was lost just now, and why. */
  readonly crosses: readonly { readonly device: string; readonly words: string }[];
  /** Edges light up instead of dots that travel (prefers-reduced-motion). */
  readonly still: boolean;
}

type Side = 'left' | 'right' | 'centre';

/** Radius of a number on a way, px. */
const STOP = 10;
/** Dots keep to the right, so that a request and its reply pass each other. Picture units. */
const ASIDE = 7;
const RADIUS = 5.5;
/** With more dots than these, fewer from afar, or with sums on the lines, labels would cover one another: colour has to do. */
const MOST_LABELS = 14;

export class PacketCanvas {
  readonly #canvas: HTMLCanvasElement;
  readonly #cy: Core;
  #colours: Colours;
  #font: string;

  constructor(host: HTMLElement, cy: Core, colours: Colours) {
    this.#canvas = document.createElement('canvas');
    this.#canvas.className = 'tp-packets';
    this.#canvas.ariaHidden = 'true';
    host.append(this.#canvas);
    this.#cy = cy;
    this.#colours = colours;
    this.#font = getComputedStyle(host).fontFamily;
  }

  recolour(colours: Colours): void {
    this.#colours = colours;
  }

  dispose(): void {
    this.#canvas.remove();
  }

  draw(frame: PacketFrame): void {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [this.#cy.width(), this.#cy.height()];
    if (this.#canvas.width !== Math.round(width * ratio) || this.#canvas.height !== Math.round(height * ratio)) {
      this.#canvas.width = Math.round(width * ratio);
      this.#canvas.height = Math.round(height * ratio);
    }
    const context = this.#canvas.getContext('2d');
    if (context === null) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    // Its numbers stand before what is written.
    this.#canvas.classList.toggle('is-over', frame.way !== null || frame.crosses.length > 0);
    if (frame.way !== null) this.#way(context, frame.way);
    for (const [id, lamp] of frame.lamps) this.#lamp(context, id, lamp.family, lamp.strength);
    for (const glow of frame.glows) this.#glow(context, glow);
    for (const { device, words: why } of frame.crosses)
      if (this.#cy.getElementById(device).nonempty()) this.#cross(context, this.#screen(this.#stand(device, '')), why);
    const most = MOST_LABELS * Math.min(1, this.#cy.zoom());
    for (const dot of frame.dots) {
      if (frame.still) this.#lit(context, dot);
      else this.#dot(context, dot, frame.dots.length <= most && frame.glows.length === 0);
    }
  }

  #colour(family: Family): string {
    return this.#colours[family === 'ipv6' ? 'other' : family];
  }

  /** As a recording draws it: a line, numbers where the packet was seen, and a cross where it was lost. */
  #way(context: CanvasRenderingContext2D, { family, stops, lost }: NonNullable<PacketFrame['way']>): void {
    const colour = this.#colour(family);
    context.strokeStyle = colour;
    context.lineWidth = 4;
    context.lineJoin = context.lineCap = 'round';
    let last: Crossing | null = null;
    const places: Point[] = [];
    for (const { device, crossings } of stops) {
      for (const crossing of crossings) {
        const points = this.#line(crossing, last).map((point) => this.#screen(point));
        context.globalAlpha = 0.55;
        stroke(context, points);
        last = crossing;
      }
      const from: string = last?.to === device ? last.from : device;
      places.push(this.#screen(this.#stand(device, from)));
    }
    context.globalAlpha = 1;
    // Two that stand in one place are seen beside each other.
    const seats = new Map<string, number>();
    for (const [index, place] of places.entries()) {
      const stop = stops[index];
      if (stop === undefined || stop.device === '') continue;
      const key = `${Math.round(place.x / 6)} ${Math.round(place.y / 6)}`;
      const seat = seats.get(key) ?? 0;
      seats.set(key, seat + 1);
      this.#number(context, { x: place.x - seat * 2 * STOP, y: place.y }, index + 1, colour, stop.isAt);
    }
    const end = places.at(-1);
    if (lost !== '' && end !== undefined) this.#cross(context, end, lost);
  }

  #number(context: CanvasRenderingContext2D, at: Point, number: number, colour: string, isAt: boolean): void {
    context.beginPath();
    context.arc(at.x, at.y, STOP - 1, 0, 2 * Math.PI);
    context.fillStyle = isAt ? colour : this.#colours.bg;
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = colour;
    context.stroke();
    context.font = `600 12px ${this.#font}`;
    context.fillStyle = isAt ? this.#colours.bg : this.#colours.text;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillText(String(number), at.x, at.y + 0.5);
    context.textAlign = 'start';
  }

  /** Where a packet was lost, and why, beside it. */
  #cross(context: CanvasRenderingContext2D, at: Point, why: string): void {
    const [size, colour] = [7, this.#colours.bad];
    const y = at.y - STOP - size - 2;
    context.lineCap = 'round';
    for (const [width, style] of [
      [7, this.#colours.bg],
      [3, colour],
    ] as const) {
      context.lineWidth = width;
      context.strokeStyle = style;
      for (const side of [1, -1])
        stroke(context, [
          { x: at.x - size, y: y - side * size },
          { x: at.x + size, y: y + side * size },
        ]);
    }
    context.font = `600 12px ${this.#font}`;
    // Who dropped it, the cross shows.
    const reason = why.replace(/: the kernel of \S+ dropped it(?: in (\S+?))?:/, (_, space) =>
      space ? ` in ${space}:` : ':',
    );
    const words = reason.length > 46 ? `${reason.slice(0, 45)}…` : reason;
    const width = context.measureText(words).width + 8;
    // Beside the machines, where it covers nothing, if there is room.
    const edge = this.#cy
      .nodes('[kind = "machine"]')
      .renderedBoundingBox({ includeLabels: false, includeOverlays: false }).x2;
    const beside = edge + 10 + width < this.#cy.width();
    const right = beside || at.x + 14 + width < this.#cy.width();
    const x = beside ? edge + 10 : right ? at.x + 14 : at.x - 14;
    if (beside) {
      context.lineWidth = 1;
      context.strokeStyle = colour;
      context.setLineDash([3, 3]);
      stroke(context, [
        { x: at.x + 12, y },
        { x, y },
      ]);
      context.setLineDash([]);
    }
    this.#label(context, words, { x, y }, colour, right ? 'right' : 'left');
  }

  #lamp(context: CanvasRenderingContext2D, id: string, family: Family, strength: number): void {
    const node = this.#cy.getElementById(id);
    if (node.empty()) return;
    const zoom = this.#cy.zoom();
    const at = this.#screen(node.position());
    const [width, height] = [node.data('width') * zoom + 6, node.data('height') * zoom + 6];
    context.globalAlpha = strength;
    context.strokeStyle = this.#colour(family);
    context.lineWidth = 2.5;
    context.strokeRect(at.x - width / 2, at.y - height / 2, width, height);
    context.globalAlpha = 1;
  }

  #glow(context: CanvasRenderingContext2D, glow: Glow): void {
    const edge = this.#cy.getElementById(glow.edge);
    if (edge.empty()) return;
    const points = this.#line({ edge: glow.edge, from: edge.data('source'), to: edge.data('target') }, null).map(
      (point) => this.#screen(point),
    );
    const [most] = [...glow.counts].sort((a, b) => b[1] - a[1]);
    if (most === undefined) return;
    context.globalAlpha = 0.25 + 0.55 * glow.strength;
    context.strokeStyle = this.#colour(most[0]);
    context.lineWidth = 7 * this.#cy.zoom();
    context.lineCap = 'round';
    stroke(context, points);
    context.globalAlpha = Math.min(1, 2 * glow.strength);
    const text = `+${brief(most[1])} ${FAMILY_WORD[most[0]]}`;
    this.#chip(context, text, along(points, 0.5), most[0], 'centre');
    context.globalAlpha = 1;
  }

  #dot(context: CanvasRenderingContext2D, dot: Dot, labelled: boolean): void {
    const points = this.#line(dot.crossing, dot.before);
    const far = dot.at * (dot.stands === true ? shareBeforeEnd(points) : 1);
    const here = along(points, far);
    const next = along(points, Math.min(1, far + 0.02));
    const back = along(points, Math.max(0, far - 0.02));
    const length = Math.hypot(next.x - back.x, next.y - back.y) || 1;
    const zoom = this.#cy.zoom();
    const at = this.#screen({
      x: here.x - ((next.y - back.y) / length) * ASIDE,
      y: here.y + ((next.x - back.x) / length) * ASIDE,
    });
    context.beginPath();
    context.arc(at.x, at.y, Math.max(4, RADIUS * zoom), 0, 2 * Math.PI);
    context.fillStyle = this.#colour(dot.family);
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = this.#colours.bg;
    context.stroke();
    if (dot.tunnel !== '') this.#around(context, at);
    if (!labelled) return;
    const beside = dot.tunnel === '' ? 10 : 14;
    this.#chip(
      context,
      words(dot),
      { x: at.x + (next.y - back.y > 0.1 ? -beside : beside), y: at.y },
      dot.family,
      next.y - back.y > 0.1 ? 'left' : 'right',
    );
  }

  /** Reduced motion: the whole edge is lit for as long as the packet would take. */
  #lit(context: CanvasRenderingContext2D, dot: Dot): void {
    const points = this.#line(dot.crossing, dot.before).map((point) => this.#screen(point));
    context.strokeStyle = this.#colour(dot.family);
    context.lineWidth = 4;
    context.lineCap = 'round';
    stroke(context, points);
    const end = points.at(-1) ?? { x: 0, y: 0 };
    context.beginPath();
    context.arc(end.x, end.y, 5, 0, 2 * Math.PI);
    context.fillStyle = this.#colour(dot.family);
    context.fill();
    if (dot.tunnel !== '') this.#around(context, end);
    this.#chip(context, words(dot), along(points, 0.5), dot.family, 'right');
  }

  /** What a tunnel's packet carries stands in the middle of it. */
  #around(context: CanvasRenderingContext2D, at: Point): void {
    const size = Math.max(7, (RADIUS + 4) * this.#cy.zoom());
    context.beginPath();
    context.roundRect(at.x - size, at.y - size, 2 * size, 2 * size, 3);
    context.lineWidth = 1.5;
    context.strokeStyle = this.#colour('udp');
    context.stroke();
  }

  #chip(context: CanvasRenderingContext2D, text: string, at: Point, family: Family, side: Side): void {
    this.#label(context, text, at, this.#colour(family), side);
  }

  #label(context: CanvasRenderingContext2D, text: string, at: Point, colour: string, side: Side): void {
    context.font = `600 12px ${this.#font}`;
    const width = context.measureText(text).width + 8;
    const wanted = side === 'left' ? at.x - width : side === 'right' ? at.x : at.x - width / 2;
    const x = Math.max(1, Math.min(this.#cy.width() - width - 1, wanted));
    context.fillStyle = this.#colours.bg;
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.beginPath();
    context.roundRect(x, at.y - 8.5, width, 17, 2);
    context.fill();
    context.stroke();
    context.fillStyle = colour;
    context.textBaseline = 'middle';
    context.fillText(text, x + 4, at.y + 0.5);
  }

  /** The way of a packet in picture units: through a bridge it keeps to the lane at the top of the bar, along a wire to its middle. */
  #line(crossing: Crossing, before: Crossing | null): Point[] {
    const start =
      before === null ? this.#stand(crossing.from, crossing.along ?? crossing.to) : this.#stand(before.to, before.from);
    const end = this.#stand(crossing.to, crossing.from);
    if (this.#isBar(crossing.from))
      return [start, this.#stand(crossing.from, crossing.to), ...this.#corners(crossing.from, crossing.to), end];
    return [start, ...this.#corners(crossing.to, crossing.from).reverse(), end];
  }

  #corners(bar: string, device: string): Point[] {
    const [from, to] = [this.#cy.getElementById(bar), this.#cy.getElementById(device)];
    if (from.data('deviceKind') !== 'bridge' || to.empty()) return [];
    return cornersFrom(boxOf(from), boxOf(to));
  }

  /** Where in a place a packet stands that came from, or goes to, `other`. */
  #stand(place: string, other: string): Point {
    const node = this.#cy.getElementById(place);
    if (node.empty()) return this.#beyond(other);
    const at = node.position();
    if (!this.#isBar(place)) return { x: at.x + LANE, y: at.y };
    const towards = this.#cy.getElementById(other);
    const x = towards.empty() ? at.x : onBar(boxOf(node), towards.position());
    return { x, y: at.y - (node.data('kind') === 'wire' ? 0 : BAR_HEIGHT / 2 - BAR_LANE) };
  }

  /** A wire that the picture does not show: straight down from the device that leads there. */
  #beyond(device: string): Point {
    const node = this.#cy.getElementById(device);
    const at = node.empty() ? { x: 0, y: 0 } : node.position();
    return { x: at.x + LANE, y: at.y + 56 };
  }

  #isBar(id: string): boolean {
    const node = this.#cy.getElementById(id);
    return node.data('deviceKind') === 'bridge' || node.data('kind') === 'wire';
  }

  #screen(point: Point): Point {
    const zoom = this.#cy.zoom();
    const pan = this.#cy.pan();
    return { x: point.x * zoom + pan.x, y: point.y * zoom + pan.y };
  }
}

const words = ({ text, tunnel }: Dot): string => (tunnel === '' ? text : `${text} in ${tunnel}`);

/** "312", "22.7k": a badge has no room for more. */
function brief(count: number): string {
  return count < 10_000 ? String(count) : `${(count / 1000).toFixed(1)}k`;
}

function stroke(context: CanvasRenderingContext2D, points: readonly Point[]): void {
  context.beginPath();
  points.forEach((point, index) => {
    if (index === 0) context.moveTo(point.x, point.y);
    else context.lineTo(point.x, point.y);
  });
  context.stroke();
}

/** How much of a line's length lies before the last quarter of its last stretch. */
function shareBeforeEnd(points: readonly Point[]): number {
  const lengths = stretches(points);
  const all = lengths.reduce((sum, length) => sum + length, 0);
  return all === 0 ? 1 : 1 - (0.25 * (lengths.at(-1) ?? 0)) / all;
}

const stretches = (points: readonly Point[]): number[] =>
  points
    .slice(1)
    .map((point, index) => Math.hypot(point.x - (points[index]?.x ?? 0), point.y - (points[index]?.y ?? 0)));

/** The point that lies the fraction `t` of the whole length along a line. */
function along(points: readonly Point[], t: number): Point {
  const lengths = stretches(points);
  let rest = t * lengths.reduce((sum, length) => sum + length, 0);
  for (const [index, length] of lengths.entries()) {
    const [a, b] = [points[index], points[index + 1]];
    if (a === undefined || b === undefined) break;
    if (rest <= length || index === lengths.length - 1) {
      const part = length === 0 ? 0 : Math.min(1, rest / length);
      return { x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part };
    }
    rest -= length;
  }
  return points.at(-1) ?? { x: 0, y: 0 };
}
