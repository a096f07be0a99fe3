// What a run of a lab knows besides its packets, written to the capture as soon as it is known: whatever ends the run, it is there.
import { setTimeout as sleep } from 'node:timers/promises';
import { DECIDED } from '../journey/evidence/watches.ts';
import type { Lab } from '../lab/lab.ts';
import { LabJourneys } from '../lab/lab-journeys.ts';
import { ContextNews } from '../recording/notes/context-news.ts';
import type { CaptureFile } from './capture-file.ts';

/** ms between two looks at what machines know of their packets. */
const LOOK_EVERY = 1000;
/** ms: a machine that does not answer any more is not waited for. */
const LAST_ANSWER = 10_000;

export class CaptureEvidence implements Disposable {
  readonly #file: CaptureFile;
  readonly #journeys: LabJourneys;
  readonly #news = new ContextNews();
  readonly #stopListening: () => void;
  #newest = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  /** Writes packets from now on. */
  constructor(lab: Lab, file: CaptureFile) {
    this.#file = file;
    this.#journeys = new LabJourneys(lab);
    file.note({ lab: lab.id });
    this.#stopListening = lab.onHops((batch) => {
      file.write(batch);
      this.#newest = batch.hops.at(-1)?.n ?? this.#newest;
      this.#journeys.add(batch.hops);
      this.#journeys.missed(batch.lost);
    });
  }

  /** The machines run: they are asked from now on. */
  async start(): Promise<void> {
    await this.look();
    this.#lookLater();
  }

  /** What there is to know by now; of machines that still answer. */
  async look(): Promise<void> {
    await Promise.race([this.#askOfAll(), new Promise((resolve) => setTimeout(resolve, LAST_ANSWER).unref())]);
    this.#write();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#stopListening();
    this.#write();
    this.#journeys.dispose();
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => {
      // A machine that cannot be asked now may answer the next time.
      const asked = this.#ask(this.#newest).catch(() => {});
      void asked.then(() => {
        if (!this.#isOver) this.#lookLater();
      });
    }, LOOK_EVERY);
    this.#timer.unref();
  }

  async #askOfAll(): Promise<void> {
    await this.#ask(this.#newest + 1);
    // What became of the last packets may not have been decided yet.
    if (this.#journeys.pending(this.#newest) === '') return;
    await sleep(DECIDED * 1000);
    await this.#ask(this.#newest + 1);
  }

  /** About the packet of that number, and all before it: asked already, it costs nothing. */
  async #ask(n: number): Promise<void> {
    await this.#journeys.ask(n);
    if (!this.#isOver) this.#write();
  }

  #write(): void {
    const news = this.#news.since(this.#journeys.context());
    if (news !== null) this.#file.note({ context: news });
  }
}
