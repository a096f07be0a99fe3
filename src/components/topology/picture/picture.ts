// The drawn view: scene, text, packets, and the keys and buttons that move about in it. cytoscape comes with this file,
// so it is imported only when the picture is shown.
import { effect, signal as stored } from '@preact/signals';
import { missingIn } from '../../../hop/gap.ts';
import type { Hop } from '../../../hop/hop.ts';
import type { Lab } from '../../../lab/lab.ts';
import { watchServices } from '../../../lab/service-watch.ts';
import { machineNote } from '../../machines/machine-words.ts';
import { PacketCanvas } from '../motion/packet-canvas.ts';
import { PacketPlayer } from '../motion/packet-player.ts';
import { MachineNotes } from './machine-notes.ts';
import { MoreBeyond } from './more-beyond.ts';
import { NodeLayer } from './node-layer.ts';
import { Scene } from './scene.ts';
import { onThemeChange, readColours } from './theme-colours.ts';

export interface PictureOptions {
  readonly lab: Lab;
  readonly host: HTMLElement;
  /** Of a device or a wire. */
  onSelect(id: string): void;
  readonly onDrawn?: ((hop: Hop) => void) | undefined;
}

export class Picture {
  readonly player: PacketPlayer;
  readonly #scene: Scene;
  readonly #layer: NodeLayer;
  readonly #canvas: PacketCanvas;
  readonly #notes: MachineNotes;
  readonly #more: MoreBeyond;
  readonly #ending = new AbortController();
  #placing = 0;

  constructor({ lab, host, onSelect, onDrawn }: PictureOptions) {
    const signal = this.#ending.signal;
    const ground = document.createElement('div');
    ground.className = 'tp-ground';
    ground.ariaHidden = 'true';
    host.append(ground);
    const reduced = matchMedia('(prefers-reduced-motion: reduce)');
    const still = () => reduced.matches;
    const colours = readColours(host);
    this.#scene = new Scene({ container: ground, colours, still, onSelect, onMoved: () => this.#place() });
    this.#canvas = new PacketCanvas(host, this.#scene.cy, colours);
    this.#layer = new NodeLayer({ host, cy: this.#scene.cy, onSelect, onFocus: (id) => this.#scene.reveal(id) });
    this.#notes = new MachineNotes(host, this.#scene.cy, lab);
    this.#more = new MoreBeyond(host, this.#scene.cy, (x, y) => this.#scene.panBy(x, y));
    this.player = new PacketPlayer({ canvas: this.#canvas, host, still, onDrawn });

    onThemeChange(() => this.#recolour(host), signal);
    const resizes = new ResizeObserver(() => this.#scene.resized());
    resizes.observe(host);
    signal.addEventListener('abort', () => resizes.disconnect());
    host.addEventListener(
      'wheel',
      (event) => {
        // Without Ctrl the wheel belongs to the page.
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        const box = host.getBoundingClientRect();
        this.#scene.zoomBy(Math.exp(-event.deltaY * 0.002), { x: event.clientX - box.x, y: event.clientY - box.y });
      },
      { signal, passive: false },
    );
    host.addEventListener(
      'keydown',
      (event) => {
        if (event.ctrlKey || event.altKey || event.metaKey) return;
        if (event.key === '+' || event.key === '=') this.#scene.zoomBy(1.25);
        else if (event.key === '-') this.#scene.zoomBy(0.8);
        else if (event.key === '0') this.#scene.fit();
        else return;
        event.preventDefault();
      },
      { signal },
    );
    let drawing = 0;
    const stopGraph = effect(() => {
      // Several reports within one frame are drawn once.
      const graph = lab.graph.value;
      this.player.setGraph(graph);
      cancelAnimationFrame(drawing);
      const draw = () => {
        this.#scene.show(graph);
        this.#layer.show(graph);
      };
      if (document.hidden) draw();
      else drawing = requestAnimationFrame(draw);
    });
    // Packets that machines' taps have lost in this run.
    const lost = stored<ReadonlyMap<string, number>>(new Map());
    let run = 0;
    const stopNotes = effect(() => {
      const cables = lab.cables.value;
      this.#scene.pull(new Set([...cables].flatMap(([machine, plugged]) => (plugged ? [] : [machine]))));
      for (const { name, state, kernel } of lab.machines) {
        const facts = {
          state: state.value,
          cable: cables.get(name),
          reported: kernel.value !== null,
          lost: lost.value.get(name) ?? 0,
        };
        this.#layer.note(name, machineNote(facts));
      }
    });
    const stopServices = watchServices(lab, signal).subscribe((services) => this.#layer.serve(services));
    const stopHops = lab.onHops((batch) => {
      // What happened in a page that is no more does not move again.
      if (batch.past !== true) this.player.receive(batch);
      if (batch.run === run && batch.lost.length === 0) return;
      const before = batch.run === run ? lost.peek() : new Map<string, number>();
      run = batch.run;
      const now = new Map(before);
      for (const gap of batch.lost) now.set(gap.machine, (before.get(gap.machine) ?? 0) + missingIn([gap]));
      lost.value = now;
    });
    signal.addEventListener('abort', () => {
      stopGraph();
      stopNotes();
      stopServices();
      stopHops();
      cancelAnimationFrame(drawing);
      cancelAnimationFrame(this.#placing);
    });
  }

  /** @param covered px at the right that the inspector stands over */
  select(id: string | null, covered = 0): void {
    this.#scene.select(id);
    this.#layer.select(id);
    if (id === null) this.#scene.settle();
    else this.#scene.reveal(id, covered);
  }

  /** Makes these stand out for as long as nothing else is said; []: nothing does. */
  light(ids: readonly string[]): void {
    this.#scene.light(ids);
    this.#layer.light(ids);
  }

  focus(id: string): boolean {
    return this.#layer.focus(id);
  }

  fit(): void {
    this.#scene.fit();
  }

  /** One machine alone; null: all of them. */
  showMachine(machine: string | null): void {
    this.#scene.showMachine(machine);
  }

  zoomBy(factor: number): void {
    this.#scene.zoomBy(factor);
  }

  dispose(): void {
    this.#ending.abort();
    this.player.dispose();
    this.#notes.dispose();
    this.#more.dispose();
    this.#layer.dispose();
    this.#canvas.dispose();
    this.#scene.dispose();
  }

  #place(): void {
    if (this.#placing !== 0) return;
    this.#placing = requestAnimationFrame(() => {
      this.#placing = 0;
      this.#layer.place();
      this.#notes.place();
      this.#more.place();
      this.player.redraw();
    });
  }

  #recolour(host: HTMLElement): void {
    const colours = readColours(host);
    this.#scene.recolour(colours);
    this.#canvas.recolour(colours);
    this.player.redraw();
  }
}
