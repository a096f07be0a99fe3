// TCP options, RFC 9293 section 3.2: a kind, and for all but two of them a length that counts the kind and itself.
//
//   kind 2, length 4: maximum segment size (RFC 9293)       kind 4, length 2: SACK permitted (RFC 2018)
//   kind 3, length 3: window scale (RFC 7323)               kind 5: SACK blocks of 8 bytes (RFC 2018)
//   kind 8, length 10: timestamps (RFC 7323)                kinds 0 and 1: end of list, and padding
import type { FieldSink, FieldValue } from './field.ts';
import { formatHex } from './format.ts';
import type { LayerBase } from './layer-base.ts';

const FIXED_LENGTH = 20;

export const OPTION = {
  end: 0,
  noOperation: 1,
  maximumSegmentSize: 2,
  windowScale: 3,
  sackPermitted: 4,
  sack: 5,
  timestamps: 8,
} as const;

const KIND_NAMES: Readonly<Record<number, string>> = {
  0: 'End of Option List',
  1: 'No-Operation',
  2: 'Maximum Segment Size',
  3: 'Window Scale',
  4: 'SACK Permitted',
  5: 'SACK',
  8: 'Time Stamp Option',
  19: 'MD5 Signature Option',
  28: 'User Timeout Option',
  30: 'Multipath TCP',
  34: 'TCP Fast Open',
};

interface TcpOption {
  readonly kind: number;
  /** Bytes from the layer's first byte. */
  readonly at: number;
  readonly length: number;
}

/** The options that are whole; what follows a broken one cannot be found, so the list ends there. */
function tcpOptions(layer: LayerBase): TcpOption[] {
  const options: TcpOption[] = [];
  const end = layer.length;
  for (let at = FIXED_LENGTH; at < end; ) {
    const kind = layer.u8(at);
    const single = kind === OPTION.end || kind === OPTION.noOperation;
    const length = single ? 1 : layer.u8(at + 1);
    if (length < (single ? 1 : 2) || at + length > end) break;
    options.push({ kind, at, length });
    if (kind === OPTION.end) break;
    at += length;
  }
  return options;
}

/** TSval and TSecr (RFC 7323 section 3.2); null where there are none. */
export function timestampsOf(layer: LayerBase): { readonly value: number; readonly echo: number } | null {
  // As Linux writes it in all but a SYN: two NOPs, then the option. Most packets need no list.
  if (layer.u32(FIXED_LENGTH) === ALIGNED_TIMESTAMPS && layer.length >= FIXED_LENGTH + 12)
    return { value: layer.u32(FIXED_LENGTH + 4), echo: layer.u32(FIXED_LENGTH + 8) };
  if (layer.length <= FIXED_LENGTH) return null;
  const option = tcpOptions(layer).find(({ kind, length }) => kind === OPTION.timestamps && length === 10);
  return option === undefined ? null : { value: layer.u32(option.at + 2), echo: layer.u32(option.at + 6) };
}

const ALIGNED_TIMESTAMPS = 0x0101080a;

/** @param base the sequence number that SACK's edges are counted from */
export function collectTcpOptions(layer: LayerBase, base: number, sink: FieldSink): void {
  if (layer.length <= FIXED_LENGTH || (sink.want !== null && !sink.want.startsWith('tcp.option'))) return;
  const add = (
    name: string,
    about: string,
    at: number,
    length: number,
    value: FieldValue,
    shown: string,
    meaning = '',
  ): void => sink.add({ name, about, offset: layer.offset + at, length, value, shown, meaning });
  const number = (name: string, about: string, at: number, size: 1 | 2 | 4, base = 0): void => {
    const value = (layer.uint(at, size) - base) >>> 0;
    add(name, about, at, size, value, String(value));
  };
  const size = layer.length - FIXED_LENGTH;
  if (sink.wants('tcp.options')) {
    const all = formatHex(layer.bytes, layer.offset + FIXED_LENGTH, size);
    add(
      'tcp.options',
      'Everything between the fixed header and the data.',
      FIXED_LENGTH,
      size,
      layer.view(FIXED_LENGTH, size),
      all,
    );
  }
  for (const { kind, at, length } of tcpOptions(layer)) {
    add('tcp.option_kind', 'Which option.', at, 1, kind, String(kind), KIND_NAMES[kind] ?? '');
    if (kind !== OPTION.end && kind !== OPTION.noOperation)
      add('tcp.option_len', 'Bytes of the option.', at + 1, 1, length, String(length));
    if (kind === OPTION.maximumSegmentSize && length === 4) {
      number('tcp.options.mss_val', 'The most data that the sender takes in one segment.', at + 2, 2);
    } else if (kind === OPTION.windowScale && length === 3) {
      number('tcp.options.wscale.shift', 'The sender’s windows are to be shifted left by this many bits.', at + 2, 1);
      const multiplier = 2 ** Math.min(layer.u8(at + 2), 14); // RFC 7323 section 2.3 caps the shift at 14
      add(
        'tcp.options.wscale.multiplier',
        'The sender’s windows are to be multiplied by this.',
        at + 2,
        0,
        multiplier,
        String(multiplier),
      );
    } else if (kind === OPTION.timestamps && length === 10) {
      number('tcp.options.timestamp.tsval', 'The sender’s clock.', at + 2, 4);
      number(
        'tcp.options.timestamp.tsecr',
        'The last clock value received: tells the other side the round trip.',
        at + 6,
        4,
      );
    } else if (kind === OPTION.sack) {
      for (let block = at + 2; block + 8 <= at + length; block += 8) {
        number('tcp.options.sack_le', 'First byte of a block that has arrived out of order.', block, 4, base);
        number('tcp.options.sack_re', 'First byte after that block.', block + 4, 4, base);
      }
    }
  }
}

/** What Wireshark puts after "Len=" in the Info column. */
export function tcpOptionsInfo(layer: LayerBase, base: number): string {
  if (layer.length <= FIXED_LENGTH) return '';
  let text = '';
  for (const { kind, at, length } of tcpOptions(layer)) {
    if (kind === OPTION.maximumSegmentSize && length === 4) text += ` MSS=${layer.u16(at + 2)}`;
    else if (kind === OPTION.windowScale && length === 3) text += ` WS=${2 ** Math.min(layer.u8(at + 2), 14)}`;
    else if (kind === OPTION.sackPermitted) text += ' SACK_PERM';
    else if (kind === OPTION.timestamps && length === 10)
      text += ` TSval=${layer.u32(at + 2)} TSecr=${layer.u32(at + 6)}`;
    else if (kind === OPTION.sack)
      for (let block = at + 2; block + 8 <= at + length; block += 8)
        text += ` SLE=${(layer.u32(block) - base) >>> 0} SRE=${(layer.u32(block + 4) - base) >>> 0}`;
  }
  return text;
}
