// TLS handshake messages, RFC 8446 section 4 (and RFC 5246 section 7.4): the hellos in full, the certificates as bytes.
//
//    0       1                       4
//   +-------+-----------------------+----------
//   | type  | length                | body …
//   +-------+-----------------------+----------
//   hello:      | version (2) | random (32) | session (1 + …) | ciphers (2 + …, or one) | compressions (1 + …, or one) | extensions (2 + …)
//   extension:  | type (2) | length (2) | value …
//   Server name: RFC 6066 section 3; protocols (ALPN): RFC 7301.
import { listed } from './field.ts';
import type { FieldReader } from './field-reader.ts';
import { CIPHER_NAMES, EXTENSION_NAMES, GROUP_NAMES, SIGNATURE_NAMES, TLS_VERSION_NAMES } from './tls-numbers.ts';

const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const SERVER_KEY_EXCHANGE = 12;
/** Of the kinds of key exchange, the one that says so itself; it is the one that is used (RFC 8422 section 5.4). */
const NAMED_CURVE = 3;

const TYPE_NAMES: Readonly<Record<number, string>> = {
  0: 'Hello Request',
  [CLIENT_HELLO]: 'Client Hello',
  [SERVER_HELLO]: 'Server Hello',
  4: 'New Session Ticket',
  8: 'Encrypted Extensions',
  [CERTIFICATE]: 'Certificate',
  [SERVER_KEY_EXCHANGE]: 'Server Key Exchange',
  13: 'Certificate Request',
  14: 'Server Hello Done',
  15: 'Certificate Verify',
  16: 'Client Key Exchange',
  20: 'Finished',
  22: 'Certificate Status',
  24: 'Key Update',
};

const handshake = (name: string): string => `tls.handshake.${name}`;
const TYPE = listed(handshake('type'), 'uint8', 'What the message is.', { names: TYPE_NAMES });
const LENGTH = listed(handshake('length'), 'uint24', 'Bytes of the message.');
const VERSION = listed(handshake('version'), 'uint16', 'TLS 1.2 at most: newer versions are named in an extension.', {
  hex: 4,
  names: TLS_VERSION_NAMES,
});
const RANDOM = listed(handshake('random'), 'bytes', 'Makes the keys of every connection different.');
const SESSION_LENGTH = listed(handshake('session_id_length'), 'uint16', 'Bytes of the session’s number.');
const SESSION = listed(handshake('session_id'), 'bytes', 'An earlier session to go on with; in TLS 1.3 nothing.');
const CIPHERS_LENGTH = listed(handshake('cipher_suites_length'), 'uint16', 'Bytes of the list of ciphers.');
const CIPHER = listed(
  handshake('ciphersuite'),
  'uint16',
  'A way to encrypt that the client offers or the server chose.',
  {
    hex: 4,
    names: CIPHER_NAMES,
  },
);
const COMPRESSIONS_LENGTH = listed(handshake('comp_methods_length'), 'uint8', 'Bytes of the list of compressions.');
const COMPRESSION = listed(handshake('comp_method'), 'uint8', 'Always 0, none: compression gives secrets away.');
const EXTENSIONS_LENGTH = listed(handshake('extensions_length'), 'uint16', 'Bytes of the extensions.');
const EXTENSION = listed(handshake('extension.type'), 'uint16', 'Which extension.', { names: EXTENSION_NAMES });
const EXTENSION_LENGTH = listed(handshake('extension.len'), 'uint16', 'Bytes of what it says.');
const NAMES_LENGTH = listed(handshake('extensions_server_name_list_len'), 'uint16', 'Bytes of the list of names.');
const NAME_TYPE = listed(handshake('extensions_server_name_type'), 'uint8', 'Always 0, a host’s name.');
const NAME_LENGTH = listed(handshake('extensions_server_name_len'), 'uint16', 'Bytes of the name.');
const NAME = listed(
  handshake('extensions_server_name'),
  'string',
  'The server that the client wants (SNI): the one thing about it that is sent in the clear.',
);
const PROTOCOLS_LENGTH = listed(handshake('extensions_alpn_len'), 'uint16', 'Bytes of the list of protocols.');
const PROTOCOL_LENGTH = listed(handshake('extensions_alpn_str_len'), 'uint8', 'Bytes of the protocol’s name.');
const PROTOCOL = listed(handshake('extensions_alpn_str'), 'string', 'A protocol to speak inside: h2 is HTTP/2.');
const GROUPS_LENGTH = listed(handshake('extensions_supported_groups_length'), 'uint16', 'Bytes of the list of groups.');
const GROUP = listed(
  handshake('extensions_supported_group'),
  'uint16',
  'A kind of key exchange that the client knows.',
  {
    hex: 4,
    names: GROUP_NAMES,
  },
);
const SIGNATURES_LENGTH = listed(handshake('sig_hash_alg_len'), 'uint16', 'Bytes of the list of signatures.');
const SIGNATURE = listed(
  handshake('sig_hash_alg'),
  'uint16',
  'A kind of signature that the sender can check, or has used.',
  {
    hex: 4,
    names: SIGNATURE_NAMES,
  },
);
const VERSIONS_LENGTH = listed(
  handshake('extensions.supported_versions_len'),
  'uint8',
  'Bytes of the list of versions.',
);
const SUPPORTED = listed(handshake('extensions.supported_version'), 'uint16', 'A version that the sender speaks.', {
  hex: 4,
  names: TLS_VERSION_NAMES,
});
const SHARES_LENGTH = listed(
  handshake('extensions_key_share_client_length'),
  'uint16',
  'Bytes of the client’s shares.',
);
const SHARE_GROUP = listed(handshake('extensions_key_share_group'), 'uint16', 'Which kind of key exchange.', {
  names: GROUP_NAMES,
});
const SHARE_LENGTH = listed(handshake('extensions_key_share_key_exchange_length'), 'uint16', 'Bytes of the share.');
const SHARE = listed(handshake('extensions_key_share_key_exchange'), 'bytes', 'The sender’s public half of the key.');
const CERTIFICATES_LENGTH = listed(handshake('certificates_length'), 'uint24', 'Bytes of the certificates.');
const CERTIFICATE_LENGTH = listed(handshake('certificate_length'), 'uint24', 'Bytes of the certificate.');
const CERTIFICATE_BYTES = listed(handshake('certificate'), 'bytes', 'Says who the sender is, signed by somebody else.');
const CURVE_TYPE = listed(handshake('server_curve_type'), 'uint8', 'Says that a curve with a name follows.', {
  hex: 2,
});
const CURVE = listed(handshake('server_named_curve'), 'uint16', 'The kind of key exchange that the server chose.', {
  hex: 4,
  names: GROUP_NAMES,
});
const POINT_LENGTH = listed(handshake('server_point_len'), 'uint8', 'Bytes of the server’s half.');
const POINT = listed(handshake('server_point'), 'bytes', 'The server’s public half of the key.');
const SIGNED_LENGTH = listed(handshake('sig_len'), 'uint16', 'Bytes of the signature.');
const SIGNED = listed(handshake('sig'), 'bytes', 'Proves that it is from the owner of the certificate.');

/**
 * The name of a message whose first four bytes are `head`, in a record of `room` bytes; null when there can be none, because
 * the record is encrypted. (A message may go on in the next record, but only certificates are that long.)
 */
export function handshakeName(head: number, room: number): string | null {
  const type = head >>> 24;
  return 4 + (head & 0xffffff) <= room || type === CERTIFICATE ? (TYPE_NAMES[type] ?? null) : null;
}

/** Reads the messages of a record of `room` bytes. @param names are filled in: what the messages are called */
export function readHandshake(record: FieldReader, room: number, names: string[]): void {
  const end = record.at + room;
  while (record.at < end) {
    const name = handshakeName(record.peek(4), end - record.at);
    if (name === null) {
      record.skip(end - record.at, 'handshake message');
      return;
    }
    names.push(name);
    const type = record.number(TYPE);
    const length = Math.min(record.number(LENGTH), end - record.at);
    const here = Math.min(length, record.left);
    readMessage(type, here < length ? record : record.part(length, name));
    if (here < length) record.skip(length, name);
  }
}

function readMessage(type: number, body: FieldReader): void {
  if (type === CLIENT_HELLO) {
    readHelloStart(body);
    const ciphers = list(body, CIPHERS_LENGTH);
    while (ciphers.left > 0) ciphers.number(CIPHER);
    const compressions = list(body, COMPRESSIONS_LENGTH);
    while (compressions.left > 0) compressions.number(COMPRESSION);
    readExtensions(body, type);
  } else if (type === SERVER_HELLO) {
    readHelloStart(body);
    body.number(CIPHER);
    body.number(COMPRESSION);
    readExtensions(body, type);
  } else if (type === CERTIFICATE) {
    readCertificates(body);
  } else if (type === SERVER_KEY_EXCHANGE && body.peek(1) === NAMED_CURVE) {
    readCurveExchange(body);
  }
}

/** What a length of its own says the size of. */
const list = (reader: FieldReader, length: typeof LENGTH): FieldReader =>
  reader.part(reader.number(length), length.name);

function readHelloStart(body: FieldReader): void {
  body.number(VERSION);
  body.bytes(RANDOM, 32);
  const length = body.number(SESSION_LENGTH, 1);
  if (length > 0) body.bytes(SESSION, length);
}

function readExtensions(body: FieldReader, type: number): void {
  if (body.left === 0) return;
  const extensions = list(body, EXTENSIONS_LENGTH);
  while (extensions.left > 0) {
    const extension = extensions.number(EXTENSION);
    readExtension(extension, list(extensions, EXTENSION_LENGTH), type);
  }
}

function readExtension(extension: number, value: FieldReader, type: number): void {
  if (value.left === 0) return;
  switch (extension) {
    case 0: {
      const names = list(value, NAMES_LENGTH);
      while (names.left > 0) {
        names.number(NAME_TYPE);
        names.text(NAME, names.number(NAME_LENGTH));
      }
      return;
    }
    case 10: {
      const groups = list(value, GROUPS_LENGTH);
      while (groups.left > 0) groups.number(GROUP);
      return;
    }
    case 13: {
      const signatures = list(value, SIGNATURES_LENGTH);
      while (signatures.left > 0) signatures.number(SIGNATURE);
      return;
    }
    case 16: {
      const protocols = list(value, PROTOCOLS_LENGTH);
      while (protocols.left > 0) protocols.text(PROTOCOL, protocols.number(PROTOCOL_LENGTH));
      return;
    }
    case 43: {
      const versions = type === CLIENT_HELLO ? list(value, VERSIONS_LENGTH) : value;
      while (versions.left > 0) versions.number(SUPPORTED);
      return;
    }
    case 51: {
      const shares = type === CLIENT_HELLO ? list(value, SHARES_LENGTH) : value;
      while (shares.left >= 4) {
        shares.number(SHARE_GROUP);
        shares.bytes(SHARE, shares.number(SHARE_LENGTH));
      }
    }
  }
}

function readCurveExchange(body: FieldReader): void {
  body.number(CURVE_TYPE);
  body.number(CURVE);
  body.bytes(POINT, body.number(POINT_LENGTH));
  if (body.left === 0) return;
  body.number(SIGNATURE);
  body.bytes(SIGNED, body.number(SIGNED_LENGTH));
}

function readCertificates(body: FieldReader): void {
  if (body.left === 0) return;
  const certificates = list(body, CERTIFICATES_LENGTH);
  while (certificates.left > 0) certificates.bytes(CERTIFICATE_BYTES, certificates.number(CERTIFICATE_LENGTH));
}
