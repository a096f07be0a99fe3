// Which step a walk is at, and when it goes on by itself. Knows nothing of what a step looks like.

/** Who brought the step about: the reader, or the walk as it plays. */
export type By = 'reader' | 'play';

export interface WalkPlayerOptions {
  readonly steps: number;
  /** From the last step on to the first. */
  readonly again: boolean;
  /** Shows it; gives the ms that it is to stay. */
  show(step: number, by: By): number;
  /** It plays, or plays no longer. */
  playing(on: boolean): void;
}

export class WalkPlayer {
  readonly #options: WalkPlayerOptions;
  #step = 1;
  #playing = false;
  #suspended = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: WalkPlayerOptions) {
    this.#options = options;
  }

  /** From 1. */
  get step(): number {
    return this.#step;
  }

  get isPlaying(): boolean {
    return this.#playing;
  }

  /** A step that is not there is the nearest one that is. Whoever goes somewhere wants to look: it does not play on. */
  go(step: number): void {
    this.pause();
    this.#show(step, 'reader');
  }

  /** From the end it begins again. */
  play(): void {
    if (this.#playing) return;
    this.#playing = true;
    this.#options.playing(true);
    this.#show(this.#step >= this.#options.steps ? 1 : this.#step, 'play');
  }

  pause(): void {
    clearTimeout(this.#timer);
    if (!this.#playing) return;
    this.#playing = false;
    this.#options.playing(false);
  }

  toggle(): void {
    if (this.#playing) this.pause();
    else this.play();
  }

  /** Out of sight: what plays waits, and goes on when it is seen again. */
  suspend(on: boolean): void {
    if (on === this.#suspended) return;
    this.#suspended = on;
    clearTimeout(this.#timer);
    if (!on && this.#playing) this.#show(this.#step, 'play');
  }

  dispose(): void {
    this.pause();
  }

  #show(step: number, by: By): void {
    const { steps } = this.#options;
    this.#step = Math.min(Math.max(Math.round(step), 1), steps);
    const stay = this.#options.show(this.#step, by);
    clearTimeout(this.#timer);
    if (this.#playing && !this.#suspended) this.#timer = setTimeout(() => this.#next(), stay);
  }

  #next(): void {
    const { steps, again } = this.#options;
    if (this.#step < steps) this.#show(this.#step + 1, 'play');
    else if (again) this.#show(1, 'play');
    else this.pause();
  }
}
