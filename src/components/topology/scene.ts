// The graph as cytoscape elements: machine > namespace > device as compound nodes, and the lines between them. Boxes
// and lines are drawn by cytoscape, the text in them by node-layer.ts, the packets between the two by packet-canvas.ts.
import cytoscape, { type Core, type EdgeSingular, type ElementDefinition, type NodeSingular } from 'cytoscape';
import { isDown } from '../../topology/device-words.ts';
import type { DeviceNode, Graph } from '../../topology/graph.ts';
import { wireOf } from '../../topology/packet-path.ts';
import { installFramesOnDemand, wake } from './frames-on-demand.ts';
import { type Box, isFolded, type Layout, layoutGraph, NO_COLUMNS } from './layout.ts';
import { sceneStyle } from './scene-style.ts';
import type { Colours } from './theme-colours.ts';

export interface SceneOptions {
  readonly container: HTMLElement;
  readonly colours: Colours;
  /** No gliding, no fading. */
  still(): boolean;
  onSelect(deviceId: string): void;
  /** Something moved, or the view did: at most once a frame. */
  onMoved(): void;
}

/** px at the lower edge of the view. */
const FOOT = 30;

export class Scene {
  readonly cy: Core;
  readonly #options: SceneOptions;
  #graph: Graph | null = null;
  #layout: Layout = { boxes: new Map(), wires: new Map(), columns: NO_COLUMNS };
  /** Where the reader has dragged a device. */
  readonly #dragged = new Set<string>();
  #fitted = false;
  /** Until the reader pans or zooms, the view keeps everything in sight. */
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
      // A finger on the picture scrolls the page; buttons and arrow keys get about in it.
      userPanningEnabled: !matchMedia('(pointer: coarse)').matches,
      minZoom: 0.2,
      maxZoom: 3,
    });
    this.cy.on('tap', 'node[kind = "device"]', (event) => options.onSelect((event.target as NodeSingular).id()));
    this.cy.on('pan zoom resize position bounds', () => options.onMoved());
    this.cy.on('dragpan', () => {
      this.#followsContent = false;
    });
    this.cy.on('dragfree', 'node', (event) => {
      const node = event.target as NodeSingular;
      for (const moved of node.isParent() ? node.descendants().toArray() : [node]) this.#dragged.add(moved.id());
    });
    this.cy.on('position', 'node', (event) => this.#joinPorts(event.target as NodeSingular));
  }

  show(graph: Graph): void {
    if (graph === this.#graph) return;
    this.#graph = graph;
    this.#layout = layoutGraph(graph, this.#layout.columns);
    const wanted = new Map(this.#elements(graph).map((element) => [element.data.id ?? '', element]));
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
          there.classes(element.classes ?? '');
        }
      }
    });
    this.#move(fresh);
    this.#joinBridges();
    this.#fadeIn(fresh);
    if (!this.#fitted && graph.devices.length > 0) this.fit();
    else if (this.#followsContent && fresh.length + cy.elements().length > 0) this.#keepInSight();
    this.#options.onMoved();
  }

  recolour(colours: Colours): void {
    this.cy.style(sceneStyle(colours));
    this.#joinBridges();
  }

  select(deviceId: string | null): void {
    this.cy.nodes('.selected').removeClass('selected');
    if (deviceId !== null) this.cy.getElementById(deviceId).addClass('selected');
  }

  fit(): void {
    if (this.cy.elements().empty() || this.cy.width() < 2) return;
    this.#fitted = true;
    this.#followsContent = true;
    this.cy.viewport(this.#view());
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

  /** Brings a device into the view, for the keyboard. */
  reveal(deviceId: string): void {
    const node = this.cy.getElementById(deviceId);
    if (node.empty()) return;
    const box = node.renderedBoundingBox({});
    const margin = 8;
    const x =
      box.x1 < margin ? margin - box.x1 : box.x2 > this.cy.width() - margin ? this.cy.width() - margin - box.x2 : 0;
    const y =
      box.y1 < margin ? margin - box.y1 : box.y2 > this.cy.height() - margin ? this.cy.height() - margin - box.y2 : 0;
    if (x !== 0 || y !== 0) this.cy.panBy({ x, y });
  }

  resized(): void {
    this.cy.resize();
    if (!this.#fitted || this.#followsContent) this.fit();
    this.#options.onMoved();
  }

  dispose(): void {
    this.cy.destroy();
  }

  #elements(graph: Graph): ElementDefinition[] {
    const drawn = graph.devices.filter((device) => !isFolded(device, graph));
    const ids = new Set(drawn.map((device) => device.id));
    const wires = [...this.#layout.wires.keys()].filter((id) => ids.has(id));
    return [
      ...graph.machines.map(({ id }) => ({ group: 'nodes' as const, data: { id, kind: 'machine' }, grabbable: false })),
      ...graph.namespaces
        .filter((namespace) => drawn.some((device) => device.namespace === namespace.id))
        .map(({ id, machine, root }) => ({
          group: 'nodes' as const,
          data: { id, parent: machine, kind: 'namespace' },
          classes: root ? 'root' : 'inner',
        })),
      ...drawn.map((device) => this.#deviceElement(device)),
      ...graph.edges
        .filter((edge) => ids.has(edge.source) && ids.has(edge.target))
        .map(({ id, kind, source, target }) => ({ group: 'edges' as const, data: { id, kind, source, target } })),
      ...wires.flatMap((id) => [
        {
          group: 'nodes' as const,
          data: { id: wireOf(id), kind: 'wire' },
          grabbable: false,
          position: this.#layout.wires.get(id) ?? { x: 0, y: 0 },
        },
        { group: 'edges' as const, data: { id: `${wireOf(id)}:edge`, kind: 'wire', source: id, target: wireOf(id) } },
      ]),
    ];
  }

  #deviceElement(device: DeviceNode): ElementDefinition {
    const box = this.#layout.boxes.get(device.id) ?? { x: 0, y: 0, width: 100, height: 30 };
    return {
      group: 'nodes',
      data: {
        id: device.id,
        parent: device.namespace,
        kind: 'device',
        deviceKind: device.deviceKind,
        width: box.width,
        height: box.height,
      },
      position: { x: box.x, y: box.y },
      classes: isDown(device) ? 'down' : 'up',
    };
  }

  /** Newcomers are put in their place; what has a new one for a good reason glides there; what the reader put somewhere stays. */
  #move(fresh: readonly string[]): void {
    const isFresh = new Set(fresh);
    const places: [string, Box][] = [
      ...this.#layout.boxes,
      ...[...this.#layout.wires].map(([id, box]): [string, Box] => [wireOf(id), box]),
    ];
    for (const [id, box] of places) {
      const node = this.cy.getElementById(id);
      if (node.empty() || this.#dragged.has(id)) continue;
      const at = node.position();
      if (Math.abs(at.x - box.x) < 0.5 && Math.abs(at.y - box.y) < 0.5) continue;
      // A bridge that grows keeps its left end: it does not move, so it does not glide.
      const grows = node.data('deviceKind') === 'bridge';
      if (isFresh.has(id) || grows || this.#options.still()) node.stop().position({ x: box.x, y: box.y });
      else node.stop().animate({ position: { x: box.x, y: box.y } }, { duration: 240, easing: 'ease-in-out' });
    }
    wake(this.cy);
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

  #joinBridges(): void {
    for (const bridge of this.cy.nodes('[deviceKind = "bridge"]').toArray()) this.#joinPorts(bridge);
  }

  /** Lines to a bridge end on its bar straight above (or below) the port, as on a bus. */
  #joinPorts(moved: NodeSingular): void {
    moved.connectedEdges('[kind = "port"], [kind = "routed"]').forEach((edge: EdgeSingular) => {
      for (const end of ['source', 'target'] as const) {
        const bridge = edge[end]();
        if (bridge.data('deviceKind') !== 'bridge') continue;
        const other = end === 'source' ? edge.target() : edge.source();
        const reach = bridge.data('width') / 2 - 12;
        const x = Math.max(-reach, Math.min(reach, other.position('x') - bridge.position('x')));
        const y = (other.position('y') < bridge.position('y') ? -1 : 1) * (bridge.data('height') / 2);
        edge.style(`${end}-endpoint`, `${x}px ${y}px`);
      }
    });
  }

  #view(): { zoom: number; pan: { x: number; y: number } } {
    const margin = 14;
    const box = this.cy.elements().boundingBox({});
    // Legends stand on the upper edge of their frames.
    const [top, width, height] = [box.y1 - 10, box.w, box.h + 18];
    // The foot is kept free for the line that tells what the picture leaves out.
    const room = this.cy.height() - FOOT;
    const zoom = Math.min(1.15, (this.cy.width() - 2 * margin) / width, (room - 2 * margin) / height);
    return {
      zoom,
      pan: {
        x: (this.cy.width() - width * zoom) / 2 - box.x1 * zoom,
        y: (room - height * zoom) / 2 - top * zoom,
      },
    };
  }

  #keepInSight(): void {
    const seen = this.cy.extent();
    const box = this.cy.elements().boundingBox({});
    if (box.x1 >= seen.x1 && box.y1 >= seen.y1 && box.x2 <= seen.x2 && box.y2 <= seen.y2) return;
    const view = this.#view();
    if (this.#options.still()) this.cy.viewport(view);
    else this.cy.stop().animate(view, { duration: 260, easing: 'ease-in-out' });
    wake(this.cy);
  }
}
