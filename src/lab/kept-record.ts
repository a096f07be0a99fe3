// A kept moment of a lab, besides what its machines have written themselves: as bytes that hold if they are whole. Who reads them finds
// out by a hash whether they are, and by the key whether they are of this build of the lab.
import { packJson, unpackJson } from '../basics/packed-json.ts';
import type { Gap } from '../hop/gap.ts';
import type { KeptHops } from './kept-hops.ts';
import type { KnownDevices } from './known-devices.ts';

/** What was kept cannot be used: its message says why. */
export class KeptError extends Error {
  override readonly name = 'KeptError';
  /** It never can: there is nothing, or it is damaged, or of another build. */
  readonly isGone: boolean;

  constructor(message: string, isGone = false) {
    super(message);
    this.isGone = isGone;
  }
}

/** Another number: records, and what machines write, that are written otherwise. Older ones are refused. */
export const recordFormat = 2;

export interface KeptRecord {
  readonly lab: string;
  /** What the machines' snapshots are: another build has others, and what was kept of one is nothing to the other. */
  readonly snapshots: string;
  /** Under which the machines have their parts. */
  readonly moment: number;
  /** ms since the epoch, by the reader's clock. */
  readonly at: number;
  /** The lab's time, seconds since the epoch. */
  readonly time: number;
  /** Time stood in it, because the reader had stopped it. */
  readonly frozen: boolean;
  /** By machine: what its driver knows of it. */
  readonly machines: Readonly<Record<string, unknown>>;
  readonly cables: readonly (readonly [machine: string, plugged: boolean])[];
  /** What was under way on the wires. */
  readonly frames: readonly { readonly wire: string; readonly from: string; readonly bytes: Uint8Array }[];
  /** Number of the next hop. */
  readonly next: number;
  /** Of which the machines' kernels have told, now and before. */
  readonly devices: KnownDevices;
  readonly hops: KeptHops;
  readonly gaps: readonly Gap[];
  /** What belongs to who shows the lab: which page, which place in it. */
  readonly page: unknown;
}

const digestBytes = 32;

export async function writeRecord({ hops, ...rest }: KeptRecord): Promise<Uint8Array<ArrayBuffer>> {
  const lengths = hops.bytes.map(({ length }) => length);
  const head = new TextEncoder().encode(packJson({ format: recordFormat, ...rest, places: hops.places, lengths }));
  const whole = new Uint8Array(4 + head.length + lengths.reduce((sum, length) => sum + length, 0) + digestBytes);
  new DataView(whole.buffer).setUint32(0, head.length);
  whole.set(head, 4);
  let at = 4 + head.length;
  for (const piece of hops.bytes) {
    whole.set(piece, at);
    at += piece.length;
  }
  whole.set(new Uint8Array(await crypto.subtle.digest('SHA-256', whole.subarray(0, at))), at);
  return whole;
}

/** Why it cannot be used is a sentence. Never throws. */
export async function readRecord(
  bytes: Uint8Array<ArrayBuffer>,
  lab: string,
  snapshots: string,
): Promise<{ readonly record: KeptRecord } | { readonly why: string }> {
  try {
    const end = bytes.length - digestBytes;
    if (end < 4) return { why: damaged };
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes.subarray(0, end)));
    if (digest.some((byte, index) => byte !== bytes[end + index])) return { why: damaged };
    const headLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    const head = unpackJson(new TextDecoder().decode(bytes.subarray(4, 4 + headLength))) as Omit<KeptRecord, 'hops'> & {
      readonly format: number;
      readonly places: KeptHops['places'];
      readonly lengths: readonly number[];
    };
    const { format, places, lengths, ...record } = head;
    if (format !== recordFormat) return { why: 'What was kept of this lab is of another version of the course.' };
    if (record.lab !== lab) return { why: damaged };
    if (record.snapshots !== snapshots)
      return { why: 'What was kept of this lab is of an older build of it, and cannot go on in this one.' };
    let at = 4 + headLength;
    const pieces = lengths.map((length) => {
      const piece = bytes.subarray(at, at + length);
      at += length;
      return piece;
    });
    return { record: { ...record, hops: { places, bytes: pieces } } };
  } catch {
    return { why: damaged };
  }
}

const damaged = 'What was kept of this lab was not written to its end, or is damaged.';
