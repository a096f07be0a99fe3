// A capture file's packets for the list, read as they are needed: the file may be larger than what is kept of it.
import { type ReadonlySignal, signal } from '@preact/signals-core';
import { CaptureReader, type ReadPacket } from '../../../capture/capture-reader.ts';
import { secondsOf } from '../../../capture/captured-packet.ts';
import { linkTypeName } from '../../../capture/link-type.ts';
import { Unpacking } from '../../../capture/packed/unpacking.ts';
import type { Gap } from '../../../hop/gap.ts';
import { placeOf } from '../../../hop/hop.ts';
import { CaptureGaps, placeOfCaptured } from '../../../hop/hops-of-capture.ts';
import { machineOfFile } from '../../../hop/machine-of-file.ts';
import type { Context } from '../../../journey/builder.ts';
import { mergeContexts } from '../../../recording/notes/merge-contexts.ts';
import { NoteCollector } from '../../../recording/notes/note-collector.ts';
import type { ListedHop, PacketBatch, PacketSource } from './packet-source.ts';

export interface CaptureState {
  readonly done: boolean;
  /** Bytes of the file. */
  readonly read: number;
  readonly size: number;
  readonly packets: number;
  /** Names of the interfaces; a file without names has none. */
  readonly places: readonly string[];
  readonly linkTypes: readonly string[];
  /** Why it could not be read to its end, in sentences; "" when it could. */
  readonly trouble: string;
}

/** What a page keeps of a file. In bytes of packets as well: a few hundred thousand can have gigabytes. */
const MOST_PACKETS = 250_000;
const MOST_BYTES = 400e6;

export class CaptureSource implements PacketSource {
  readonly title: string;
  readonly live = false;
  readonly capacity = MOST_PACKETS;
  readonly state: ReadonlySignal<CaptureState>;
  readonly #state;
  readonly #file: Blob;
  readonly #machines = new Set<string>();
  readonly #places = new Set<string>();
  readonly #linkTypes = new Set<string>();
  #context: Context = {};
  #oneTime = false;
  #count = 0;
  #held = 0;

  /** @param name the file's; without folder and ending it is the machine's, where the file names none */
  constructor(file: Blob, name: string) {
    this.title = name;
    this.#file = file;
    this.#state = signal<CaptureState>({
      ...{ done: false, read: 0, size: file.size, packets: 0, places: [], linkTypes: [], trouble: '' },
    });
    this.state = this.#state;
  }

  get oneTime(): boolean {
    return this.#oneTime;
  }

  get severalMachines(): boolean {
    return this.#machines.size > 1;
  }

  /** Reads the file, once for each who asks. */
  onPackets(listener: (batch: PacketBatch) => void): () => void {
    const ending = new AbortController();
    void this.#read(listener, ending.signal);
    return () => ending.abort();
  }

  regrouped(): null {
    return null;
  }

  journeyOf(): undefined {}

  context(): Context {
    return this.#context;
  }

  pending(): string {
    return '';
  }

  async ask(): Promise<boolean> {
    return false;
  }

  async #read(listener: (batch: PacketBatch) => void, ending: AbortSignal): Promise<void> {
    const machine = machineOfFile(this.title);
    let hops: ListedHop[] = [];
    const notes = new NoteCollector();
    const gaps = new CaptureGaps();
    const reader = new CaptureReader(
      (packet, interfaceName) => {
        if (this.#isFull) return;
        const seen = { ...this.#seen(packet, interfaceName, machine), ...notes.takeNext() };
        gaps.see(packet, seen.machine, interfaceName);
        hops.push(seen);
      },
      (note) => notes.add(note),
    );
    const unpacking = new Unpacking(piecesOf(this.#file));
    let noted: Context = {};
    let [toldOfFile, toldOfNotes] = [0, 0];
    const tell = (done: boolean, ...sentences: readonly string[]): void => {
      if (ending.aborted) return;
      this.#oneTime = notes.lab !== '';
      const noticed = notes.context.gaps ?? [];
      const lost: readonly Gap[] = [...gaps.all.slice(toldOfFile), ...noticed.slice(toldOfNotes)];
      [toldOfFile, toldOfNotes] = [gaps.all.length, noticed.length];
      if (notes.context !== noted || lost.length > 0) {
        noted = notes.context;
        this.#context = mergeContexts([noted, { gaps: gaps.all }]);
      }
      if (hops.length + lost.length > 0) listener({ run: 1, hops, lost });
      hops = [];
      const { size } = this.#file;
      const { read } = unpacking;
      const [places, linkTypes] = [[...this.#places], [...this.#linkTypes]];
      const trouble = sentences.filter((text) => text !== '').join(' ');
      this.#state.value = { done, read, size, packets: this.#count, places, linkTypes, trouble };
    };
    this.#count = this.#held = 0;
    try {
      for await (const piece of unpacking) {
        if (ending.aborted) return;
        reader.push(piece);
        if (reader.error !== null || this.#isFull) break;
        tell(false);
      }
      // What could not be unpacked is why the capture ends where it does.
      const error = this.#isFull ? null : (unpacking.error ?? reader.end());
      const why = this.#isFull ? this.#fullWords() : error === null ? '' : this.#brokenWords(error.message);
      tell(true, why, reader.leftOut, notes.trouble);
    } catch (error) {
      tell(true, this.#brokenWords(`The file could not be read: ${String(error)}.`));
    }
  }

  get #isFull(): boolean {
    return this.#count >= MOST_PACKETS || this.#held >= MOST_BYTES;
  }

  #seen(packet: ReadPacket, interfaceName: string, machine: string): ListedHop {
    const { linkType, originalLength, seconds, nanoseconds, comments = [] } = packet;
    // The reader's own buffer, which it uses again.
    const bytes = packet.bytes.slice();
    const place = placeOfCaptured({ linkType, bytes, direction: packet.direction }, interfaceName, machine);
    const seen: ListedHop = {
      ...place,
      ...{
        n: ++this.#count,
        time: secondsOf(packet),
        exactly: { seconds, nanoseconds },
        linkType,
        bytes,
        originalLength,
      },
      ...(comments.length === 0 ? {} : { comment: comments.join('\n') }),
    };
    this.#held += bytes.length;
    this.#machines.add(place.machine);
    this.#linkTypes.add(linkTypeName(linkType));
    if (interfaceName !== '') this.#places.add(placeOf(seen));
    return seen;
  }

  #fullWords(): string {
    return `The file is larger than a page can keep: these are its first ${this.#count.toLocaleString('en')} packets.`;
  }

  #brokenWords(message: string): string {
    const kept = this.#count.toLocaleString('en');
    if (this.#count === 0) return message;
    return `${message} ${this.#count === 1 ? 'The packet before that is' : `The ${kept} packets before that are`} here.`;
  }
}

async function* piecesOf(file: Blob): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel();
  }
}
