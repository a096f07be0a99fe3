// The mark of one transmission, at the end of its payload: what the oracle tells packets apart by, and the product never sees. It is
// repeated, so that each fragment, and what an ICMP error quotes, has it as well.
//
//    0          4            8            12
//   +----------+------------+------------+
//   | a71c5ed3 | number     | ~number    |     whatever the number, its 16-bit words add up to the same: checksums do not tell
//   +----------+------------+------------+
const MAGIC = [0xa7, 0x1c, 0x5e, 0xd3] as const;
const BLOCK = 12;

const blockOf = (number: number): Uint8Array => {
  const block = new Uint8Array(BLOCK);
  const view = new DataView(block.buffer);
  block.set(MAGIC);
  view.setUint32(4, number);
  view.setUint32(8, ~number >>> 0);
  return block;
};

/** `blocks` times the mark of a transmission. */
export function marks(number: number, blocks: number): Uint8Array {
  const all = new Uint8Array(blocks * BLOCK);
  for (let i = 0; i < blocks; i++) all.set(blockOf(number), i * BLOCK);
  return all;
}

/** Where the first whole block begins; −1: nowhere. */
function firstBlock(bytes: Uint8Array): number {
  for (let at = 0; at + BLOCK <= bytes.length; at++) {
    if (
      bytes[at] === MAGIC[0] &&
      bytes[at + 1] === MAGIC[1] &&
      bytes[at + 2] === MAGIC[2] &&
      bytes[at + 3] === MAGIC[3]
    )
      return at;
  }
  return -1;
}

/** Of which transmission a captured packet is; null: of none of the plan's. */
export function markIn(bytes: Uint8Array): number | null {
  const at = firstBlock(bytes);
  return at < 0 ? null : new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 4);
}

/** The same packet with the mark of number 0, the blocks that a fragment has in part only as well. */
export function masked(bytes: Uint8Array): Uint8Array {
  const first = firstBlock(bytes);
  if (first < 0) return bytes;
  const own = blockOf(new DataView(bytes.buffer, bytes.byteOffset).getUint32(first + 4));
  const none = blockOf(0);
  const copy = bytes.slice();
  const place = (at: number): number => (((at - first) % BLOCK) + BLOCK) % BLOCK;
  for (const step of [1, -1]) {
    for (let at = step === 1 ? first : first - 1; at >= 0 && bytes[at] === own[place(at)]; at += step)
      copy[at] = none[place(at)] as number;
  }
  return copy;
}
