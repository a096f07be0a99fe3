// The fields of Wireshark's tcp.analysis: what the packets before a segment tell of it (stream/). None of them has bytes of its own.
import { derived, type FieldDef, FieldTable, type FieldValue } from './field.ts';
import type { LayerBase } from './layer-base.ts';
import { type TcpFacts, VERDICT } from './stream/tcp-facts.ts';

interface Analyzed extends LayerBase {
  readonly facts: TcpFacts | undefined;
}

/** A mark, which is there when one of these bits is. */
function mark(name: string, bits: number, about: string): FieldDef<Analyzed> {
  const read = (layer: Analyzed): FieldValue | undefined =>
    ((layer.facts?.verdicts ?? 0) & bits) === 0 ? undefined : 1;
  return derived(name, 0, 0, about, read, { type: 'none' });
}

/** A number of which 0 says that there is none. */
function count(name: string, about: string, read: (facts: TcpFacts) => number | undefined): FieldDef<Analyzed> {
  const value = (layer: Analyzed): FieldValue | undefined => (layer.facts && read(layer.facts)) || undefined;
  return derived(name, 0, 0, about, value, { type: 'uint32' });
}

/** Seconds, to the nanosecond. */
function duration(name: string, about: string, read: (facts: TcpFacts) => number | undefined): FieldDef<Analyzed> {
  const value = (layer: Analyzed): FieldValue | undefined => (layer.facts && read(layer.facts)) || undefined;
  const definition = derived(name, 0, 0, about, value, { type: 'time' });
  return { ...definition, show: (seconds) => Number(seconds).toFixed(9) };
}

export const ANALYSIS_FIELDS = new FieldTable<Analyzed>([
  derived('tcp.analysis', 0, 0, 'What the packets before this one tell of it.', () => 1, { type: 'none' }),
  count('tcp.analysis.acks_frame', 'The packet that this one acknowledges.', ({ acks }) => acks),
  duration('tcp.analysis.ack_rtt', 'Seconds since the packet that this one acknowledges.', ({ ackTime }) => ackTime),
  duration(
    'tcp.analysis.initial_rtt',
    'Seconds from the connection’s SYN to the acknowledgment that opened it.',
    ({ initialRoundTrip }) => initialRoundTrip,
  ),
  count('tcp.analysis.bytes_in_flight', 'Bytes that are sent and not acknowledged.', ({ inFlight }) => inFlight),
  count('tcp.analysis.push_bytes_sent', 'Bytes since the sender last set PSH.', ({ pushed }) => pushed),
  mark('tcp.analysis.flags', -1, 'Something is odd about the segment.'),
  mark('tcp.analysis.reused_ports', VERDICT.reusedPorts, 'A new connection between ports that had one before.'),
  mark(
    'tcp.analysis.retransmission',
    VERDICT.retransmission | VERDICT.fastRetransmission | VERDICT.spuriousRetransmission,
    'The segment was sent before.',
  ),
  duration('tcp.analysis.rto', 'Seconds since the packet that is sent again.', ({ rare }) => rare?.timeout),
  count('tcp.analysis.rto_frame', 'The packet that is sent again.', ({ rare }) =>
    rare === null || rare.timeout === 0 ? 0 : rare.timeoutFrom,
  ),
  mark(
    'tcp.analysis.fast_retransmission',
    VERDICT.fastRetransmission,
    'Sent again because the other side asked for it, rather than after a time.',
  ),
  mark(
    'tcp.analysis.spurious_retransmission',
    VERDICT.spuriousRetransmission,
    'Sent again, though the other side has acknowledged it.',
  ),
  mark('tcp.analysis.out_of_order', VERDICT.outOfOrder, 'Later segments have overtaken this one.'),
  mark('tcp.analysis.lost_segment', VERDICT.lostSegment, 'Segments before this one were not captured.'),
  mark('tcp.analysis.ack_lost_segment', VERDICT.ackLostSegment, 'It acknowledges what was not captured.'),
  mark('tcp.analysis.window_update', VERDICT.windowUpdate, 'It says nothing but how much room there is now.'),
  mark('tcp.analysis.window_full', VERDICT.windowFull, 'It fills all the room that the other side has said to have.'),
  mark('tcp.analysis.keep_alive', VERDICT.keepAlive, 'It asks whether the other side is still there.'),
  mark('tcp.analysis.keep_alive_ack', VERDICT.keepAliveAck, 'The answer to that.'),
  mark('tcp.analysis.duplicate_ack', VERDICT.duplicateAck, 'It repeats an acknowledgment: something is missing there.'),
  count('tcp.analysis.duplicate_ack_num', 'How often it is repeated by now.', ({ rare }) => rare?.duplicateNumber),
  derived(
    'tcp.analysis.duplicate_ack_frame',
    0,
    0,
    'The packet that it repeats; 0: it was not captured.',
    ({ facts }) => (facts?.rare?.duplicateNumber ? facts.rare.duplicateOf : undefined),
    { type: 'uint32' },
  ),
  mark('tcp.analysis.zero_window_probe', VERDICT.zeroWindowProbe, 'It asks whether there is room again.'),
  mark('tcp.analysis.zero_window', VERDICT.zeroWindow, 'The sender has no room for more.'),
  mark('tcp.analysis.zero_window_probe_ack', VERDICT.zeroWindowProbeAck, 'The answer to that: there is none.'),
]);
