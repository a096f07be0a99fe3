// What --filter says. Loaded only when it is there: it brings a parser along.
import { compileFilter, type Filter, pointAt } from '../../packet/filter/compile.ts';
import { UsageError } from '../usage-error.ts';

/** Throws UsageError, with the filter and a caret under what is wrong. */
export function readFilter(text: string): Filter {
  const result = compileFilter(text);
  if (result.ok) return result.filter;
  const { message } = result.error;
  throw new UsageError(`The filter cannot be read: ${message}\n  ${pointAt(text, result.error).replace('\n', '\n  ')}`);
}
