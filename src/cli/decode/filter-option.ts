// What --filter says. Loaded only when it is there: it brings a parser along.
import { compileFilter, type Filter, pointAt } from '../../packet/filter/compile.ts';
import { gainsByConversations } from '../../packet/filter/needs.ts';
import { UsageError } from '../usage-error.ts';

/** Throws UsageError, with the filter and a caret under what is wrong. */
export function readFilter(text: string): { readonly filter: Filter; readonly needsConversations: boolean } {
  const result = compileFilter(text);
  if (result.ok) return { filter: result.filter, needsConversations: gainsByConversations(result.filter.names) };
  const { message } = result.error;
  throw new UsageError(`The filter cannot be read: ${message}\n  ${pointAt(text, result.error).replace('\n', '\n  ')}`);
}
