// One packet -> one line, in each of the ways that `lockstep decode` prints them.
import { secondsOf } from '../../capture/captured-packet.ts';
import type { FieldValue } from '../../packet/field.ts';
import type { FilterPacket } from '../../packet/filter/reader.ts';
import { summarizeLayers } from '../../packet/summary.ts';

export type PacketLine = (packet: FilterPacket) => string;

/** Number, seconds since the first packet, who to whom, protocol, bytes, and what it says: the columns of Wireshark's list. */
export const summaryLine: PacketLine = ({ layers, frame: { number, timeRelative, originalLength } }) => {
  const { source, destination, protocol, info } = summarizeLayers(layers);
  const when = `${String(number).padStart(5)} ${timeRelative.toFixed(6).padStart(10)}`;
  return `${when} ${source.padStart(12)} → ${destination.padEnd(12)} ${protocol} ${originalLength} ${info}`;
};

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
