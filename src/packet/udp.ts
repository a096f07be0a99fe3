// RFC 768, User Datagram Protocol.
//
//    0               2               4               6               8
//   +---------------+---------------+---------------+---------------+
//   | source port   | dest. port    | length        | checksum      |
//   +---------------+---------------+---------------+---------------+
import { type ChecksumStatus, checksumStatus, pseudoHeaderOf, transportChecksum } from './checksum.ts';
import { addBytes, derived, type FieldSink, FieldTable, readTable, uint } from './field.ts';
import { Ipv4Layer } from './ipv4.ts';
import { LayerBase, type Problem } from './layer-base.ts';
import { IP_PROTOCOL } from './numbers.ts';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;
const CHECKSUM = 6;
const HEADER_LENGTH = 8;

const FIELDS = new FieldTable<UdpLayer>([
  uint('udp.srcport', SOURCE_PORT, 2, 'The sender’s port; answers come back to it.'),
  uint('udp.dstport', DESTINATION_PORT, 2, 'The port of the program that the datagram is for.'),
  derived('udp.length', LENGTH, 2, 'Bytes of this header and the data.', (layer) => layer.datagramLength, {
    names: (_, layer) => (layer.isTooLong ? `impossible: its packet has ${layer.room} for it` : ''),
  }),
  uint('udp.checksum', CHECKSUM, 2, 'Guards header, data and addresses; 0: none was made (VXLAN does so).', {
    hex: 4,
  }),
  checksumStatus('udp.checksum.status', CHECKSUM),
]);

export class UdpLayer extends LayerBase {
  readonly protocol = 'udp';
  readonly headerLength = HEADER_LENGTH;

  get sourcePort(): number {
    return this.u16(SOURCE_PORT);
  }

  get destinationPort(): number {
    return this.u16(DESTINATION_PORT);
  }

  /** Bytes, header included; 0 in a jumbogram or a segmentation-offloaded send. */
  get datagramLength(): number {
    return this.u16(LENGTH);
  }

  get checksum(): ChecksumStatus {
    if (this.u16(CHECKSUM) === 0) return this.isOverIpv6 && !this.quoted ? 'illegal' : 'absent';
    return transportChecksum(this, IP_PROTOCOL.udp, CHECKSUM, this.datagramLength);
  }

  /** Bytes that the packet around it has for the datagram; what the capture cut off counts. */
  get room(): number {
    return this.enclosingEnd - this.offset;
  }

  /** A length that cannot be. Of a fragment, and of what an error quotes, the rest is elsewhere. */
  get isTooLong(): boolean {
    const { datagramLength } = this;
    if (datagramLength <= this.end - this.offset || datagramLength <= this.room) return false;
    return !this.quoted && pseudoHeaderOf(this)?.whole !== false;
  }

  override get declaredEnd(): number {
    const length = this.datagramLength;
    return length === 0
      ? this.enclosingEnd
      : Math.min(this.offset + Math.max(length, HEADER_LENGTH), this.enclosingEnd);
  }

  override get payloadEnd(): number {
    return this.datagramLength === 0
      ? this.end
      : Math.min(this.end, this.offset + Math.max(this.datagramLength, HEADER_LENGTH));
  }

  override problem(): Problem | null {
    const length = this.datagramLength;
    if (this.has(LENGTH, 2) && length < HEADER_LENGTH && !this.#mayBeZero())
      return {
        at: this.offset + LENGTH,
        reason: `UDP length is ${length} bytes, must be at least 8`,
        line: `${this.#ports} [BAD UDP LENGTH ${length} < 8]`,
      };
    return super.problem();
  }

  override partialInfo(): string {
    if (!this.has(SOURCE_PORT, 4)) return '';
    return this.has(LENGTH, 2) ? this.#portsAndLength() : this.#ports;
  }

  override info(): string {
    const illegal = this.has(CHECKSUM, 2) && this.checksum === 'illegal' ? ' [ILLEGAL CHECKSUM (0)]' : '';
    return `${this.#portsAndLength()}${illegal}`;
  }

  get #ports(): string {
    return `${this.sourcePort} → ${this.destinationPort}`;
  }

  #portsAndLength(): string {
    const { datagramLength } = this;
    const tooLong = this.isTooLong ? ` [BAD UDP LENGTH ${datagramLength} > IP PAYLOAD LENGTH]` : '';
    const jumbo = datagramLength === 0 && this.isOverIpv6 ? ' [Jumbogram]' : '';
    const length = datagramLength === 0 ? this.room : datagramLength;
    return `${this.#ports}${tooLong} Len=${Math.max(length - HEADER_LENGTH, 0)}${jumbo}`;
  }

  /** A length of 0 is a jumbogram's (RFC 2675), or of a packet that says 0 itself. */
  #mayBeZero(): boolean {
    if (this.datagramLength !== 0) return false;
    const { parent } = this;
    return this.isOverIpv6 || !(parent instanceof Ipv4Layer) || parent.totalLength === 0;
  }

  private get isOverIpv6(): boolean {
    let carrier = this.parent;
    while (carrier !== null && carrier.protocol !== 'ip' && carrier.protocol !== 'ipv6') carrier = carrier.parent;
    return carrier?.protocol === 'ipv6';
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
    addBytes(this, 'udp.payload', 'The bytes that the datagram carries.', HEADER_LENGTH, this.payloadEnd, sink);
  }
}
