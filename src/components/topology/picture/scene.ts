// The graph as cytoscape elements: machine > namespace > device as compound nodes, the wires over them, the lines between. Boxes
// and lines are drawn by cytoscape, the text in them by node-layer.ts, the packets between the two by packet-canvas.ts.
import cytoscape, { type Core, type EdgeSingular, type NodeSingular } from 'cytoscape';
import { EMPTY_GRAPH } from '../../../topology/build-graph.ts';
import type { Graph } from '../../../topology/graph.ts';
import { wireOf } from '../../../topology/ways.ts';
import { boxOf, cornersFrom, onBar } from './bar-way.ts';
import { installFramesOnDemand, wake } from './frames-on-demand.ts';
import { type Box, type Layout, layoutGraph, NO_COLUMNS } from './layout.ts';
import { LANE } from './node-label.ts';
import { elementsOf, roomOf } from './scene-elements.ts';
import { sceneStyle } from './scene-style.ts';
import type { Colours } from './theme-colours.ts';

export interface SceneOptions {
  readonly container: HTMLElement;
  readonly colours: Colours;
  /** No gliding, no fading. */
  still(): boolean;
  /** Of a device or a wire. */
  onSelect(id: string): void;
  /** Something moved, or the view did: at most once a frame. */
  onMoved(): void;
}

/** Picture units. */
const PULLED = 22;
const coarse = matchMedia('(pointer: coarse)');

/** Fitted, the picture is not made smaller than this, at which an address still fits into its box: what has no room can be moved to. */
const LEAST = 0.72;
const MOST = 1.35;
/** px between the picture and the edges of its window, and what is kept free at its foot for the line that tells what it leaves out. */
const MARGIN = 8;
const FOOT = 22;
const BARE = { includeLabels: false, includeOverlays: false, includeUnderlays: false };
/** Of a frame's legend, over the frame. */
const LEGEND_HEIGHT = 10;
/** ms in which what has a new place glides there. */
const GLIDE = 240;

export class Scene {
  readonly cy: Core;
  readonly #options: SceneOptions;
  #graph: Graph | null = null;
  #layout: Layout = layoutGraph(EMPTY_GRAPH, NO_COLUMNS);
  /** The machine that the view is about; null: all of them. */
  #near: string | null = null;
  /** Where the reader has dragged a device. */
  readonly #dragged = new Set<string>();
  #pulled: ReadonlySet<string> = new Set();
  #fitted = false;
  /** Until the reader pans or zooms, the view keeps everything in sight and fills its window. */
  #followsContent = true;

  constructor(options: SceneOptions) {
    this.#options = options;
    installFramesOnDemand();
    this.cy = cytoscape({
      container: options.container,
      style: sceneStyle(options.colours),
      userZoomingEnabled: false,
      boxSelectionEnabled: false,
      autounselectify: true,
      // A finger that moves up or down scrolls the page; sideways it moves a picture that is wider than its window.
      userPanningEnabled: !coarse.matches,
      minZoom: 0.2,
      maxZoom: 3,
    });
    this.cy.on('tap', 'node[kind = "device"], node[kind = "wire"]', (event) =>
      options.onSelect((event.target as NodeSingular).id()),
    );
    this.cy.on('pan zoom resize position bounds', () => options.onMoved());
    this.cy.on('dragpan', () => {
      this.#followsContent = false;
    });
    this.cy.on('dragfree', 'node', (event) => {
      const node = event.target as NodeSingular;
      for (const moved of node.isParent() ? node.descendants().toArray() : [node]) this.#dragged.add(moved.id());
    });
    this.cy.on('position', 'node', (event) => this.#join(event.target as NodeSingular));
    this.cy.on('dbltap', 'node[kind = "machine"], node[kind = "namespace"]', (event) => {
      const node = event.target as NodeSingular;
      this.showMachine(node.isChild() ? node.parent().first().id() : node.id());
    });
  }

  show(graph: Graph): void {
    if (graph === this.#graph) return;
    this.#graph = graph;
    const before = this.#layout;
    // With its last device a network is over: the next one begins on an empty page.
    if (graph.devices.length === 0) this.#forget();
    this.#layout = layoutGraph(graph, this.#layout.columns);
    const wanted = new Map(elementsOf(graph, this.#layout).map((element) => [element.data.id ?? '', element]));
    const cy = this.cy;
    const fresh: string[] = [];
    cy.batch(() => {
      cy.elements().forEach((element) => {
        if (!wanted.has(element.id())) element.remove();
      });
      for (const [id, element] of wanted) {
        const there = cy.getElementById(id);
        if (there.empty()) {
          cy.add(element);
          fresh.push(id);
        } else {
          there.data(element.data);
          const isLit = there.hasClass('lit');
          there.classes(element.classes ?? '');
          if (isLit) there.addClass('lit');
        }
      }
    });
    const glides = this.#move(fresh);
    this.#joinAll();
    this.#fadeIn(fresh);
    // What grows makes another picture, which is fitted again. What shrinks does not, or each container that comes and goes
    // would let all the others leap.
    const anew = outgrows(this.#layout, before);
    if (!this.#fitted && graph.devices.length > 0) this.fit();
    else this.#keepInSight(anew);
    if (glides) setTimeout(() => !this.cy.destroyed() && this.#keepInSight(anew), GLIDE + 20);
    this.#options.onMoved();
  }

  recolour(colours: Colours): void {
    this.cy.style(sceneStyle(colours));
    this.#joinAll();
  }

  /** Machines whose cables are out of their wires. */
  pull(machines: ReadonlySet<string>): void {
    this.#pulled = machines;
    this.#joinAll();
    this.#options.onMoved();
  }

  select(id: string | null): void {
    this.cy.nodes('.selected').removeClass('selected');
    if (id !== null) this.cy.getElementById(id).addClass('selected');
  }

  light(ids: readonly string[]): void {
    this.cy.nodes('.lit').removeClass('lit');
    for (const id of ids) this.cy.getElementById(id).addClass('lit');
  }

  /** The whole picture, or the machine that the view is about. */
  fit(): void {
    if (this.cy.elements().empty() || this.cy.width() < 2) return;
    this.#fitted = true;
    this.#followsContent = true;
    this.cy.stop();
    const view = this.#view();
    this.#letPan(view.zoom);
    this.cy.viewport(view);
  }

  #letPan(zoom: number): void {
    const overflows = this.cy.nodes().boundingBox(BARE).w * zoom > this.cy.width();
    this.cy.userPanningEnabled(this.#near !== null || overflows || !coarse.matches);
  }

  /** The view is about this machine from now on; null: about all of them. */
  showMachine(machine: string | null): void {
    this.#near = machine !== null && this.cy.getElementById(machine).nonempty() ? machine : null;
    // Seen from near, the picture is larger than its window: a finger moves it.
    this.#letPan(this.#view().zoom);
    this.cy.container()?.classList.toggle('is-near', this.#near !== null);
    if (this.#options.still()) {
      this.fit();
      return;
    }
    this.#fitted = this.#followsContent = true;
    this.cy.stop().animate(this.#view(), { duration: 260, easing: 'ease-in-out' });
    wake(this.cy);
  }

  /** Around `at` (CSS pixels in the container), or the middle of what is seen. */
  zoomBy(factor: number, at: { x: number; y: number } = { x: this.cy.width() / 2, y: this.cy.height() / 2 }): void {
    this.#followsContent = false;
    this.cy.zoom({ level: this.cy.zoom() * factor, renderedPosition: at });
  }

  panBy(x: number, y: number): void {
    this.#followsContent = false;
    this.cy.panBy({ x, y });
  }

  /** Brings a device or a wire into the view. @param covered px at the right that something else stands over */
  reveal(id: string, covered = 0): void {
    const node = this.cy.getElementById(id);
    if (node.empty()) return;
    const box = node.renderedBoundingBox({});
    const margin = 8;
    const right = this.cy.width() - covered - margin;
    const x = box.x2 > right ? Math.max(right - box.x2, margin - box.x1) : box.x1 < margin ? margin - box.x1 : 0;
    const y =
      box.y1 < margin ? margin - box.y1 : box.y2 > this.cy.height() - margin ? this.cy.height() - margin - box.y2 : 0;
    if (x !== 0 || y !== 0) this.cy.panBy({ x, y });
  }

  /** Everything in sight again, unless the reader looks at a part of it. */
  settle(): void {
    if (this.#followsContent) this.fit();
  }

  resized(): void {
    this.cy.resize();
    if (!this.#fitted || this.#followsContent) this.fit();
    this.#options.onMoved();
  }

  #forget(): void {
    this.#layout = layoutGraph(EMPTY_GRAPH, NO_COLUMNS);
    this.#dragged.clear();
    this.#near = null;
    this.#fitted = false;
  }

  dispose(): void {
    this.cy.destroy();
  }

  /**
   * Newcomers are put in their place; what has a new one for a good reason glides there; what the reader put somewhere stays.
   * True when something glides.
   */
  #move(fresh: readonly string[]): boolean {
    let glides = false;
    const isFresh = new Set(fresh);
    const places: [string, Box][] = [
      ...this.#layout.boxes,
      ...this.#layout.wires,
      ...[...this.#layout.stubs].map(([id, box]): [string, Box] => [wireOf(id), box]),
      ...[...this.#layout.rooms].map(([id, box]): [string, Box] => [roomOf(id), box]),
    ];
    for (const [id, box] of places) {
      const node = this.cy.getElementById(id);
      if (node.empty() || this.#dragged.has(id)) continue;
      const at = node.position();
      if (Math.abs(at.x - box.x) < 0.5 && Math.abs(at.y - box.y) < 0.5) continue;
      // A bridge that grows keeps its left end: it does not move, so it does not glide.
      const grows = node.data('deviceKind') === 'bridge';
      if (isFresh.has(id) || grows || this.#options.still()) node.stop().position({ x: box.x, y: box.y });
      else {
        glides = true;
        node.stop().animate({ position: { x: box.x, y: box.y } }, { duration: GLIDE, easing: 'ease-in-out' });
      }
    }
    wake(this.cy);
    return glides;
  }

  #fadeIn(ids: readonly string[]): void {
    if (this.#options.still() || ids.length === 0) return;
    for (const id of ids) {
      this.cy
        .getElementById(id)
        .style('opacity', 0)
        .animate({ style: { opacity: 1 } }, { duration: 220 });
    }
    // An animation dies with its element, and one that comes back at once would stay unseen.
    setTimeout(() => {
      if (this.cy.destroyed()) return;
      for (const id of ids) this.cy.getElementById(id).removeStyle('opacity');
    }, 260);
  }

  #joinAll(): void {
    for (const bar of this.cy.nodes('[deviceKind = "bridge"], [kind = "wire"]').toArray()) this.#joinBar(bar);
    for (const tunnel of this.cy.edges('[kind = "tunnel"]').toArray()) this.#joinTunnel(tunnel);
  }

  #join(moved: NodeSingular): void {
    this.#joinBar(moved);
    for (const tunnel of moved.connectedEdges('[kind = "tunnel"]').toArray()) this.#joinTunnel(tunnel);
  }

  /** Lines to a bridge or a wire end on its bar straight under (or over) the port, as on a bus. */
  #joinBar(moved: NodeSingular): void {
    moved.connectedEdges('[kind = "port"], [kind = "routed"], [kind = "plug"]').forEach((edge: EdgeSingular) => {
      for (const end of ['source', 'target'] as const) {
        const bar = edge[end]();
        if (bar.data('deviceKind') !== 'bridge' && bar.data('kind') !== 'wire') continue;
        const other = end === 'source' ? edge.target() : edge.source();
        const x = onBar(boxOf(bar), other.position());
        const y = (other.position('y') < bar.position('y') ? -1 : 1) * (bar.data('height') / 2 + this.#gap(edge));
        edge.style(`${end}-endpoint`, `${x - bar.position('x')}px ${y}px`);
        if (edge.data('kind') === 'routed') this.#bend(edge, cornersFrom(boxOf(bar), boxOf(other)), end === 'source');
      }
    });
  }

  /** Between a wire and the plug of a cable that was pulled. */
  #gap(edge: EdgeSingular): number {
    const device = edge.data('kind') === 'plug' ? edge.source() : null;
    return device !== null && this.#pulled.has(device.parent().first().parent().first().id()) ? PULLED : 0;
  }

  /** Down from one device to its lane, along it, and up to the other. cytoscape wants the bends from the line between the two. */
  #joinTunnel(edge: EdgeSingular): void {
    const y = Number(edge.data('lane'));
    this.#bend(
      edge,
      [edge.source(), edge.target()].map((end) => ({ x: end.position('x') + LANE, y })),
    );
  }

  /** Round these corners, from the source to the target, or the other way round; none: straight. */
  #bend(edge: EdgeSingular, corners: readonly { x: number; y: number }[], inOrder = true): void {
    edge.style('curve-style', corners.length === 0 ? 'straight' : 'segments');
    if (corners.length === 0) return;
    edge.style('edge-distances', 'node-position');
    const [from, to] = [edge.source().position(), edge.target().position()];
    const [x, y] = [to.x - from.x, to.y - from.y];
    const square = x * x + y * y || 1;
    const bends = (inOrder ? corners : corners.toReversed()).map((at) => ({ x: at.x - from.x, y: at.y - from.y }));
    edge.style(
      'segment-weights',
      bends.map((bend) => (bend.x * x + bend.y * y) / square),
    );
    edge.style(
      'segment-distances',
      bends.map((bend) => (bend.y * x - bend.x * y) / Math.sqrt(square)),
    );
  }

  #view(): { zoom: number; pan: { x: number; y: number } } {
    const all = this.cy.nodes().boundingBox(BARE);
    const near = this.#near === null ? null : this.cy.getElementById(this.#near).boundingBox(BARE);
    // A machine is seen together with the wire that it is plugged into.
    const box = near === null ? all : { x1: near.x1 - 4, y1: near.y1, w: near.w + 8, h: all.y2 - near.y1 };
    // Legends stand on the upper edge of their frames.
    const [top, width, height] = [box.y1 - LEGEND_HEIGHT, box.w, box.h + LEGEND_HEIGHT];
    const window = this.cy.height() - FOOT;
    const [across, down] = [(this.cy.width() - 2 * MARGIN) / width, (window - 2 * MARGIN) / height];
    const zoom = Math.max(LEAST, Math.min(MOST, across, down));
    const [x, y] = [(this.cy.width() - width * zoom) / 2, (window - height * zoom) / 2];
    // What does not fit is seen from its left end, and from the wire at its foot.
    const foot = window - MARGIN - height * zoom;
    return {
      zoom,
      pan: { x: Math.max(MARGIN, x) - box.x1 * zoom, y: (y < MARGIN ? foot : y) - top * zoom },
    };
  }

  /** @param anew it is fitted, also when all of it is in sight */
  #keepInSight(anew: boolean): void {
    if (!this.#fitted || !this.#followsContent || this.cy.elements().empty()) return;
    const seen = this.cy.extent();
    const box = (this.#near === null ? this.cy.nodes() : this.cy.getElementById(this.#near)).boundingBox(BARE);
    const whole = box.x1 >= seen.x1 && box.y1 >= seen.y1 && box.x2 <= seen.x2 && box.y2 <= seen.y2;
    if (whole && !anew) return;
    const view = this.#view();
    this.#letPan(view.zoom);
    if (this.#options.still()) this.cy.viewport(view);
    else this.cy.stop().animate(view, { duration: 260, easing: 'ease-in-out' });
    wake(this.cy);
  }
}

/** A machine's frame is larger than before, or there was none. */
function outgrows({ rooms }: Layout, before: Layout): boolean {
  return [...rooms].some(([machine, { width, height }]) => {
    const old = before.rooms.get(machine);
    return old === undefined || width > old.width || height > old.height;
  });
}
