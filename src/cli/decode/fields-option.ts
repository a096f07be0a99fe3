// What --fields says. Loaded only when it is there: it brings the registry of all fields along.
import { columnsLine } from '../../packet/filter/columns.ts';
import { gainsByConversations } from '../../packet/filter/needs.ts';
import { type FieldInfo, fieldInfo } from '../../packet/filter/registry.ts';
import { nearestField } from '../../packet/filter/suggest.ts';
import { UsageError } from '../usage-error.ts';
import type { PacketLine } from './packet-lines.ts';

/** Columns with tabs between them, as `tshark -T fields` has them. `list`: names with commas. Throws UsageError. */
export function fieldsLine(list: string): { readonly line: PacketLine; readonly needsConversations: boolean } {
  const columns = list.split(',').map((name) => column(name.trim(), list));
  return { line: columnsLine(columns), needsConversations: gainsByConversations(columns.map(({ name }) => name)) };
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
