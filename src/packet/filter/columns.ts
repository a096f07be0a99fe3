// Fields as text, packet after packet: what `tshark -T fields` prints. Which columns a layer has is worked out once for each
// protocol, and nothing but the text is made.
import { FieldSink } from '../field.ts';
import type { Layer } from '../layer.ts';
import { FRAME_FIELDS } from './frame.ts';
import type { FilterPacket } from './reader.ts';
import { canHave, type FieldInfo } from './registry.ts';

/** Every occurrence of a column's field in a packet, with commas between them; "" where there is none. */
export type ColumnReader = (packet: FilterPacket) => readonly string[];

/** Reads the columns of these fields, from the outermost layer in. */
export function columnReader(fields: readonly FieldInfo[]): ColumnReader {
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
      for (const { column, sink } of byProtocol.get(protocol) ?? wantedOf(protocol)) column.add(layer, sink);
    }
    return columns.map((column) => column.text());
  };
}

interface Wanted {
  readonly column: Column;
  /** null: the layer's protocol itself is the column. */
  readonly sink: FieldSink | null;
}

class Column {
  readonly #field: FieldInfo;
  readonly #ofFrame: ((packet: FilterPacket) => string) | null;
  readonly #shown: string[] = [];

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
      .map((part) => ({ column: this, sink: new FieldSink(part, this.#shown) }));
  }

  begin(packet: FilterPacket): void {
    this.#shown.length = 0;
    if (this.#ofFrame !== null) this.#shown.push(this.#ofFrame(packet));
  }

  add(layer: Layer, sink: FieldSink | null): void {
    if (sink === null) {
      this.#shown.push(layer.protocol);
      return;
    }
    layer.collectInto(sink);
    // What stands in lists rather than in tables.
    if (sink.fields.length === 0) return;
    for (const { shown } of sink.fields) this.#shown.push(shown);
    sink.fields.length = 0;
  }

  text(): string {
    const shown = this.#shown;
    return shown.length === 1 ? (shown[0] ?? '') : shown.join(',');
  }
}

/** Times have nine digits after the point, as Wireshark prints them. */
function frameText({ name, type }: FieldInfo): ((packet: FilterPacket) => string) | null {
  const read = FRAME_FIELDS.find((field) => field.name === name)?.read;
  if (read === undefined) return null;
  return ({ frame }) => {
    if (name === 'frame.time_epoch') return `${frame.time.seconds}.${String(frame.time.nanoseconds).padStart(9, '0')}`;
    const value = read(frame);
    if (value instanceof Uint8Array) return name;
    return type === 'time' ? Number(value).toFixed(9) : String(value ?? '');
  };
}
