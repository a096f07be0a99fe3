// The numbers that pcapng's reader and writer share, draft-ietf-opsawg-pcapng.
//
//   block:   0           4           8                              length - 4   length
//           +-----------+-----------+------------------------------+------------+
//           | type      | length    | body, options, padded to 4   | length     |
//           +-----------+-----------+------------------------------+------------+
//   option:  0       2       4
//           +-------+-------+-------------------------
//           | code  | length| value, padded to 4 …            code 0: end of options
//           +-------+-------+-------------------------

export const BLOCK = {
  section: 0x0a0d0d0a,
  interface: 1,
  simplePacket: 3,
  names: 4,
  statistics: 5,
  enhancedPacket: 6,
  decryptionSecrets: 10,
} as const;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
export const SECTION_HEADER_LENGTH = 28;
export const BLOCK_OVERHEAD = 12;

export const OPTION = {
  end: 0,
  comment: 1,
  /** Section header. */
  hardware: 2,
  os: 3,
  application: 4,
  /** Interface description. */
  interfaceName: 2,
  interfaceDescription: 3,
  timestampResolution: 9,
  timestampOffset: 14,
  /** Enhanced packet. */
  packetFlags: 2,
  /** Interface statistics. */
  received: 4,
  dropped: 5,
} as const;

/** What the records of a name resolution block hold; they have the form of options. */
export const NAME_RECORD = { ipv4: 1, ipv6: 2 } as const;

/** The two lowest bits of an enhanced packet's flags. */
export const DIRECTION = { unknown: 0, in: 1, out: 2 } as const;

/** Bytes of padding after `length` bytes. */
export const padding = (length: number): number => -length & 3;
