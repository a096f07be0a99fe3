// cytoscape draws when something changed, but asks the browser for every frame, sixty times a second, whether or not
// anything did. That costs an idle page 6 % of a core, and every other frame of the page has to wait for its turn: a
// keystroke's echo 10 ms. Here its renderer asks for frames while it has something to do, and for a moment after.
import cytoscape, { type Core } from 'cytoscape';

/** What cytoscape 3.34's renderer has (src/extensions/renderer/base/redraw.mjs) and its types leave out. */
interface Renderer {
  readonly cy: Core & { batching(): boolean };
  destroyed?: boolean;
  requestedFrame?: boolean;
  skipFrame?: boolean;
  renderOptions?: object;
  readonly beforeRenderCallbacks: readonly { fn(willDraw: boolean, now: number): void }[];
  averageRedrawTime?: number;
  lastDrawTime?: number;
  lastRedrawTime?: number;
  redrawCount?: number;
  redrawTotalTime?: number;
  render(options: object | undefined): void;
  redraw(options?: object): void;
  startRenderLoop(): void;
}

/** ms; sharper drawings of what moved are made in the frames after it. */
const lingering = 500;

const lastAsked = new WeakMap<Renderer, number>();
const running = new WeakSet<Renderer>();

/** Changes the renderer of all pictures that are made from now on; calling it again changes nothing. */
export function installFramesOnDemand(): void {
  const prototype = (cytoscape as unknown as (type: string, name: string) => { prototype: Renderer })(
    'renderer',
    'canvas',
  ).prototype;
  if (prototype.startRenderLoop === run) return;
  const { redraw } = prototype;
  prototype.startRenderLoop = run;
  prototype.redraw = function (options) {
    redraw.call(this, options);
    run.call(this);
  };
}

/** To be called when an animation was started: cytoscape does not ask for its first frame. */
export function wake(cy: Core): void {
  (cy as unknown as { renderer(): Renderer }).renderer().redraw();
}

function run(this: Renderer): void {
  lastAsked.set(this, performance.now());
  if (running.has(this)) return;
  running.add(this);
  requestAnimationFrame((now) => frame(this, now));
}

function frame(renderer: Renderer, now: number): void {
  if (renderer.destroyed) return;
  const draws = renderer.requestedFrame === true && renderer.skipFrame !== true;
  if (!renderer.cy.batching()) {
    for (const { fn } of renderer.beforeRenderCallbacks) fn(draws, now);
    if (draws) draw(renderer);
  }
  renderer.skipFrame = false;
  if (performance.now() - (lastAsked.get(renderer) ?? 0) < lingering) {
    requestAnimationFrame((next) => frame(renderer, next));
  } else {
    running.delete(renderer);
  }
}

/** With the bookkeeping by which cytoscape decides how much it can do in a frame. */
function draw(renderer: Renderer): void {
  const began = performance.now();
  renderer.render(renderer.renderOptions);
  const ended = performance.now();
  const took = ended - began;
  renderer.lastDrawTime = ended;
  renderer.lastRedrawTime = took;
  renderer.redrawCount = (renderer.redrawCount ?? 0) + 1;
  renderer.redrawTotalTime = (renderer.redrawTotalTime ?? 0) + took;
  renderer.averageRedrawTime = ((renderer.averageRedrawTime ?? took) + took) / 2;
  renderer.requestedFrame = false;
}
