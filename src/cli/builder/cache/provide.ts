// Something shareable, with what people see of it while another checkout builds it.
import type { BuildContext, BuildStep } from '../context.ts';
import type { Shareable } from './shared-cache.ts';

/** What a step says that took something from the cache. */
export const takenNote = 'from the cache of all checkouts';

/**
 * Takes it from the cache of all checkouts, or builds it. Where there is no such cache, it is built.
 * @param label what it is, for people: "lab super-bridge"
 */
export async function provide(ctx: BuildContext, label: string, item: Shareable): Promise<'taken' | 'built'> {
  if (ctx.cache === undefined) {
    await item.build();
    return 'built';
  }
  let waiting: BuildStep | undefined;
  const build = (): Promise<void> => {
    waiting?.done();
    return item.build();
  };
  const got = await ctx.cache.provide({ ...item, build }, (pid) => {
    waiting ??= ctx.step(`waiting for ${label}`);
    waiting.progress(0, `process ${pid} is building it for another checkout`);
  });
  waiting?.done();
  return got;
}
