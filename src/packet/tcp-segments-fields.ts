// The fields of a segment whose data are of messages that lie in several (stream/message-flow.ts), by Wireshark's names.
import { addBytes, type FieldSink, type ListedField, listed } from './field.ts';
import type { LayerBase } from './layer-base.ts';
import type { Messages } from './stream/message-flow.ts';

const SEGMENT = listed('tcp.segment', 'uint32', 'A packet that has a part of the message.');
const COUNT = listed('tcp.segment.count', 'uint32', 'How many packets the message is from.');
const LENGTH = listed('tcp.reassembled.length', 'uint32', 'Bytes of the message.');
const DATA = listed(
  'tcp.segment_data',
  'bytes',
  'The beginning, or a part, of a message that goes on in a later segment.',
);

export function collectSegments(
  tcp: LayerBase,
  { bytes, first, whole, goesOn, packets }: Messages,
  sink: FieldSink,
): void {
  const add = ({ name, about }: ListedField, value: number): void =>
    sink.add({ name, about, offset: tcp.offset, length: 0, value, shown: String(value), meaning: '' });
  if (bytes !== null) {
    for (const packet of packets) add(SEGMENT, packet);
    add(COUNT, packets.length);
    add(LENGTH, first);
  } else if (goesOn) addBytes(tcp, DATA.name, DATA.about, tcp.headerLength + whole, tcp.end, sink);
}
