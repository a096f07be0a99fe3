// gRPC over HTTP/2 (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md): messages in DATA frames. What they say is for protocol
// buffers, whose meaning is not in the packet; etcd's is known (etcd.ts).
//
//    0       1                               5
//   +-------+-------------------------------+----------
//   | flags | length                        | message …
//   +-------+-------------------------------+----------
import { etcdWords, readEtcd } from './etcd.ts';
import { FieldSink, listed } from './field.ts';
import { type FieldReader, walkFields } from './field-reader.ts';
import type { Call } from './http2-payload.ts';
import { LayerBase } from './layer-base.ts';

export const GRPC_PREFIX = 5;
const IS_COMPRESSED = 0x01;

/** Where a message lies: bytes from the beginning of the packet, prefix included. */
export interface GrpcMessage {
  readonly at: number;
  readonly length: number;
  /** The call that it is of, where that is known. */
  readonly call?: Call | undefined;
}

const FRAME_TYPE = listed('grpc.frame_type', 'uint8', '0 for data; gRPC-Web ends with one of 1.');
const COMPRESSED = listed('grpc.compressed_flag', 'uint8', 'The message is compressed as the headers say.');
const LENGTH = listed('grpc.message_length', 'uint32', 'Bytes of the message.');
const DATA = listed('grpc.message_data', 'bytes', 'The message, in protocol buffers.');

/** Every message in the frames of one segment: from the first one's prefix to the last one's end. */
export class GrpcLayer extends LayerBase {
  readonly protocol = 'grpc';
  readonly messages: readonly GrpcMessage[];

  /** @param messages at least one, in order */
  constructor(messages: readonly GrpcMessage[], bytes: Uint8Array, parent: LayerBase) {
    const [first, last] = [messages[0], messages.at(-1)];
    super(bytes, first?.at ?? parent.end, last === undefined ? parent.end : last.at + last.length, parent);
    this.messages = messages;
  }

  get headerLength(): number {
    return this.end - this.offset;
  }

  /** What etcd is asked or answers: "Range /registry/pods"; "" where it is not etcd. */
  get etcd(): string {
    return this.messages
      .map((message) => etcdWords(message.call, this.#keyOf(message)))
      .filter((words) => words !== '')
      .join(', ');
  }

  #keyOf(message: GrpcMessage): string | undefined {
    const sink = new FieldSink('etcd.key');
    walkFields(this, (reader) => readMessage(reader, message.at - this.offset, message.call), sink);
    return sink.fields[0]?.shown;
  }

  override info(): string {
    return this.messages.map(({ length }) => `gRPC message of ${length - GRPC_PREFIX} bytes`).join(', ');
  }

  protected override collect(sink: FieldSink): void {
    walkFields(
      this,
      (reader) => {
        for (const message of this.messages) readMessage(reader, message.at - this.offset, message.call);
      },
      sink,
    );
  }
}

function readMessage(reader: FieldReader, at: number, call: Call | undefined): void {
  reader.at = at;
  reader.skip(1, 'flags');
  reader.bits(FRAME_TYPE, 1, 0x80);
  reader.bits(COMPRESSED, 1, 0x01);
  const length = reader.number(LENGTH);
  if (length > 0) reader.bytes(DATA, length);
  if (call !== undefined && (reader.layer.u8(at) & IS_COMPRESSED) === 0)
    readEtcd(reader, at + GRPC_PREFIX, length, call);
}

/**
 * The messages that fill the bytes exactly; none where they do not, so that other data is not taken for gRPC: nothing else in
 * the packet may say what it is.
 */
export function grpcMessages(bytes: Uint8Array, at: number, end: number): readonly GrpcMessage[] {
  const messages: GrpcMessage[] = [];
  while (at + GRPC_PREFIX <= end && (bytes[at] ?? 0) <= 1) {
    const size = new DataView(bytes.buffer, bytes.byteOffset + at + 1, 4).getUint32(0);
    const length = GRPC_PREFIX + size;
    messages.push({ at, length });
    at += length;
  }
  return at === end ? messages : [];
}
