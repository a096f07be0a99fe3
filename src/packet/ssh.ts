// RFC 4253, Secure Shell's transport; elliptic curves: RFC 5656, groups that a server chooses: RFC 4419.
//
//   SSH-2.0-OpenSSH_9.2p1 CRLF                          how both sides begin
//    0               4       5       6
//   +---------------+-------+-------+----------
//   | length        | padd. | code  | message …, padding …     until there are keys
//   +---------------+-------+-------+----------
//   Offer: | cookie (16) | ten lists of names, each after its length (4) | a guess follows (1) | 0 (4) |
//   After "new keys" everything is encrypted.
import { FieldSink, listed } from './field.ts';
import { type FieldReader, walkFields, walkProblem } from './field-reader.ts';
import { formatText } from './format.ts';
import { LayerBase, type Problem } from './layer-base.ts';
import { plainSshPacket, SSH_HEADER, SSH_MESSAGE } from './ssh-packet.ts';

export const SSH_PORT = 22;

const LF = 0x0a;
const CR = 0x0d;
/** RFC 4253 section 4.2. */
const LONGEST_BANNER = 255;

/** Bytes of a point: of X25519, of X448, and of NIST's three curves. Other sizes are a number's, or of an exchange of two kinds in one. */
const POINT_SIZES: ReadonlySet<number> = new Set([32, 56, 65, 97, 133]);

const CURVE = 'Elliptic Curve Diffie-Hellman Key Exchange';
const NUMBERS = 'Diffie-Hellman Key Exchange';

const CODE_NAMES: Readonly<Record<number, string>> = {
  [SSH_MESSAGE.disconnect]: 'Disconnect',
  [SSH_MESSAGE.offer]: 'Key Exchange Init',
  [SSH_MESSAGE.newKeys]: 'New Keys',
  [SSH_MESSAGE.key]: 'Key Exchange',
  [SSH_MESSAGE.reply]: 'Key Exchange Reply',
  [SSH_MESSAGE.groupKey]: 'Diffie-Hellman Group Exchange Init',
  [SSH_MESSAGE.groupReply]: 'Diffie-Hellman Group Exchange Reply',
  [SSH_MESSAGE.group]: 'Diffie-Hellman Group Exchange Request',
};

const BANNER = listed('ssh.protocol', 'string', 'The version of the protocol, and the program that speaks it.');
const DIRECTION = listed('ssh.direction', 'boolean', 'From the server.');
const LENGTH = listed('ssh.packet_length', 'uint32', 'Bytes of the packet after this length.');
const PADDING_LENGTH = listed('ssh.padding_length', 'uint8', 'Bytes of padding at its end.');
const PADDING = listed('ssh.padding_string', 'bytes', 'The padding.');
const CODE = listed('ssh.message_code', 'uint8', 'What the message is.', { names: CODE_NAMES });
const COOKIE = listed('ssh.cookie', 'bytes', 'Makes this offer unlike all others.');
const GUESS = listed('ssh.first_kex_packet_follows', 'uint8', 'A key for the guess that both agree follows.');
const RESERVED = listed('ssh.kex.reserved', 'bytes', 'Reserved, zero.');

/** An offer's lists, in their order. */
const LISTS = (
  [
    ['kex_algorithms', 'Ways to agree on a key.'],
    ['server_host_key_algorithms', 'Ways in which the server may prove who it is.'],
    ['encryption_algorithms_client_to_server', 'Ciphers for what the client sends.'],
    ['encryption_algorithms_server_to_client', 'Ciphers for what the server sends.'],
    ['mac_algorithms_client_to_server', 'Ways to see that nobody changed what the client sends.'],
    ['mac_algorithms_server_to_client', 'Ways to see that nobody changed what the server sends.'],
    ['compression_algorithms_client_to_server', 'Compressions for what the client sends.'],
    ['compression_algorithms_server_to_client', 'Compressions for what the server sends.'],
    ['languages_client_to_server', 'Languages for what the client says to people.'],
    ['languages_server_to_client', 'Languages for what the server says to people.'],
  ] as const
).map(([name, about]) => ({
  length: listed(`ssh.${name}_length`, 'uint32', 'Bytes of the list that follows.'),
  names: listed(`ssh.${name}`, 'string', about),
}));

const CURVE_CLIENT_LENGTH = listed('ssh.ecdh.q_c_length', 'uint32', 'Bytes of the client’s key.');
const CURVE_CLIENT = listed('ssh.ecdh.q_c', 'bytes', 'The client’s public key for this connection.');
const CURVE_SERVER_LENGTH = listed('ssh.ecdh.q_s_length', 'uint32', 'Bytes of the server’s key.');
const CURVE_SERVER = listed('ssh.ecdh.q_s', 'bytes', 'The server’s public key for this connection.');
const NUMBER_LENGTH = listed('ssh.mpint_length', 'uint32', 'Bytes of the number that follows.');
const NUMBER_CLIENT = listed('ssh.dh.e', 'bytes', 'The client’s public key for this connection.');
const NUMBER_SERVER = listed('ssh.dh.f', 'bytes', 'The server’s public key for this connection.');
const MODULUS = listed('ssh.dh_gex.p', 'bytes', 'The prime that the server has chosen.');
const BASE = listed('ssh.dh_gex.g', 'bytes', 'The generator that goes with it.');
const LEAST = listed('ssh.dh_gex.min', 'uint32', 'The fewest bits of a prime that the client takes.');
const WANTED = listed('ssh.dh_gex.nbits', 'uint32', 'The bits that it would like.');
const MOST = listed('ssh.dh_gex.max', 'uint32', 'The most that it takes.');
const HOST_KEY_LENGTH = listed('ssh.host_key.length', 'uint32', 'Bytes of the server’s own key.');
const HOST_KEY_TYPE_LENGTH = listed('ssh.host_key.type_length', 'uint32', 'Bytes of its kind.');
const HOST_KEY_TYPE = listed('ssh.host_key.type', 'string', 'What kind of key that is: who the server is.');
const EDWARDS_KEY_LENGTH = listed('ssh.host_key.eddsa.key_length', 'uint32', 'Bytes of the key itself.');
const EDWARDS_KEY = listed('ssh.host_key.eddsa.key', 'bytes', 'The key itself, of Ed25519.');
const RSA_EXPONENT = listed('ssh.host_key.rsa.e', 'bytes', 'The key’s exponent, of RSA.');
const RSA_MODULUS = listed('ssh.host_key.rsa.n', 'bytes', 'The key’s modulus, of RSA.');
const SIGNATURE_LENGTH = listed('ssh.host_sig.length', 'uint32', 'Bytes of the signature.');
const SIGNATURE_TYPE_LENGTH = listed('ssh.host_sig.type_length', 'uint32', 'Bytes of its kind.');
const SIGNATURE_TYPE = listed('ssh.host_sig.type', 'string', 'What kind of signature proves it.');
const RSA_SIGNATURE = listed('ssh.host_sig.rsa', 'bytes', 'The signature itself, of RSA.');
const REASON = listed('ssh.disconnect_reason', 'uint32', 'Why the sender leaves.', { hex: 8 });
const REASON_LENGTH = listed('ssh.disconnect_description_length', 'uint32', 'Bytes of the reason in words.');
const REASON_TEXT = listed('ssh.disconnect_description', 'string', 'The reason in words.');
const ENCRYPTED_LENGTH = listed(
  'ssh.packet_length_encrypted',
  'bytes',
  'The length; with most ciphers, encrypted too.',
);
const ENCRYPTED = listed('ssh.encrypted_packet', 'bytes', 'What only the two ends can read.');

/**
 * True when a banner begins here; on SSH's port also when a message does, or something encrypted. The rest of an offer that began
 * in the segment before is none of these: it is all names, and of encrypted bytes some have their highest bit set.
 */
export function startsSsh(bytes: Uint8Array, at: number, end: number, onItsPort: boolean): boolean {
  if (startsBanner(bytes, at, end)) return true;
  if (!onItsPort) return false;
  return plainSshPacket(bytes, at, end) !== null || looksEncrypted(bytes, at, end);
}

function looksEncrypted(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < 8) return false;
  for (let i = at; i < end; i++) if ((bytes[i] ?? 0) >= 0x80) return true;
  return false;
}

/** "SSH-" and a digit: cheaper to compare than to decode. */
function startsBanner(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < 8 || bytes[at] !== 0x53 || bytes[at + 1] !== 0x53 || bytes[at + 2] !== 0x48) return false;
  const digit = bytes[at + 4] ?? 0;
  return bytes[at + 3] === 0x2d && digit >= 0x31 && digit <= 0x32;
}

interface Carrier extends LayerBase {
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export class SshLayer extends LayerBase {
  readonly protocol = 'ssh';
  readonly #carrier: Carrier;

  constructor(bytes: Uint8Array, offset: number, end: number, carrier: Carrier) {
    super(bytes, offset, end, carrier);
    this.#carrier = carrier;
  }

  /** All of the segment. */
  get headerLength(): number {
    return this.end - this.offset;
  }

  get isFromServer(): boolean {
    const { sourcePort, destinationPort } = this.#carrier;
    return destinationPort !== SSH_PORT && (sourcePort === SSH_PORT || sourcePort < destinationPort);
  }

  /** Version 1 has been given up; a banner of 1.99 speaks both. */
  override get column(): string | null {
    return plainSshPacket(this.bytes, this.offset, this.end) === null && !this.#says('SSH-2') ? null : 'SSHv2';
  }

  override problem(): Problem | null {
    const problem = walkProblem(this, readSsh);
    // An offer may go on in the next segment.
    return problem !== null && problem.at >= this.end && (this.parent?.declaredEnd ?? this.end) <= this.end
      ? null
      : problem;
  }

  override info(): string {
    const words: string[] = [];
    walkFields(this, (reader) => readSsh(reader, this, words), new FieldSink(''));
    return `${this.isFromServer ? 'Server' : 'Client'}: ${words.join(', ')}`;
  }

  #says(text: string): boolean {
    return formatText(this.bytes, this.offset, Math.min(text.length, this.end - this.offset)) === text;
  }

  protected override collect(sink: FieldSink): void {
    walkFields(this, readSsh, sink);
  }
}

function readSsh(reader: FieldReader, layer: SshLayer, words: string[] = []): void {
  const { bytes, offset, end } = layer;
  if (startsBanner(bytes, offset, end)) words.push(`Protocol (${readBanner(reader)})`);
  while (reader.left > 0) {
    const packet = plainSshPacket(bytes, offset + reader.at, end);
    if (packet === null) {
      words.push(`Encrypted packet (len=${reader.left})`);
      reader.bytes(ENCRYPTED_LENGTH, Math.min(4, reader.left));
      if (reader.left > 0) reader.bytes(ENCRYPTED, reader.left);
      break;
    }
    reader.number(LENGTH);
    const padding = reader.number(PADDING_LENGTH);
    const code = reader.number(CODE);
    const place = words.push(CODE_NAMES[code] ?? '') - 1;
    const here = Math.min(packet.bodyLength, reader.left);
    const name = readMessage(code, reader.part(here, 'SSH message'), here < packet.bodyLength);
    if (name !== null) words[place] = name;
    if (here < packet.bodyLength || reader.left < padding) {
      reader.skip(packet.size - SSH_HEADER - here, 'SSH packet');
      break;
    }
    reader.bytes(PADDING, padding);
  }
  reader.put(DIRECTION, 0, 0, layer.isFromServer);
}

/** Gives the line without its end. */
function readBanner(reader: FieldReader): string {
  const { layer, at } = reader;
  const line = layer.view(at, Math.min(reader.left, LONGEST_BANNER));
  const lf = line.indexOf(LF);
  const end = lf < 0 ? line.length : lf;
  const length = lf > 0 && line[lf - 1] === CR ? lf - 1 : end;
  const text = formatText(line, 0, length);
  reader.put(BANNER, at, length, text);
  reader.skip(lf < 0 ? line.length : lf + 1, BANNER.name);
  return text;
}

/** Gives what the message is called, where its code does not say. */
function readMessage(code: number, message: FieldReader, goesOn: boolean): string | null {
  switch (code) {
    case SSH_MESSAGE.disconnect:
      message.number(REASON);
      message.text(REASON_TEXT, message.number(REASON_LENGTH));
      return null;
    case SSH_MESSAGE.offer:
      readOffer(message, goesOn);
      return null;
    case SSH_MESSAGE.key:
      return `${readKey(message, CURVE_CLIENT_LENGTH, CURVE_CLIENT, NUMBER_CLIENT)} Init`;
    case SSH_MESSAGE.reply:
      if (isGroup(message)) {
        message.bytes(MODULUS, message.number(NUMBER_LENGTH));
        message.bytes(BASE, message.number(NUMBER_LENGTH));
        return 'Diffie-Hellman Group Exchange Group';
      }
      return `${readReply(message)} Reply`;
    case SSH_MESSAGE.groupKey:
      message.bytes(NUMBER_CLIENT, message.number(NUMBER_LENGTH));
      return null;
    case SSH_MESSAGE.groupReply:
      readReply(message);
      return null;
    case SSH_MESSAGE.group:
      message.number(LEAST);
      message.number(WANTED);
      message.number(MOST);
      return null;
    default:
      return null;
  }
}

function readOffer(message: FieldReader, goesOn: boolean): void {
  message.bytes(COOKIE, 16);
  for (const { length, names } of LISTS) {
    if (goesOn && (message.left < 4 || message.peek(4) > message.left - 4)) return;
    const size = message.number(length);
    if (size > 0) message.text(names, size);
  }
  if (goesOn && message.left < 5) return;
  message.number(GUESS);
  message.bytes(RESERVED, 4);
}

/** Two strings rather than three. */
function isGroup(message: FieldReader): boolean {
  const first = message.peek(4);
  const second = message.at + 4 + first;
  return second + 4 + message.layer.u32(second) === message.end;
}

function readReply(message: FieldReader): string {
  const key = message.part(message.number(HOST_KEY_LENGTH), 'host key');
  const kind = key.left >= 4 ? key.text(HOST_KEY_TYPE, key.number(HOST_KEY_TYPE_LENGTH)) : '';
  if (kind === 'ssh-ed25519' && key.left >= 4) key.bytes(EDWARDS_KEY, key.number(EDWARDS_KEY_LENGTH));
  if (kind === 'ssh-rsa' && key.left >= 8) {
    key.bytes(RSA_EXPONENT, key.number(NUMBER_LENGTH));
    if (key.left >= 4) key.bytes(RSA_MODULUS, key.number(NUMBER_LENGTH));
  }
  const name = readKey(message, CURVE_SERVER_LENGTH, CURVE_SERVER, NUMBER_SERVER);
  const signature = message.part(message.number(SIGNATURE_LENGTH), 'signature');
  const signed = signature.left >= 4 ? signature.text(SIGNATURE_TYPE, signature.number(SIGNATURE_TYPE_LENGTH)) : '';
  if (signed === 'ssh-rsa' && signature.left >= 4) signature.bytes(RSA_SIGNATURE, signature.number(NUMBER_LENGTH));
  return name;
}

/** Whether these are a curve's point or a number, only the offers say; their sizes differ. Gives the exchange's name. */
function readKey(
  message: FieldReader,
  curveLength: typeof LENGTH,
  curve: typeof BANNER,
  number: typeof BANNER,
): string {
  const size = message.peek(4);
  const isPoint = POINT_SIZES.has(size);
  message.bytes(isPoint ? curve : number, message.number(isPoint ? curveLength : NUMBER_LENGTH));
  return isPoint ? CURVE : NUMBERS;
}
