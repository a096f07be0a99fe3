// WireGuard, https://www.wireguard.com/protocol and its white paper, section 5.4. Numbers are little-endian.
//
//    0       1               4               8
//   +-------+---------------+---------------+---------------------------------------------------------------
//   | 1     | 0             | sender        | ephemeral key (32) | static key (48) | time (28) | MACs (16, 16)
//   +-------+---------------+---------------+---------------+-----------------------------------------------
//   | 2     | 0             | sender        | receiver      | ephemeral key (32) | nothing (16) | MACs (16, 16)
//   +-------+---------------+---------------+---------------+-----------------------------------------------
//   | 3     | 0             | receiver      | nonce (24) | cookie (32)
//   +-------+---------------+---------------+---------------------------------------------------------------
//   | 4     | 0             | receiver      | counter (8) | packet (16 more than it has) …
//   +-------+---------------+---------------+---------------------------------------------------------------
//   Sender and receiver are numbers that each side gives the session. Everything else of interest is encrypted.
import { toBase64 } from '../basics/base64.ts';
import { addBytes, derived, type FieldDef, type FieldSink, FieldTable, listed, readTable } from './field.ts';
import { LayerBase, type Problem } from './layer-base.ts';

const TYPE = 0;
const INDEX = 4;
const RESPONSE_RECEIVER = 8;
const COUNTER = 8;
const PACKET = 16;
const KEY_LENGTH = 32;
/** What encryption adds to a packet: a keepalive is nothing else (Poly1305's tag). */
const TAG_LENGTH = 16;

const INITIATION = 1;
const RESPONSE = 2;
const COOKIE = 3;
const DATA = 4;

/** Bytes of each kind of message; of data at least. */
const LENGTHS: Readonly<Record<number, number>> = {
  [INITIATION]: 148,
  [RESPONSE]: 92,
  [COOKIE]: 64,
  [DATA]: PACKET + TAG_LENGTH,
};

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [INITIATION]: 'Handshake Initiation',
  [RESPONSE]: 'Handshake Response',
  [COOKIE]: 'Cookie Reply',
  [DATA]: 'Transport Data',
};

const RECEIVER_ABOUT = 'The number that the receiver gave the session.';

/** An index at `at`, in messages of some types. */
const index = (name: string, at: number, about: string, types: readonly number[]): FieldDef<WireguardLayer> =>
  derived(name, at, 4, about, (layer) => (types.includes(layer.type) ? layer.indexAt(at) : undefined), {
    type: 'uint32',
    hex: 8,
  });

/** Where the ephemeral key stands in the two messages that have one. */
const keyAt = (type: number): number | null => (type === INITIATION ? 8 : type === RESPONSE ? 12 : null);

const FIELDS = new FieldTable<WireguardLayer>([
  derived('wg.type', TYPE, 1, 'What the message is.', (layer) => layer.type, { type: 'uint8', names: TYPE_NAMES }),
  derived('wg.reserved', 1, 3, 'Reserved, zero.', (layer) => layer.view(1, 3), { type: 'bytes' }),
  index('wg.sender', INDEX, 'The number that the sender gives the session.', [INITIATION, RESPONSE]),
  index('wg.receiver', INDEX, RECEIVER_ABOUT, [COOKIE, DATA]),
  index('wg.receiver', RESPONSE_RECEIVER, RECEIVER_ABOUT, [RESPONSE]),
]);

const EPHEMERAL = listed('wg.ephemeral', 'string', 'A public key for this session alone, as base64.');
const MAC_1 = listed('wg.mac1', 'bytes', 'Proves that the sender knows the receiver’s public key.');
const MAC_2 = listed('wg.mac2', 'bytes', 'Proves that the sender got a cookie; zero without one.');
const NONCE = listed('wg.nonce', 'bytes', 'Makes this encryption unlike all others.');
const ENCRYPTED_COOKIE = listed('wg.encrypted_cookie', 'bytes', 'What a loaded receiver asks the sender to show.');
const COUNTER_FIELD = listed(
  'wg.counter',
  'uint64',
  'Counts the packets of the session, so that none can be sent again by somebody else.',
);

/**
 * True when these bytes can only be WireGuard's: a type, three zeros and exactly that type's length. It has no port of its own.
 * Data look like many other things and need a port that is known.
 */
export function provesWireguard(bytes: Uint8Array, at: number, end: number): boolean {
  const type = bytes[at] ?? 0;
  if (type < INITIATION || type > COOKIE) return false;
  return end - at === LENGTHS[type] && bytes[at + 1] === 0 && bytes[at + 2] === 0 && bytes[at + 3] === 0;
}

/** The same for a port that is WireGuard's: data too, and what the capture cut off. */
export function startsWireguard(bytes: Uint8Array, at: number, end: number): boolean {
  const type = bytes[at] ?? 0;
  return (
    type >= INITIATION &&
    type <= DATA &&
    end - at >= 4 &&
    ((bytes[at + 1] ?? 0) | (bytes[at + 2] ?? 0) | (bytes[at + 3] ?? 0)) === 0
  );
}

export class WireguardLayer extends LayerBase {
  readonly protocol = 'wg';

  /** The whole message: what is inside it, nobody without the keys can say. */
  get headerLength(): number {
    return Math.max(this.end - this.offset, LENGTHS[this.type] ?? 0);
  }

  get type(): number {
    return this.u8(TYPE);
  }

  /** The session's number at `at` bytes into the message. */
  indexAt(at: number): number {
    return ((this.u8(at + 3) << 24) | (this.u8(at + 2) << 16) | (this.u8(at + 1) << 8) | this.u8(at)) >>> 0;
  }

  override problem(): Problem | null {
    const wanted = LENGTHS[this.type];
    const there = this.end - this.offset;
    if (wanted !== undefined && this.type !== DATA && there > wanted)
      return { at: this.offset, reason: `WireGuard ${TYPE_NAMES[this.type]} of ${there} bytes, must be ${wanted}` };
    return super.problem();
  }

  override info(): string {
    const { type } = this;
    const first = hexadecimal(this.indexAt(INDEX));
    const name = TYPE_NAMES[type] ?? '';
    if (type === INITIATION) return `${name}, sender=${first}`;
    if (type === RESPONSE) return `${name}, sender=${first}, receiver=${hexadecimal(this.indexAt(RESPONSE_RECEIVER))}`;
    if (type === COOKIE) return `${name}, receiver=${first}`;
    const carried = this.carriedLength;
    const about = `receiver=${first}, counter=${this.counter}`;
    return carried === 0 ? `Keepalive, ${about}` : `${name}, ${about}, datalen=${carried}`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
    const { type, offset } = this;
    const key = keyAt(type);
    if (key !== null && sink.wants(EPHEMERAL.name) && this.has(key, KEY_LENGTH)) {
      const text = toBase64(this.view(key, KEY_LENGTH));
      sink.add({ ...EPHEMERAL, offset: offset + key, length: KEY_LENGTH, value: text, shown: text, meaning: '' });
    }
    const length = LENGTHS[type] ?? 0;
    if (key !== null) {
      this.#bytes(MAC_1, length - 32, 16, sink);
      this.#bytes(MAC_2, length - 16, 16, sink);
    } else if (type === COOKIE) {
      this.#bytes(NONCE, 8, 24, sink);
      this.#bytes(ENCRYPTED_COOKIE, 32, 32, sink);
    } else if (type === DATA && sink.wants(COUNTER_FIELD.name) && this.has(COUNTER, 8)) {
      const { counter } = this;
      const { name, about } = COUNTER_FIELD;
      sink.add({
        name,
        about,
        offset: offset + COUNTER,
        length: 8,
        value: Number(counter),
        shown: String(counter),
        meaning: '',
      });
    }
  }

  #bytes(
    { name, about }: { readonly name: string; readonly about: string },
    at: number,
    length: number,
    sink: FieldSink,
  ): void {
    if (this.has(at, length)) addBytes(this, name, about, at, this.offset + at + length, sink);
  }

  private get counter(): bigint {
    return (BigInt(this.indexAt(COUNTER + 4)) << 32n) | BigInt(this.indexAt(COUNTER));
  }

  /** Bytes of the packet inside as it was sent, which may be more than were captured. */
  private get carriedLength(): number {
    return Math.max((this.parent?.declaredEnd ?? this.end) - this.offset - PACKET - TAG_LENGTH, 0);
  }
}

const hexadecimal = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(8, '0')}`;
