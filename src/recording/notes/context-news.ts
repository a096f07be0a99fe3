// What is known now and was not a moment ago, so that each thing is written once.
import type { Context } from '../../journey/builder.ts';

export class ContextNews {
  /** What was told, of each part: the things themselves, which stay the same objects for as long as they are known. */
  readonly #told = new Map<string, ReadonlySet<unknown>>();

  /** The parts of `context` that are new since the last call: of lists the new items, of others the whole; null: nothing is. */
  since(context: Context): Context | null {
    const news: Record<string, unknown> = {};
    for (const [part, value] of Object.entries(context)) {
      const all: readonly unknown[] = Array.isArray(value) ? value : [value];
      const told = this.#told.get(part);
      const more = all.filter((item) => told?.has(item) !== true);
      // What is no longer known does not have to be remembered either.
      this.#told.set(part, new Set(all));
      if (more.length > 0) news[part] = Array.isArray(value) ? more : value;
    }
    return Object.keys(news).length === 0 ? null : (news as Context);
  }
}
