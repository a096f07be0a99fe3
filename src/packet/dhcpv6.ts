// RFC 8415, DHCP for IPv6: how a machine gets an address, a router a network to give out, and both the DNS servers.
//
//    0       1               4
//   +-------+---------------+----------
//   | type  | transaction   | options …
//   +-------+---------------+----------
//    0       1       2                               18                              34
//   +-------+-------+-------------------------------+-------------------------------+----------
//   | 12, 13| hops  | link’s address                | the other side’s address      | options …      between relays and servers
//   +-------+-------+-------------------------------+-------------------------------+----------
import { type Dhcpv6Facts, readDhcpv6Options } from './dhcpv6-options.ts';
import { FieldSink, listed } from './field.ts';
import { type FieldReader, walkFields, walkProblem } from './field-reader.ts';
import { formatHexNumber } from './format.ts';
import { LayerBase, type Problem } from './layer-base.ts';

const RELAY_FORWARD = 12;
const RELAY_REPLY = 13;
const MESSAGE_HEADER = 4;
const RELAY_HEADER = 34;

export const DHCPV6_PORTS: readonly number[] = [546, 547];

const TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'Solicit',
  2: 'Advertise',
  3: 'Request',
  4: 'Confirm',
  5: 'Renew',
  6: 'Rebind',
  7: 'Reply',
  8: 'Release',
  9: 'Decline',
  10: 'Reconfigure',
  11: 'Information-request',
  12: 'Relay-forw',
  13: 'Relay-reply',
  14: 'Leasequery',
  15: 'Leasequery-reply',
  16: 'Leasequery-done',
  17: 'Leasequery-data',
  18: 'Reconfigure-request',
  19: 'Reconfigure-reply',
};

/** What servers send to clients. */
const OF_SERVERS: ReadonlySet<number> = new Set([2, 7, 10, 15]);

const TYPE = listed('dhcpv6.msgtype', 'uint8', 'What the message is.', { names: TYPE_NAMES });
const TRANSACTION = listed('dhcpv6.xid', 'uint24', 'Which question an answer belongs to.', { hex: 6 });
const HOPS = listed('dhcpv6.hopcount', 'uint8', 'Relays that the message has passed.');
const LINK = listed('dhcpv6.linkaddr', 'ipv6', 'An address of the link that the client is on.');
const PEER = listed('dhcpv6.peeraddr', 'ipv6', 'Whom the relay had the message from.');

export class Dhcpv6Layer extends LayerBase {
  readonly protocol = 'dhcpv6';

  /** The whole message: nothing is inside it. */
  get headerLength(): number {
    const isRelayed = this.u8(0) === RELAY_FORWARD || this.u8(0) === RELAY_REPLY;
    return Math.max(this.end - this.offset, isRelayed ? RELAY_HEADER : MESSAGE_HEADER);
  }

  override problem(): Problem | null {
    return super.problem() ?? walkProblem(this, (reader) => readMessage(reader, 0, { words: [] }));
  }

  override info(): string {
    const facts: Dhcpv6Facts = { words: [] };
    walkFields(this, (reader) => readMessage(reader, 0, facts), new FieldSink(''));
    return facts.words.join('');
  }

  protected override collect(sink: FieldSink): void {
    walkFields(this, (reader) => readMessage(reader, 0, { words: [] }), sink);
  }
}

function readMessage(reader: FieldReader, depth: number, facts: Dhcpv6Facts): void {
  const type = reader.number(TYPE);
  const name = TYPE_NAMES[type] ?? `Message Type ${type}`;
  if (type === RELAY_FORWARD || type === RELAY_REPLY) {
    reader.number(HOPS);
    facts.words.push(`${name} L: ${reader.address(LINK)} `);
    reader.address(PEER);
  } else facts.words.push(`${name} XID: ${formatHexNumber(reader.number(TRANSACTION), 6)} `);
  readDhcpv6Options(reader, OF_SERVERS.has(type), depth, facts, (relayed, deeper) =>
    readMessage(relayed, deeper, facts),
  );
}
