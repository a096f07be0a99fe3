// What a kept moment of one machine consists of: which pages of its RAM and blocks of its disk lie where in the file of pages, and
// the devices' state. It ends with a hash of itself, and has one of each page: what was not written to its end, or was damaged, is
// found out before it is used.

export const indexFormat = 1;

/** What lies in the file of pages, each in a place of 4096 bytes. */
export interface KeptPages {
  /** Numbers of pages of RAM or of the devices' state, or of blocks of the disk. */
  readonly numbers: Uint32Array;
  readonly places: Uint32Array;
  /** A hash of each (hashOfPage). */
  readonly checks: Float64Array;
}

export interface KeptIndex {
  /** Which snapshot the rest of its RAM and disk is that of. */
  readonly snapshot: string;
  /** The file that its pages lie in. */
  readonly pages: string;
  /** The emulator's clock, ms. */
  readonly clock: number;
  /** It was switched off: there is a disk, and nothing else. */
  readonly off: boolean;
  /** Everything but RAM and disk, cut into pages; what is in none of them is zero. */
  readonly devices: KeptPages;
  /** Bytes. */
  readonly deviceBytes: number;
  /** Pages that differ from the snapshot's. */
  readonly ram: KeptPages;
  /** Pages that are zero, and are not in the snapshot. */
  readonly zeroed: Uint32Array;
  readonly disk: KeptPages;
}

const magic = 'lockstep kept moment';
const digestBytes = 32;

export async function writeIndex(index: KeptIndex): Promise<Uint8Array> {
  const { snapshot, pages, clock, off, devices, deviceBytes, ram, zeroed, disk } = index;
  const head = new TextEncoder().encode(
    JSON.stringify({
      magic,
      format: indexFormat,
      ...{ snapshot, pages, clock, off, deviceBytes },
      ...{ devices: devices.numbers.length, ram: ram.numbers.length, zeroed: zeroed.length, disk: disk.numbers.length },
    }),
  );
  const parts = [ram, disk, devices].flatMap(({ numbers, places, checks }) => [checks, numbers, places]);
  const pieces = [Uint32Array.of(head.length), head, ...parts, zeroed];
  const bytes = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, digestBytes));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of pieces) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  bytes.set(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes.subarray(0, at))), at);
  return bytes;
}

/** @throws Error that says what is wrong with it, "was not written to its end, or is damaged" */
export async function readIndex(bytes: Uint8Array<ArrayBuffer>): Promise<KeptIndex> {
  const end = bytes.length - digestBytes;
  const digest = end > 4 ? new Uint8Array(await crypto.subtle.digest('SHA-256', bytes.subarray(0, end))) : null;
  if (digest === null || digest.some((byte, index) => byte !== bytes[end + index]))
    throw new Error('was not written to its end, or is damaged');
  let at = 0;
  const take = (length: number): ArrayBuffer => {
    if (at + length > end) throw new Error('is damaged');
    const part = bytes.slice(at, at + length).buffer;
    at += length;
    return part;
  };
  const [headLength = 0] = new Uint32Array(take(4));
  const head = JSON.parse(new TextDecoder().decode(take(headLength)));
  if (head.magic !== magic || head.format !== indexFormat) throw new Error('is of another version of the course');
  const list = (count: number): KeptPages => ({
    checks: new Float64Array(take(8 * count)),
    numbers: new Uint32Array(take(4 * count)),
    places: new Uint32Array(take(4 * count)),
  });
  const ram = list(head.ram);
  const disk = list(head.disk);
  const devices = list(head.devices);
  const zeroed = new Uint32Array(take(4 * head.zeroed));
  const { snapshot, pages, clock, off, deviceBytes } = head;
  return { snapshot, pages, clock, off, devices, deviceBytes, ram, zeroed, disk };
}
