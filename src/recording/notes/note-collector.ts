// The notes of a file, as they come, put together to what is known in the end.
import type { Context } from '../../journey/builder.ts';
import type { GapEvidence } from '../../journey/evidence/drop.ts';
import type { Evidence } from '../../journey/evidence/evidence.ts';
import { gapsFor } from '../../journey/evidence/latest.ts';
import { type NextPacket, readNote } from './note.ts';

/** Things that are kept of one kind: a file of any size may say any number. */
const MOST_KEPT = 100_000;

export class NoteCollector {
  #context: Record<string, unknown> = {};
  /** What is told of it. */
  #told: Context | null = null;
  #next: NextPacket = {};
  #lab = '';
  /** Why the first note that could not be read could not be, and how many there were. */
  #unread = { error: '', count: 0 };
  #leftOut = 0;
  /** When there were drops that were left out. */
  #forgotten: readonly GapEvidence[] = [];

  /** Takes the text of a note. Never throws. */
  add(text: string): void {
    const read = readNote(text);
    if (!read.ok) {
      this.#told = null;
      this.#unread = { error: this.#unread.error || read.error, count: this.#unread.count + 1 };
      return;
    }
    const { lab, context, next } = read.value;
    if (lab !== undefined) this.#lab = lab;
    if (next !== undefined) this.#next = next;
    if (context !== undefined) this.#learn(context);
  }

  /** What is known of the packet that comes now. */
  takeNext(): NextPacket {
    const next = this.#next;
    this.#next = {};
    return next;
  }

  /** Id of the lab that the packets are of; "": the file does not say. */
  get lab(): string {
    return this.#lab;
  }

  /** Another object when more was added. What was left out, or could not be read, may have been drops: then no kernel has told of all. */
  get context(): Context {
    this.#told ??= this.#tell();
    return this.#told;
  }

  #tell(): Context {
    const context = this.#context as Context;
    const { evidence = [] } = context;
    if (evidence.length === 0 || (this.#unread.count === 0 && this.#forgotten.length === 0)) return context;
    const known = this.#unread.count === 0 ? evidence : evidence.filter(({ kind }) => kind !== 'watch');
    return { ...context, evidence: [...known, ...this.#forgotten] };
  }

  /** What could not be read, in a sentence; "" when all could. */
  get trouble(): string {
    const { error, count } = this.#unread;
    const unread =
      count === 0
        ? ''
        : `What Lockstep wrote besides the packets cannot be read (${count} times; the first ${error}): journeys know less. Was it written by a newer one?`;
    const many =
      this.#leftOut === 0 ? '' : `More is known than can be kept: ${this.#leftOut} pieces of evidence were left out.`;
    return [unread, many].filter((text) => text !== '').join(' ');
  }

  #learn(context: Context): void {
    const all = { ...this.#context };
    for (const [part, value] of Object.entries(context)) {
      const before = all[part];
      if (!Array.isArray(value)) {
        all[part] = value;
        continue;
      }
      const list: unknown[] = Array.isArray(before) ? before : [];
      const room = Math.max(0, MOST_KEPT - list.length);
      this.#leftOut += Math.max(0, value.length - room);
      if (part === 'evidence') this.#forgotten = gapsFor([...this.#forgotten, ...(value.slice(room) as Evidence[])]);
      for (const item of value.slice(0, room)) list.push(item);
      all[part] = list;
    }
    this.#context = all;
    this.#told = null;
  }
}
