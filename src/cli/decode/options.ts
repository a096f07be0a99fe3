// What --fields and --filter say. Loaded only when one of them is there: it brings the whole filter language along.
import { columnReader } from '../../packet/filter/columns.ts';
import { compileFilter, type Filter, pointAt } from '../../packet/filter/compile.ts';
import { type FieldInfo, fieldInfo } from '../../packet/filter/registry.ts';
import { nearestField } from '../../packet/filter/suggest.ts';
import { UsageError } from '../usage-error.ts';
import type { PacketLine } from './packet-lines.ts';

/** Columns with tabs between them, as `tshark -T fields` has them. `list`: names with commas. Throws UsageError. */
export function fieldsLine(list: string): PacketLine {
  const read = columnReader(list.split(',').map((name) => column(name.trim(), list)));
  return (packet) => read(packet).join('\t');
}

function column(name: string, list: string): FieldInfo {
  const info = fieldInfo(name);
  if (info !== null) return info;
  if (name === '')
    throw new UsageError(
      `--fields "${list}": a name is missing. Expected names with commas between them: ip.src,ip.dst.`,
    );
  const guess = nearestField(name);
  throw new UsageError(`--fields: there is no field "${name}".${guess === null ? '' : ` Did you mean "${guess}"?`}`);
}

/** Throws UsageError, with the filter and a caret under what is wrong. */
export function readFilter(text: string): Filter {
  const result = compileFilter(text);
  if (result.ok) return result.filter;
  const { message } = result.error;
  throw new UsageError(`The filter cannot be read: ${message}\n  ${pointAt(text, result.error).replace('\n', '\n  ')}`);
}
