// One packet -> one line, in each of the ways that `lockstep decode` prints them.
import { secondsOf } from '../../capture/captured-packet.ts';
import type { FieldValue } from '../../packet/field.ts';
import type { FilterPacket } from '../../packet/filter/reader.ts';
import { summarize, summarizeLayers } from '../../packet/summary.ts';

export type PacketLine = (packet: FilterPacket, linkType: number) => string;

/** Number, seconds since the first packet, who to whom, protocol, bytes, and what it says: the columns of Wireshark's list. */
export const summaryLine: PacketLine = ({ frame: { number, timeRelative, bytes, originalLength } }, linkType) => {
  const { source, destination, protocol, info } = summarize(bytes, linkType, originalLength);
  const when = `${padLeft(`${number}`, 5)} ${padLeft(microseconds(timeRelative), 10)}`;
  const to = destination.length < 12 ? destination.padEnd(12) : destination;
  return `${when} ${padLeft(source, 12)} → ${to} ${protocol} ${originalLength} ${info}`;
};

const padLeft = (text: string, length: number): string => (text.length < length ? text.padStart(length) : text);

/** As toFixed(6), in a fifth of the time: a list has one on every line. */
function microseconds(seconds: number): string {
  const all = Math.round(seconds * 1e6);
  if (!(all >= 0 && all < Number.MAX_SAFE_INTEGER)) return seconds.toFixed(6);
  const whole = Math.floor(all / 1e6);
  return `${whole}.${`${1e6 + (all - whole * 1e6)}`.slice(1)}`;
}

type JsonValue = number | string;

/** Every field of every layer, from the outside in: numbers as numbers, a list where a layer repeats a field. */
export const jsonLine: PacketLine = ({ layers, frame }) => {
  const { source, destination, protocol, info } = summarizeLayers(layers);
  return JSON.stringify({
    n: frame.number,
    time: secondsOf(frame.time),
    interface: frame.interfaceName,
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
