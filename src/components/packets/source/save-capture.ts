// Packets of the list as a pcapng file: Wireshark shows where each was seen, and what was written to it. What is known besides goes
// with them, so that whoever opens the file here is told the same of them.

import { timestampOf } from '../../../capture/captured-packet.ts';
import { PcapngWriter } from '../../../capture/pcapng-writer.ts';
import { placeOf } from '../../../hop/hop.ts';
import type { Context } from '../../../journey/builder.ts';
import { type Note, noteTexts } from '../../../recording/notes/note.ts';
import type { ListedHop } from './packet-source.ts';

export interface SaveOptions {
  /** About the whole file. */
  readonly comment: string;
  readonly isMarked: (n: number) => boolean;
  /** Digits of a second that the times have: 6 for a lab's clocks, 9 for what files may say. */
  readonly resolution: 6 | 9;
  /** What is known besides the packets. */
  readonly context: Context;
}

/** The file in pieces, in order. */
export function captureOf(
  packets: Iterable<ListedHop>,
  { comment, isMarked, resolution, context }: SaveOptions,
): Uint8Array<ArrayBuffer>[] {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const writer = new PcapngWriter((piece) => pieces.push(new Uint8Array(piece)), { application: 'Lockstep', comment });
  const note = (noted: Note): void => {
    for (const text of noteTexts(noted)) writer.note(text);
  };
  note({ context });
  const interfaces = new Map<string, number>();
  for (const packet of packets) {
    const { n, linkType, bytes, originalLength, direction, time, exactly, undelivered } = packet;
    const name = placeOf(packet);
    const key = `${linkType} ${name}`;
    let number = interfaces.get(key);
    if (number === undefined) {
      number = writer.addInterface({ name, linkType, resolution });
      interfaces.set(key, number);
    }
    if (undelivered !== undefined) note({ next: { undelivered } });
    const words = [packet.comment ?? '', isMarked(n) ? 'Marked in Lockstep.' : ''].filter((text) => text !== '');
    writer.packet(number, {
      bytes,
      originalLength,
      time: exactly ?? timestampOf(time),
      ...(direction === 'unknown' ? {} : { direction }),
      ...(words.length === 0 ? {} : { comment: words.join('\n') }),
    });
  }
  writer.finish();
  return pieces;
}
