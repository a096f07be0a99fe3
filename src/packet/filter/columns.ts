// Fields as text, packet after packet: what `tshark -T fields` prints. Which columns a layer has is worked out once for each
// protocol, and nothing but the text is made.
import { FieldSink, type TextColumn } from '../field.ts';
import type { Layer } from '../layer.ts';
import { FRAME_FIELDS } from './frame.ts';
import { formatMoment } from './moments.ts';
import type { FilterPacket } from './reader.ts';
import { canHave, type FieldInfo } from './registry.ts';

/** A packet's columns with tabs between them, every occurrence of a field with commas between them. */
export type ColumnsLine = (packet: FilterPacket) => string;

/** Reads the columns of these fields, from the outermost layer in. */
export function columnsLine(fields: readonly FieldInfo[]): ColumnsLine {
  const columns = fields.map((field) => new Column(field));
  const byProtocol = new Map<string, readonly Wanted[]>();
  const wantedOf = (protocol: string): readonly Wanted[] => {
    const wanted = columns.flatMap((column) => column.wantedOf(protocol));
    byProtocol.set(protocol, wanted);
    return wanted;
  };
  return (packet) => {
    for (const column of columns) column.begin(packet);
    for (const layer of packet.layers) {
      const { protocol } = layer;
      for (const { column, sink } of byProtocol.get(protocol) ?? wantedOf(protocol)) column.read(layer, sink);
    }
    let line = '';
    for (let i = 0; i < columns.length; i++) line = i === 0 ? (columns[0]?.text ?? '') : `${line}\t${columns[i]?.text}`;
    return line;
  };
}

interface Wanted {
  readonly column: Column;
  /** null: the layer's protocol itself is the column. */
  readonly sink: FieldSink | null;
}

class Column implements TextColumn {
  text = '';
  #isEmpty = true;
  readonly #field: FieldInfo;
  readonly #ofFrame: ((packet: FilterPacket) => string) | null;

  constructor(field: FieldInfo) {
    this.#field = field;
    this.#ofFrame = frameText(field);
  }

  /** What this column asks a layer of that protocol for; a field like ip.addr stands for two. */
  wantedOf(protocol: string): Wanted[] {
    const { name, parts, type } = this.#field;
    if (type === 'protocol') return protocol === name ? [{ column: this, sink: null }] : [];
    return (parts ?? [name])
      .filter((part) => canHave(protocol, part))
      .map((part) => ({ column: this, sink: new FieldSink(part, this) }));
  }

  begin(packet: FilterPacket): void {
    this.text = this.#ofFrame === null ? '' : this.#ofFrame(packet);
    this.#isEmpty = true;
  }

  add(shown: string): void {
    this.text = this.#isEmpty ? shown : `${this.text},${shown}`;
    this.#isEmpty = false;
  }

  read(layer: Layer, sink: FieldSink | null): void {
    if (sink === null) {
      this.add(layer.protocol);
      return;
    }
    layer.collectInto(sink);
    // What stands in lists rather than in tables.
    if (sink.fields.length === 0) return;
    for (const { shown } of sink.fields) this.add(shown);
    sink.fields.length = 0;
  }
}

/** Times have nine digits after the point, as Wireshark prints them. */
function frameText({ name, type }: FieldInfo): ((packet: FilterPacket) => string) | null {
  const read = FRAME_FIELDS.find((field) => field.name === name)?.read;
  if (read === undefined) return null;
  return (packet) => {
    const { frame } = packet;
    if (name === 'frame.time_epoch') return `${frame.time.seconds}.${String(frame.time.nanoseconds).padStart(9, '0')}`;
    const value = read(packet);
    if (typeof value === 'bigint') return formatMoment(frame.time);
    if (value instanceof Uint8Array) return name;
    return type === 'time' && value !== null ? Number(value).toFixed(9) : String(value ?? '');
  };
}
