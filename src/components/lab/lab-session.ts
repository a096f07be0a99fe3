// One reader's lab from Start to the end of the page: builds, downloads, runs, freezes, fails, starts again. No DOM; the
// code of the machines is imported on the first start.
import type { Lab } from '../../lab/lab.ts';
import { ManifestError } from '../../machine/driver.ts';
import type { FailureReason, MachineState } from '../../machine/machine.ts';
import { BuildFailed, type BuildStatus, whenBuilt } from './build-status.ts';

/** A machine's state, or one of the two that come before there is a machine: its build goes on, or failed. */
export type SessionState =
  | MachineState
  | { readonly kind: 'building'; readonly build: BuildStatus }
  | { readonly kind: 'failed'; readonly reason: 'build'; readonly message: string };

export interface SessionOptions {
  readonly lab: string;
  /** Where the site is: "/" or "/course/". */
  readonly base: string;
  onState(state: SessionState): void;
  /** A lab exists: draw it. What is returned runs before the lab is disposed of. */
  onLab(lab: Lab): Promise<() => void>;
}

export class LabSession {
  readonly #options: SessionOptions;
  #state: SessionState = { kind: 'off' };
  #attempt: AbortController | undefined;
  #lab: Lab | undefined;
  #undraw: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  #seen = true;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get state(): SessionState {
    return this.#state;
  }

  get lab(): Lab | undefined {
    return this.#lab;
  }

  async start(): Promise<void> {
    if (this.#state.kind !== 'off' && this.#state.kind !== 'failed') return;
    if (this.#state.kind === 'failed' && this.#state.reason === 'guest-panic' && this.#lab !== undefined) {
      // It boots, with its disk as it is, and its checkpoints stay. What is wrong this time, its state says.
      await this.#lab.start().catch(() => {});
      return;
    }
    this.#set({ kind: 'loading', step: 'Asking the server for the lab', done: 0, total: 0 });
    const closed = this.#close();
    // From here on it can be cancelled, also while the lab before it is given up.
    const attempt = new AbortController();
    this.#attempt = attempt;
    await closed;
    if (attempt.signal.aborted) return;
    const { lab: id, base, onLab } = this.#options;
    try {
      await whenBuilt(
        `${base}labs/${id}/build.json`,
        (build) => this.#set({ kind: 'building', build }),
        attempt.signal,
      );
      if (attempt.signal.aborted) return;
      this.#set({ kind: 'loading', step: 'Fetching the lab’s code', done: 0, total: 0 });
      const [{ openLab }, { effect }] = await Promise.all([
        import('../../lab/open-lab.ts'),
        import('@preact/signals-core'),
      ]);
      const lab = await openLab(id);
      if (attempt.signal.aborted) {
        await lab.dispose();
        return;
      }
      this.#lab = lab;
      let begun = false;
      this.#unwatch = effect(() => {
        const state = lab.state.value;
        // Until it has begun, the lab's own "off" would put the Start button back under the reader's finger.
        begun ||= state.kind !== 'off';
        if (begun) this.#set(state);
      });
      // Drawn while the machine loads: the picture is there before the machine is.
      const drawn = onLab(lab).then((undraw) => {
        if (attempt.signal.aborted) undraw();
        else this.#undraw = undraw;
      });
      await Promise.all([drawn, lab.start()]);
    } catch (error) {
      if (attempt.signal.aborted || this.state.kind === 'failed') return;
      // A lab that cannot be drawn, because the panels' code did not come, is no use to anybody.
      await this.#close();
      this.#set({
        kind: 'failed',
        reason: reasonOf(error),
        message: error instanceof Error ? error.message : String(error),
      });
    }
  }

  /** Gives up a start, or ends a lab. */
  async cancel(): Promise<void> {
    await this.#close();
    this.#set({ kind: 'off' });
  }

  async freeze(): Promise<void> {
    await this.#lab?.freeze('reader');
  }

  async thaw(): Promise<void> {
    if (this.#state.kind === 'frozen') await this.#lab?.thaw();
  }

  async reset(): Promise<void> {
    // When no machine comes up again, their states say why.
    await this.#lab?.reset().catch(() => {});
  }

  /** A lab that nobody sees stands still; it goes on when someone looks again, unless the reader had stopped it. */
  async seen(seen: boolean): Promise<void> {
    this.#seen = seen;
    if (!seen && this.#state.kind === 'running') await this.#hide();
    if (seen && this.#state.kind === 'frozen' && this.#state.reason === 'hidden') await this.#lab?.thaw();
  }

  /** Where no machine can be frozen the wires go on, too: nothing would say that they stand. */
  async #hide(): Promise<void> {
    if (this.#lab?.machines.some(({ can }) => can.freeze)) await this.#lab.freeze('hidden');
  }

  async #close(): Promise<void> {
    this.#attempt?.abort();
    this.#unwatch?.();
    this.#undraw?.();
    const lab = this.#lab;
    this.#attempt = this.#unwatch = this.#undraw = this.#lab = undefined;
    await lab?.dispose();
  }

  #set(state: SessionState): void {
    this.#state = state;
    this.#options.onState(state);
    if (state.kind === 'running' && !this.#seen) void this.#hide();
    // A machine that was to stand may have been on its way when the reader came back.
    if (state.kind === 'frozen' && state.reason === 'hidden' && this.#seen) void this.#lab?.thaw();
  }
}

/** Why there is no lab, by what was thrown on the way to it. */
function reasonOf(error: unknown): FailureReason | 'build' {
  if (error instanceof BuildFailed) return 'build';
  return error instanceof ManifestError ? 'mismatch' : 'download';
}
