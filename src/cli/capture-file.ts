// What taps and wires saw into a pcapng file, as they come: one interface block a device, added when it is first seen; and what is
// known besides, as notes.
import { closeSync, openSync, writeSync } from 'node:fs';
import { timestampOf } from '../capture/captured-packet.ts';
import { PcapngWriter } from '../capture/pcapng-writer.ts';
import { missingIn } from '../hop/gap.ts';
import { type Hop, placeOf } from '../hop/hop.ts';
import type { HopBatch } from '../lab/lab.ts';
import { type Note, noteTexts } from '../recording/notes/note.ts';

/**
 * A pcapng file that is valid after every write: whole blocks only, written synchronously, so that a run that is cut
 * short leaves what it saw until then.
 */
export class CaptureFile implements Disposable {
  readonly #path: string;
  readonly #file: number;
  readonly #writer: PcapngWriter;
  /** Interface numbers by link type and name. */
  readonly #interfaces = new Map<string, number>();
  #blocks: Uint8Array[] = [];
  #packets = 0;
  #lost = 0;

  /** Throws when the file cannot be written. */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#file = openSync(path, 'w');
    } catch (error) {
      throw new Error(`Cannot write the capture to ${path}. Choose another path with --capture.`, { cause: error });
    }
    this.#writer = new PcapngWriter((block) => this.#blocks.push(block), { application: 'Lockstep' });
    this.#flush();
  }

  write({ hops, lost }: HopBatch): void {
    this.#lost += missingIn(lost);
    this.#packets += hops.length;
    for (const hop of hops) {
      const { bytes, originalLength, direction, undelivered } = hop;
      const place = this.#interfaceOf(hop);
      if (undelivered !== undefined) this.#note({ next: { undelivered } });
      this.#writer.packet(place, {
        bytes,
        originalLength,
        time: timestampOf(hop.time),
        ...(direction === 'unknown' ? {} : { direction }),
      });
    }
    this.#flush();
  }

  /** What is known besides the packets. */
  note(note: Note): void {
    this.#note(note);
    this.#flush();
  }

  #note(note: Note): void {
    for (const text of noteTexts(note)) this.#writer.note(text);
  }

  #interfaceOf(hop: Hop): number {
    const { linkType } = hop;
    const name = placeOf(hop);
    const key = `${linkType} ${name}`;
    const known = this.#interfaces.get(key);
    if (known !== undefined) return known;
    const number = this.#writer.addInterface({ name, linkType });
    this.#interfaces.set(key, number);
    return number;
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#blocks);
    this.#blocks = [];
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#file, bytes, written);
  }

  /** One line for people. */
  summary(): string {
    const lost = this.#lost > 0 ? `; at least ${this.#lost} more went by that the machines' taps lost` : '';
    return `${this.#path}: ${this.#packets} packets on ${this.#interfaces.size} interfaces${lost}`;
  }

  [Symbol.dispose](): void {
    this.#writer.finish();
    this.#flush();
    closeSync(this.#file);
  }
}
