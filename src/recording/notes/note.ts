// What Lockstep keeps in a capture besides the packets, so that whoever opens the file can say of them what was said while they came:
// notes, each a JSON text in a pcapng block of its own (BLOCK.lockstep in capture/pcapng-block.ts), which other programs pass over.
//
//   {"format":"lockstep-note","version":1,"lab":"super-bridge"}                      what was captured
//   {"format":"lockstep-note","version":1,"context":{"topology":{"devices":[…]}}}    devices from here on, all of them
//   {"format":"lockstep-note","version":1,"context":{"past":[{"until":…,"topology":{"devices":[…]}}]}}   and before that
//   {"format":"lockstep-note","version":1,"context":{"conntrack":[…],"evidence":[…],"gaps":[…]}}   more of each
//   {"format":"lockstep-note","version":1,"next":{"undelivered":"the cable of host-02 is out"}}    of the next packet in the file
//
// A note is written when it is known, so a run that is cut short keeps what it knew until then. It may have any of the parts. Times are
// seconds since the epoch, on the clock of the packets. `context` is a Context of journey/builder.ts as it is.
import { toBase64 } from '../../basics/base64.ts';
import { type Check, mismatch, name, oneOf, type Read, readJson, string } from '../../basics/json-checks.ts';
import type { Context } from '../../journey/builder.ts';
import { readContext } from './read-context.ts';
import { shaped } from './shape.ts';

export interface Note {
  /** Id of the lab that the packets are of. */
  readonly lab?: string;
  readonly context?: Context;
  readonly next?: NextPacket;
}

/** What only who saw a packet knows of it. */
export interface NextPacket {
  /** Hop.undelivered */
  readonly undelivered?: string;
}

const FORMAT = 'lockstep-note';
const VERSION = 1;
/** Characters. Ours have some hundred kB: the writer makes several notes of long lists. */
const MOST_TEXT = 8 * 1024 * 1024;
const MOST_ITEMS = 500;
const LONGEST_WHY = 1000;

type Written = Note & { readonly format: typeof FORMAT; readonly version: typeof VERSION };

/** The texts of a note, none of them very long: lists go on in the next one. */
export function noteTexts(note: Note): string[] {
  const { context, ...rest } = note;
  const notes: Note[] = Object.keys(rest).length > 0 ? [rest] : [];
  for (const [part, value] of Object.entries(context ?? {})) {
    if (!Array.isArray(value)) notes.push({ context: { [part]: value } });
    else
      for (let at = 0; at < value.length; at += MOST_ITEMS)
        notes.push({ context: { [part]: value.slice(at, at + MOST_ITEMS) } });
  }
  return notes.map((one) => JSON.stringify({ format: FORMAT, version: VERSION, ...one }, written));
}

/** Bytes are base64. */
const written = (_: string, value: unknown): unknown => (value instanceof Uint8Array ? toBase64(value) : value);

/** Never throws, whatever the text is. */
export const readNote = (text: string): Read<Note> => readJson('note', text, MOST_TEXT, noteOf);

function noteOf(value: unknown, path: string): Note {
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== FORMAT)
    return mismatch('format', `"${FORMAT}"`, (value as { format?: unknown } | null)?.format);
  // Before the rest: a later version may have other fields.
  if (!('version' in value) || value.version !== VERSION)
    return mismatch('version', `${VERSION}, the one that is read here`, (value as { version?: unknown }).version);
  const { format: _, version: __, ...note } = WRITTEN(value, path);
  return note;
}

const next = shaped<NextPacket>({ undelivered: { maybe: (value, path) => string(value, path, LONGEST_WHY) } });

const WRITTEN: Check<Written> = shaped<Written>({
  format: (value, path) => oneOf(value, path, [FORMAT]),
  version: () => VERSION,
  lab: { maybe: name },
  context: { maybe: readContext },
  next: { maybe: next },
});
