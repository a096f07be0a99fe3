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
  /** Obsolete since 2004, and still in old files: its interface's number has 16 bits. */
  packet: 2,
  simplePacket: 3,
  names: 4,
  statistics: 5,
  enhancedPacket: 6,
  decryptionSecrets: 10,
  /** Of whoever the enterprise number in front says; the second kind is not to be copied by programs that change the packets. */
  custom: 0x0bad,
  customNoCopy: 0x4000_0bad,
  /**
   * What Lockstep knows besides the packets (recording/notes/note.ts). A type with the highest bit set is for local use (section 11.1 of the
   * draft): Wireshark, tshark, editcap and mergecap pass over it, while they list a custom block as if it were a packet.
   */
  lockstep: 0x8000_4c53,
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
  /** Enhanced packet, and the obsolete one. */
  packetFlags: 2,
  /** Enhanced packet: packets lost between this one and the one before it of the same interface, 64 bits. */
  dropCount: 4,
  /** Interface statistics. */
  received: 4,
  dropped: 5,
} as const;

/** In words, what a block holds that is left out: some programs list it among packets, as Wireshark does a journal's entries. */
export function otherBlock(type: number): string {
  const number = `0x${type.toString(16).padStart(8, '0')}`;
  const words =
    type === 9
      ? 'entries of a systemd journal'
      : type >= 0x101 && type <= 0x103
        ? 'packets of sockets, by the Hone project'
        : type >= 0x201 && type <= 0x2ff
          ? 'events of Sysdig'
          : type === BLOCK.custom || type === BLOCK.customNoCopy
            ? 'what some program keeps for itself, in custom blocks'
            : type === 0x8000_0001
              ? 'processes of macOS'
              : 'a kind of block that is not known here';
  return `${words} (type ${number})`;
}

/** What the records of a name resolution block hold; they have the form of options. */
export const NAME_RECORD = { ipv4: 1, ipv6: 2 } as const;

/** The two lowest bits of an enhanced packet's flags. */
export const DIRECTION = { unknown: 0, in: 1, out: 2 } as const;

/** Bytes of padding after `length` bytes. */
export const padding = (length: number): number => -length & 3;
