// IPv4 packets written by hand, for what lies inside them. Checksums are left out: nobody looks at them.

/** Hexadecimal digits as bytes; blanks are for the reader. */
export const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));

const u16 = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value & 0xff);

/** From 10.0.0.1 to 10.0.0.2; a capture's link type 228. */
export function inIpv4(
  protocol: number,
  payload: Uint8Array,
  odd: { readonly length?: number; readonly flags?: number } = {},
): Uint8Array {
  const length = odd.length ?? 20 + payload.length;
  return Uint8Array.from([
    ...[0x45, 0, ...u16(length), 0, 1, ...u16(odd.flags ?? 0), 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
    ...payload,
  ]);
}

export const inUdp = (
  source: number,
  destination: number,
  payload: Uint8Array,
  length = 8 + payload.length,
): Uint8Array => inIpv4(17, Uint8Array.from([...u16(source), ...u16(destination), ...u16(length), 0, 0, ...payload]));

export const inTcp = (source: number, destination: number, payload: Uint8Array): Uint8Array =>
  inIpv4(
    6,
    Uint8Array.from([
      ...[...u16(source), ...u16(destination), 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 1, 0xf6, 0, 0, 0, 0],
      ...payload,
    ]),
  );
