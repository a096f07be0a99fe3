// Strict readers of objects, made from the types that they give: a field that a type has and its shape has not does not compile, so
// that whoever adds to what a capture keeps cannot forget to read it back.
import { type Check, object } from '../../basics/json-checks.ts';

/** A check for each field; of one that may be missing, in `maybe`. */
export type Shape<T> = {
  readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K>
    ? { readonly maybe: Check<Exclude<T[K], undefined>> }
    : Check<T[K]>;
};

/** An object with these fields and no others. */
export function shaped<T extends object>(shape: Shape<T>): Check<T> {
  const fields = Object.entries<Check<unknown> | { readonly maybe: Check<unknown> }>(shape);
  const keys = fields.map(([key]) => key);
  return (value, path) => {
    const from = object(value, path, keys);
    const read: Record<string, unknown> = {};
    for (const [key, field] of fields) {
      const found = from[key];
      const place = path === '' ? key : `${path}.${key}`;
      if (typeof field === 'function') read[key] = field(found, place);
      else if (found !== undefined) read[key] = field.maybe(found, place);
    }
    return read as T;
  };
}
