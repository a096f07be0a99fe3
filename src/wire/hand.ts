// What a reader does by hand to frames that wait while time stands: drop, delay, reorder, duplicate. Each can be undone until
// the next frame is delivered: what a machine has seen cannot be taken back.
import type { VirtualClock } from './clock.ts';
import type { WaitingFrame } from './wire-frame.ts';

export interface HandAction {
  readonly kind: 'drop' | 'delay' | 'move' | 'duplicate';
  /** The frame that was acted on. */
  readonly id: number;
}

interface Done {
  readonly action: HandAction;
  undo(): void;
  /** It can no longer be undone. */
  settle?(): void;
}

/** What the hand needs of the wire. */
export interface Waiting<F> {
  /** In order. */
  list(): F[];
  find(id: number): F | undefined;
  /** A copy of a frame, due when that is, not waiting yet. */
  copy(frame: F): F;
  put(frame: F): void;
  take(frame: F): void;
  /** A frame that was taken is gone for good: one that was dropped, or a copy that was not wanted after all. */
  lose(frame: F): void;
  discard(copy: F): void;
  /** Something about the list or the history is different. */
  changed(): void;
}

const undoable = 1000;

export class Hand<F extends WaitingFrame<{ readonly name: string }>> {
  readonly #clock: VirtualClock;
  readonly #waiting: Waiting<F>;
  #history: Done[] = [];

  constructor(clock: VirtualClock, waiting: Waiting<F>) {
    this.#clock = clock;
    this.#waiting = waiting;
  }

  /** What undo() would take back. */
  get last(): HandAction | null {
    return this.#history.at(-1)?.action ?? null;
  }

  drop(id: number): boolean {
    const frame = this.#held(id);
    if (frame === undefined) return false;
    this.#waiting.take(frame);
    return this.#did({
      action: { kind: 'drop', id },
      undo: () => this.#waiting.put(frame),
      settle: () => this.#waiting.lose(frame),
    });
  }

  /** Later by `ms` of virtual time, and behind those that are due before that. Throws RangeError for less than 0. */
  delay(id: number, ms: number): boolean {
    if (!(ms >= 0 && Number.isFinite(ms))) throw new RangeError(`A frame can be delayed by 0 ms or more, not ${ms}.`);
    const frame = this.#held(id);
    if (frame === undefined) return false;
    const undo = this.#remember([frame]);
    this.#waiting.take(frame);
    frame.due = Math.max(frame.due, this.#clock.now()) + ms;
    this.#waiting.put(frame);
    return this.#did({ action: { kind: 'delay', id }, undo });
  }

  /** Moves a frame to just before, or just behind, another one. */
  move(id: number, where: 'before' | 'after', otherId: number): boolean {
    const frame = this.#held(id);
    const other = this.#held(otherId);
    if (frame === undefined || other === undefined || frame === other) return false;
    const undo = this.#rotate(frame, where, other);
    return this.#did({ action: { kind: 'move', id }, undo });
  }

  /** The copy, which stands just behind the frame and is due when that is; null if there is no such frame. */
  duplicate(id: number): F | null {
    const frame = this.#held(id);
    if (frame === undefined) return null;
    const copy = this.#waiting.copy(frame);
    copy.order = this.#clock.takeOrder();
    this.#waiting.put(copy);
    // Behind all that are due at the same time: from there to its place, among these.
    const undo = this.#rotate(copy, 'after', frame);
    this.#did({
      action: { kind: 'duplicate', id },
      undo: () => {
        undo();
        this.#waiting.take(copy);
        this.#waiting.discard(copy);
      },
    });
    return copy;
  }

  /** Takes the last action back; null if there is none. */
  undo(): HandAction | null {
    const done = this.#history.pop();
    if (done === undefined) return null;
    done.undo();
    this.#waiting.changed();
    return done.action;
  }

  /** Nothing done so far can be undone any more. */
  settle(): void {
    if (this.#history.length === 0) return;
    const history = this.#history;
    this.#history = [];
    for (const done of history) done.settle?.();
    this.#waiting.changed();
  }

  #held(id: number): F | undefined {
    return this.#clock.held ? this.#waiting.find(id) : undefined;
  }

  #did(done: Done): true {
    this.#history.push(done);
    if (this.#history.length > undoable) this.#history.shift()?.settle?.();
    this.#waiting.changed();
    return true;
  }

  /** The places in the queue stay as they are; frames change them among themselves. Returns how to undo it. */
  #rotate(frame: F, where: 'before' | 'after', other: F): () => void {
    const list = this.#waiting.list();
    const from = list.indexOf(frame);
    const to = list.indexOf(other) + (where === 'after' ? 1 : 0);
    const range = list.slice(Math.min(from, to), Math.max(from + 1, to));
    const undo = this.#remember(range);
    const places = range.map(({ due, order }) => ({ due, order }));
    const rest = range.filter((each) => each !== frame);
    const rotated = to <= from ? [frame, ...rest] : [...rest, frame];
    this.#place(rotated, places);
    return undo;
  }

  #remember(frames: readonly F[]): () => void {
    const places = frames.map(({ due, order }) => ({ due, order }));
    return () => this.#place(frames, places);
  }

  #place(frames: readonly F[], places: readonly { readonly due: number; readonly order: number }[]): void {
    for (const frame of frames) this.#waiting.take(frame);
    for (const [index, frame] of frames.entries()) {
      Object.assign(frame, places[index]);
      this.#waiting.put(frame);
    }
  }
}
