// The picture of a lab as one SVG file that needs nothing else: colours and type are written into it.
import type { Graph } from '../../../topology/graph.ts';
import type { Colours } from '../picture/theme-colours.ts';
import { type Point, pictureOf } from './still-picture.ts';

export interface PictureFile {
  readonly svg: string;
  /** Of the drawing, in CSS pixels. */
  readonly width: number;
  readonly height: number;
}

const MARGIN = 16;
const CAPTION = 28;
const SANS = "'IBM Plex Sans', system-ui, sans-serif";
const MONO = "'IBM Plex Mono', ui-monospace, monospace";

/** `title`: what the picture shows, and when; written under it, and for a screen reader. Of an empty graph: null. */
export function pictureSvg(graph: Graph, colours: Colours, title: string): PictureFile | null {
  const { view, rooms, devices, wires, tunnels, lines } = pictureOf(graph);
  const [x, y, w, h] = view;
  if (!Number.isFinite(w) || w <= 0) return null;
  const width = Math.ceil(w + 2 * MARGIN);
  const height = Math.ceil(h + 2 * MARGIN + CAPTION);
  const text = (at: Point, words: string, attributes: Attributes): string =>
    element('text', { ...at, 'font-size': 12, fill: colours.text, ...attributes }, escaped(words));
  const soft = { fill: colours.muted };
  const parts = [
    element('rect', { x: x - MARGIN, y: y - MARGIN, width, height, fill: colours.bg }),
    ...rooms.map(({ kind, ...box }) =>
      element('rect', {
        ...corners(box),
        rx: 3,
        fill: kind === 'machine' ? colours.surface : colours.bg,
        stroke: colours['line-strong'],
      }),
    ),
    ...rooms.map(({ kind, name, ...box }) =>
      text({ x: box.x + 8, y: box.y + 3 }, kind === 'machine' ? name : `${name} (container)`, {
        'font-weight': 600,
        'paint-order': 'stroke',
        stroke: kind === 'machine' ? colours.bg : colours.surface,
        'stroke-width': 6,
        'stroke-linejoin': 'round',
      }),
    ),
    ...tunnels.flatMap(({ points }) => {
      const pipe = { points: list(points), fill: 'none' };
      return [
        element('polyline', { ...pipe, stroke: colours.udp, 'stroke-width': 11 }),
        element('polyline', { ...pipe, stroke: colours.bg, 'stroke-width': 8 }),
      ];
    }),
    ...wires.map((box) =>
      element('rect', { ...corners(box), rx: 12, fill: colours.bg, stroke: colours.text, 'stroke-width': 2 }),
    ),
    ...lines.map(({ kind, points }) =>
      element('polyline', {
        points: list(points),
        fill: 'none',
        stroke: colours['line-strong'],
        ...(kind === 'routed' ? { 'stroke-width': 1, 'stroke-dasharray': '2 3' } : { 'stroke-width': 2 }),
      }),
    ),
    ...devices.map(({ kind, ...box }) =>
      element('rect', {
        ...corners(box),
        fill: kind === 'bridge' ? colours['surface-2'] : colours.bg,
        stroke: colours.text,
        'stroke-width': kind === 'bridge' ? 2 : 1,
      }),
    ),
    ...devices.flatMap(({ kind, name, address, ...box }) => {
      const mono = { 'font-family': MONO };
      const isBridge = kind === 'bridge';
      const foot = box.y + box.height - 7;
      const first = text({ x: box.x + 7, y: isBridge ? foot : box.y + 16 }, name, mono);
      if (address === '') return [first];
      const at = isBridge ? { x: box.x + box.width - 7, y: foot } : { x: box.x + 7, y: box.y + 31 };
      return [first, text(at, address, { ...mono, ...soft, ...(isBridge ? { 'text-anchor': 'end' } : {}) })];
    }),
    ...wires.map(({ name, ...box }) =>
      text({ x: box.x + 14, y: box.y + 16 }, `${name} (wire)`, { 'font-weight': 600 }),
    ),
    ...tunnels.flatMap(({ label, at }) => [
      element('rect', {
        x: at.x - 28,
        y: at.y - 9,
        width: 56,
        height: 18,
        rx: 9,
        fill: colours.bg,
        stroke: colours.udp,
      }),
      text({ x: at.x, y: at.y + 4 }, label, { 'text-anchor': 'middle', fill: colours.udp }),
    ]),
    text({ x, y: y + h + MARGIN + 8 }, title, soft),
  ];
  const svg = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: [x - MARGIN, y - MARGIN, width, height].join(' '),
      width,
      height,
      'font-family': SANS,
      role: 'img',
    },
    element('title', {}, escaped(title)) + parts.join('\n'),
  );
  return { svg, width, height };
}

const list = (points: readonly Point[]): string => points.map((point) => `${point.x},${point.y}`).join(' ');

type Attributes = Readonly<Record<string, string | number>>;

const corners = ({ x, y, width, height }: { x: number; y: number; width: number; height: number }): Attributes => ({
  x,
  y,
  width,
  height,
});

function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(String(value))}"`);
  return `<${name}${written.join('')}>${content}</${name}>`;
}

// Names of interfaces and containers are a machine's, and may be anything; what XML 1.0 cannot hold (section 2.2) goes.
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/gu, '\ufffd')
    .replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
