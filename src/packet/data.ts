// Bytes that no decoder here knows: what a protocol carries for a program, or a protocol that has no file yet.
import { addBytes, derived, type FieldSink, FieldTable, readTable } from './field.ts';
import { LayerBase } from './layer-base.ts';

const FIELDS = new FieldTable<DataLayer>([
  derived('data.len', 0, 0, 'How many bytes.', (layer) => layer.end - layer.offset, { type: 'int32' }),
]);

export class DataLayer extends LayerBase {
  readonly protocol = 'data';

  get headerLength(): number {
    return this.end - this.offset;
  }

  override info(): string {
    const length = this.end - this.offset;
    return `Data (${length} ${length === 1 ? 'byte' : 'bytes'})`;
  }

  protected override collect(sink: FieldSink): void {
    addBytes(this, 'data.data', 'The bytes themselves.', 0, this.end, sink);
    readTable(this, FIELDS, sink);
  }
}
