// The text of the picture, as real elements over cytoscape's canvas: it is sharp, it is set in the site's faces, and it
// takes the focus. One tab stop for the whole picture; arrow keys go from a device or a wire to the next one in that direction.
import type { CollectionReturnValue, Core, EdgeSingular } from 'cytoscape';
import type { Services } from '../../../lab/service-watch.ts';
import type { Graph } from '../../../topology/graph.ts';
import { isFolded } from './layout-place.ts';
import { deviceLabel, deviceSentence, LANE, namespaceLabel, SMALLEST, tunnelLabel } from './node-label.ts';
import './picture.css';

/** The zoom below which an address has no room for the length of its prefix, and below which it has none for itself. */
const TIGHT = 0.97;
const FAR = 0.66;

export interface NodeLayerOptions {
  readonly host: HTMLElement;
  readonly cy: Core;
  /** Of a device or a wire. */
  onSelect(id: string): void;
  onFocus(id: string): void;
}

export class NodeLayer {
  readonly #options: NodeLayerOptions;
  readonly #plane: HTMLElement;
  readonly #elements = new Map<string, HTMLElement>();
  readonly #notes = new Map<string, string>();
  #services: Services = new Map();
  /** The device or wire that the tab key leads to. */
  #stop = '';

  constructor(options: NodeLayerOptions) {
    this.#options = options;
    this.#plane = document.createElement('div');
    this.#plane.className = 'tp-plane';
    options.host.append(this.#plane);
    this.#plane.addEventListener('keydown', (event) => this.#onKey(event));
    this.#plane.addEventListener('focusin', (event) => {
      const id = idOf(event.target);
      if (id === undefined) return;
      this.#setStop(id);
      options.onFocus(id);
    });
    this.#plane.addEventListener('click', (event) => {
      const id = idOf(event.target);
      if (id !== undefined) options.onSelect(id);
    });
  }

  show(graph: Graph): void {
    const wanted = new Set<string>();
    for (const machine of graph.machines) {
      wanted.add(machine.id);
      this.#machineLegend(machine.id);
    }
    for (const namespace of graph.namespaces) {
      // The machine's own is what its frame is.
      if (namespace.root) continue;
      wanted.add(namespace.id);
      const { name, word } = namespaceLabel(namespace);
      this.#legend(namespace.id, 'tp-legend tp-legend-inner', name, word);
    }
    for (const device of graph.devices) {
      if (isFolded(device, graph)) continue;
      wanted.add(device.id);
      const { name, word, address } = deviceLabel(device);
      const element = this.#element(device.id, 'button', `tp-node tp-node-${device.deviceKind}`);
      const namespace = graph.namespaces.find((candidate) => candidate.id === device.namespace);
      element.setAttribute('aria-label', deviceSentence(device, namespace));
      const network = device.network?.name ?? '';
      const [, number = '', prefix = ''] = /^([^/]*)(.*)$/.exec(address) ?? [];
      fill(element, [
        ['tp-name', name],
        ['tp-word', word],
        ['tp-address', number === '' && network !== '' ? `network ${network}` : number],
        ['tp-prefix', prefix],
      ]);
      if (device.deviceKind === 'nic') {
        wanted.add(`wire:${device.id}`);
        fill(this.#element(`wire:${device.id}`, 'span', 'tp-wire'), [['tp-word', 'wire']]);
      }
    }
    for (const { id, name } of graph.wires) {
      wanted.add(id);
      const bar = this.#element(id, 'button', 'tp-bar');
      bar.setAttribute('aria-label', wireSentence(id, name, graph));
      fill(bar, [
        ['tp-name', name],
        ['tp-word', 'wire'],
      ]);
    }
    for (const edge of graph.edges) {
      if (edge.kind !== 'tunnel') continue;
      wanted.add(edge.id);
      fill(this.#element(edge.id, 'span', 'tp-tunnel'), [['tp-word', tunnelLabel(edge, graph)]]);
    }
    for (const [id, element] of this.#elements) {
      if (wanted.has(id)) continue;
      element.remove();
      this.#elements.delete(id);
    }
    // A wire is there before any device is; the way in is a device.
    if (!this.#elements.has(this.#stop))
      this.#setStop(graph.devices.find(({ id }) => this.#elements.has(id))?.id ?? '');
    this.place();
  }

  /** What is the matter with a machine, beside its name; "" when nothing is. */
  note(machine: string, words: string): void {
    this.#notes.set(machine, words);
    if (this.#elements.has(machine)) this.#machineLegend(machine);
    this.place();
  }

  /** Which services each machine has, and how they are. */
  serve(services: Services): void {
    this.#services = services;
    for (const machine of services.keys()) if (this.#elements.has(machine)) this.#machineLegend(machine);
  }

  /** Puts everything where cytoscape has it now. */
  place(): void {
    const { cy } = this.#options;
    const { x, y } = cy.pan();
    const zoom = cy.zoom();
    this.#plane.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
    // On the screen no text is smaller than the smallest that can be read; what has no room then makes room for the rest.
    this.#plane.style.setProperty('--tp-text', `${(SMALLEST / Math.min(1, zoom)).toFixed(2)}px`);
    this.#plane.classList.toggle('is-tight', zoom < TIGHT);
    this.#plane.classList.toggle('is-far', zoom < FAR);
    for (const [id, element] of this.#elements) {
      const node = cy.getElementById(id);
      element.hidden = node.empty();
      if (node.empty()) continue;
      if (element.classList.contains('tp-tunnel')) {
        const edge = node as unknown as EdgeSingular;
        const at = (edge.source().position('x') + edge.target().position('x')) / 2 + LANE;
        element.style.transform = `translate(${at}px, ${Number(edge.data('lane'))}px) translate(-50%, -50%)`;
      } else if (element.classList.contains('tp-bar')) {
        const at = node.position();
        const [left, top] = [at.x - Number(node.data('width')) / 2, at.y - Number(node.data('height')) / 2];
        element.style.width = `${node.data('width')}px`;
        element.style.height = `${node.data('height')}px`;
        element.style.transform = `translate(${left}px, ${top}px)`;
      } else if (element.classList.contains('tp-node')) {
        const at = node.position();
        const [width, height] = [node.data('width') as number, node.data('height') as number];
        element.style.width = `${width}px`;
        element.style.height = `${height}px`;
        element.style.transform = `translate(${at.x - width / 2}px, ${at.y - height / 2}px)`;
      } else if (element.classList.contains('tp-wire')) {
        const at = node.position();
        element.style.transform = `translate(${at.x + 8}px, ${at.y - 8}px)`;
      } else {
        this.#placeLegend(element, node);
      }
    }
  }

  /** At the left of the upper edge, where no line passes; never cut: a long one may stand over the edge of its frame. */
  #placeLegend(element: HTMLElement, node: CollectionReturnValue): void {
    const box = node.boundingBox({ includeLabels: false, includeOverlays: false });
    element.style.transform = `translate(${box.x1 + 6}px, ${box.y1}px) translateY(-50%)`;
    if (element.classList.contains('tp-legend-inner')) element.style.maxWidth = `${box.w - 8}px`;
  }

  select(selected: string | null): void {
    for (const button of this.#buttons()) button.setAttribute('aria-pressed', String(button.dataset.id === selected));
  }

  light(ids: readonly string[]): void {
    for (const [id, element] of this.#elements) element.classList.toggle('is-lit', ids.includes(id));
  }

  focus(id: string): boolean {
    const element = this.#elements.get(id);
    element?.focus({ preventScroll: true });
    return element !== undefined;
  }

  dispose(): void {
    this.#plane.remove();
  }

  /** Name, services with a light each, and what is the matter. A machine's id is its name. */
  #machineLegend(machine: string): void {
    fill(this.#element(machine, 'span', 'tp-legend tp-legend-machine'), [
      ['tp-name', machine],
      ...(this.#services.get(machine) ?? []).map(({ name, state }) => [`tp-service is-${state}`, name] as const),
      ['tp-word', this.#notes.get(machine) ?? ''],
    ]);
  }

  #legend(id: string, className: string, name: string, word: string): void {
    fill(this.#element(id, 'span', className), [
      ['tp-name', name],
      ['tp-word', word],
    ]);
  }

  #element(id: string, tag: 'button' | 'span', className: string): HTMLElement {
    let element = this.#elements.get(id);
    if (element === undefined) {
      element = document.createElement(tag);
      element.dataset.id = id;
      if (element instanceof HTMLButtonElement) {
        element.type = 'button';
        element.tabIndex = -1;
        element.setAttribute('aria-pressed', 'false');
      } else {
        // The devices' own sentences name machine and namespace.
        element.ariaHidden = 'true';
      }
      this.#elements.set(id, element);
      this.#plane.append(element);
    }
    const isLit = element.classList.contains('is-lit');
    element.className = className;
    element.classList.toggle('is-lit', isLit);
    return element;
  }

  #buttons(): HTMLElement[] {
    return [...this.#elements.values()].filter((element) => element instanceof HTMLButtonElement);
  }

  #setStop(id: string): void {
    this.#stop = id;
    for (const button of this.#buttons()) button.tabIndex = button.dataset.id === id ? 0 : -1;
  }

  #onKey(event: KeyboardEvent): void {
    const direction = DIRECTIONS[event.key];
    const id = idOf(event.target);
    if (direction === undefined || id === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const next = this.#nearest(id, direction);
    if (next !== undefined) this.focus(next);
  }

  /** The closest device or wire whose middle lies in the direction, with what lies aside counted double. */
  #nearest(from: string, [dx, dy]: readonly [number, number]): string | undefined {
    const { cy } = this.#options;
    const here = cy.getElementById(from).position();
    let best: string | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const button of this.#buttons()) {
      const id = button.dataset.id ?? '';
      const node = cy.getElementById(id);
      if (id === from || node.empty()) continue;
      const at = node.position();
      // A bridge or a wire is as wide as its ports: from each of them it lies straight above.
      const reach = isBar(node) || isBar(cy.getElementById(from)) ? Number(node.data('width')) / 2 : 0;
      const along = (at.x - here.x) * dx + (at.y - here.y) * dy;
      const aside = Math.max(0, Math.abs((at.x - here.x) * dy) + Math.abs((at.y - here.y) * dx) - Math.abs(dy) * reach);
      const distance = along + 2 * aside;
      if (along > 4 && distance < least) {
        least = distance;
        best = id;
      }
    }
    return best;
  }
}

const DIRECTIONS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

const idOf = (target: EventTarget | null): string | undefined =>
  target instanceof HTMLElement ? target.closest<HTMLElement>('.tp-node, .tp-bar')?.dataset.id : undefined;

const isBar = (node: CollectionReturnValue): boolean =>
  node.data('deviceKind') === 'bridge' || node.data('kind') === 'wire';

/** "lan, wire, plugged in: host-01, host-02" */
function wireSentence(id: string, name: string, graph: Graph): string {
  const machines = graph.edges.flatMap(({ kind, source, target }) =>
    kind === 'plug' && target === id ? (graph.devices.find((device) => device.id === source)?.machine ?? []) : [],
  );
  return `${name}, wire${machines.length === 0 ? '' : `, plugged in: ${machines.join(', ')}`}`;
}

/** Only what changed is written, so that nothing is selected away or announced again. */
function fill(element: HTMLElement, parts: readonly (readonly [className: string, text: string])[]): void {
  const wanted = parts.filter(([, text]) => text !== '');
  const key = JSON.stringify(wanted);
  if (element.dataset.text === key) return;
  element.dataset.text = key;
  element.replaceChildren();
  for (const [className, text] of wanted) {
    const span = document.createElement('span');
    span.className = className;
    if (className.startsWith('tp-service')) span.title = className.replace(/^.*is-/, '');
    span.textContent = text;
    // What an address ends with is a part of it.
    const place = className === 'tp-prefix' ? (element.lastElementChild ?? element) : element;
    place.append(span);
  }
}
