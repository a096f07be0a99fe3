// One packet -> one line, in each of the ways that `lockstep decode` prints them.
import { type CapturedPacket, secondsOf } from '../../capture/captured-packet.ts';
import type { FieldValue } from '../../packet/field.ts';
import type { FilterPacket } from '../../packet/filter/reader.ts';
import type { TcpFacts } from '../../packet/stream/tcp-facts.ts';
import { summarize, summarizeLayers } from '../../packet/summary.ts';
import { type TcpSegment, writeAddresses, writeSegment } from '../../packet/tcp-segment.ts';
import type { Output } from './output.ts';

export type PacketLine = (packet: FilterPacket) => string;

const SPACE = 0x20;
const ZERO = 0x30;
const NARROWEST_ADDRESS = 12;
const encoder = new TextEncoder();
const BLANK = encoder.encode(' ');
const POINT = encoder.encode('.');
const TCP = encoder.encode(' TCP ');
const CUT = encoder.encode(' [cut: ');
const OF = encoder.encode(' of ');
const BYTES = encoder.encode(' bytes]');

/**
 * Prints number, seconds since the first packet, who to whom, protocol, bytes, and what the packet says: the columns of
 * Wireshark's list; and of a packet that the capture kept in part only, how much of it is there. `segment`: the plain TCP segment
 * in it, if there is one (tcp-segment.ts); `facts`: what the packets before it tell of it. A plain segment, as most are, never
 * becomes a string.
 */
export function printSummary(
  { bytes, linkType, originalLength }: CapturedPacket,
  number: number,
  timeRelative: number,
  segment: TcpSegment | null,
  facts: TcpFacts | null,
  output: Output,
): void {
  output.beginLine();
  output.padded(number, 5, SPACE);
  output.bytes(BLANK);
  printTime(timeRelative, output);
  output.bytes(BLANK);
  if (segment === null || facts === null) {
    const { source, destination, protocol, info } = summarize(bytes, linkType, originalLength, facts);
    const from = source.length < NARROWEST_ADDRESS ? source.padStart(NARROWEST_ADDRESS) : source;
    const to = destination.length < NARROWEST_ADDRESS ? destination.padEnd(NARROWEST_ADDRESS) : destination;
    output.text(`${from} → ${to} ${protocol} ${originalLength} ${info}`);
  } else {
    writeAddresses(segment, NARROWEST_ADDRESS, output);
    output.bytes(TCP);
    output.decimal(originalLength);
    output.bytes(BLANK);
    writeSegment(segment, facts, output);
  }
  if (bytes.length < originalLength) {
    output.bytes(CUT);
    output.decimal(bytes.length);
    output.bytes(OF);
    output.decimal(originalLength);
    output.bytes(BYTES);
  }
  output.endLine();
}

/** Six digits after the point; ten characters in all, or more. */
function printTime(seconds: number, output: Output): void {
  const all = Math.round(seconds * 1e6);
  if (all >= 0 && all < Number.MAX_SAFE_INTEGER) {
    const whole = Math.floor(all / 1e6);
    output.padded(whole, 3, SPACE);
    output.bytes(POINT);
    output.padded(all - whole * 1e6, 6, ZERO);
  } else output.text(seconds.toFixed(6).padStart(10));
}

type JsonValue = number | string;

/** Every field of every layer, from the outside in: numbers as numbers, a list where a layer repeats a field. */
export const jsonLine: PacketLine = ({ layers, frame }) => {
  const { source, destination, protocol, info } = summarizeLayers(layers);
  return JSON.stringify({
    n: frame.number,
    time: secondsOf(frame.time),
    interface: frame.interfaceName,
    length: frame.originalLength,
    // What the capture kept of it, where that is not all.
    ...(frame.bytes.length < frame.originalLength ? { captured: frame.bytes.length } : {}),
    layers: layers.map((layer) => {
      const fields: Record<string, JsonValue | JsonValue[]> = {};
      for (const { name, value, shown } of layer.fields()) {
        const known = fields[name];
        const one = jsonValue(value, shown);
        if (known === undefined) fields[name] = one;
        else if (Array.isArray(known)) known.push(one);
        else fields[name] = [known, one];
      }
      return { protocol: layer.protocol, fields };
    }),
    summary: `${source} → ${destination} ${protocol} ${info}`,
  });
};

/** A flag is 1 or 0, as Wireshark shows it and as filters ask for it. */
const jsonValue = (value: FieldValue, shown: string): JsonValue =>
  typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : shown;
