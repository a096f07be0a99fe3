// The two options of a segment that say something of the segments after it (RFC 7323 section 2.2, RFC 2018 section 3).
import { OPTION } from '../tcp-options.ts';

const NO_BLOCKS: readonly number[] = [];

export interface SegmentOptions {
  /** How far windows are to be shifted; −1: it does not say. */
  readonly scale: number;
  /** The edges of SACK blocks, left and right in turn. */
  readonly blocks: readonly number[];
}

const NO_OPTIONS: SegmentOptions = { scale: -1, blocks: NO_BLOCKS };

/** From the first byte of the options to one past their last. */
export function readOptions(bytes: Uint8Array, from: number, end: number): SegmentOptions {
  if (from >= end) return NO_OPTIONS;
  let scale = -1;
  let blocks: number[] | null = null;
  for (let at = from; at < end; ) {
    const kind = bytes[at] ?? 0;
    if (kind === OPTION.end) break;
    if (kind === OPTION.noOperation) {
      at++;
      continue;
    }
    const length = at + 1 < end ? (bytes[at + 1] ?? 0) : 0;
    if (length < 2 || at + length > end) break;
    if (kind === OPTION.windowScale && length === 3) scale = bytes[at + 2] ?? 0;
    if (kind === OPTION.sack) {
      blocks ??= [];
      for (let edge = at + 2; edge + 8 <= at + length; edge += 8) blocks.push(u32(bytes, edge), u32(bytes, edge + 4));
    }
    at += length;
  }
  return scale < 0 && blocks === null ? NO_OPTIONS : { scale, blocks: blocks ?? NO_BLOCKS };
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 0x1_0000 + u16(bytes, at + 2);
