// The components: programs of the cluster that Debian does not have, or not in a version that can be shown. Each folder of
// sandboxes/components pins Go modules; they are vendored, changed where a patch says so, and compiled for the machines. A lab
// names those that its machines get, and they are compiled when such a lab is built.
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { provideFolder, takeFolder } from './cache/shared-folder.ts';
import { compileComponent, type Tell } from './compile-component.ts';
import { type ComponentRecipe, componentsFolder, oldestGo, readComponent } from './component-file.ts';
import { contentKey } from './content-key.ts';
import type { BuildContext } from './context.ts';
import { type Go, provideGo } from './go.ts';
import { prelink } from './prelink.ts';

export interface Component {
  readonly name: string;
  readonly key: string;
  /** A tree that is put into the machine, over its root. */
  readonly tree: string;
  /** The programs in it, as paths in the machine: "/usr/local/bin/flanneld". */
  readonly programs: readonly string[];
  /** Modules that are compiled in, a "path version" each. */
  readonly modules: string;
}

const sources = ['compile-component.ts', 'component-file.ts', 'components.ts', 'go-licences.ts', 'prelink.ts'].map(
  (name) => `src/cli/builder/${name}`,
);

/** What a component is, or will be when it is built. Its key depends on neither this computer nor its Go. */
export async function planComponent(root: string, name: string): Promise<Component> {
  return plan(root, await readComponent(root, name));
}

/** Builds those of these that are not in build/cache; returns all, in the order of their names. */
export async function buildComponents(ctx: BuildContext, names: Iterable<string>): Promise<Component[]> {
  const recipes = await Promise.all([...new Set(names)].sort().map((name) => readComponent(ctx.root, name)));
  if (recipes.length === 0) return [];
  const components = await Promise.all(recipes.map((recipe) => plan(ctx.root, recipe)));
  const missing: Component[] = [];
  // A copy each: the machine gets their files with the permissions that they were made with.
  for (const component of components)
    if (!existsSync(component.tree) && !(await takeFolder(ctx, { folder: dirname(component.tree), manner: 'copy' })))
      missing.push(component);
  if (missing.length === 0) {
    ctx.step('components').done('cached');
    return components;
  }
  const go = await provideGo(ctx, await oldestGo(ctx.root));
  const step = ctx.step('components');
  for (const [index, component] of missing.entries()) {
    const recipe = recipes.find(({ name }) => name === component.name);
    if (recipe === undefined) continue;
    const tell: Tell = (fraction, detail) =>
      step.progress((index + fraction) / missing.length, `${recipe.name}: ${detail}`);
    await provideFolder(ctx, `component ${recipe.name}`, {
      folder: dirname(component.tree),
      manner: 'copy',
      build: () => build(ctx, go, recipe, component, tell),
    });
  }
  step.done(missing.map(({ name }) => name).join(', '));
  return components;
}

async function plan(root: string, recipe: ComponentRecipe): Promise<Component> {
  const ignore = (path: string) => path.endsWith('/README.md');
  const key = await contentKey(root, [`${componentsFolder}/${recipe.name}`, ...sources], { ignore });
  const folder = join(root, 'build/cache', `component-${recipe.name}-${key}`);
  return {
    name: recipe.name,
    key,
    tree: join(folder, 'tree'),
    programs: recipe.programs.map(({ path }) => path),
    modules: join(folder, 'modules.txt'),
  };
}

async function build(ctx: BuildContext, go: Go, recipe: ComponentRecipe, component: Component, tell: Tell) {
  const folder = dirname(component.tree);
  const work = join(ctx.root, 'build/tmp', `${basename(folder)}-${process.pid}`);
  tell(0, 'downloading Go modules');
  await rm(work, { recursive: true, force: true });
  await mkdir(join(work, 'out'), { recursive: true });
  try {
    await cp(join(ctx.root, componentsFolder, recipe.name), join(work, 'source'), { recursive: true });
    const modules = await compileComponent(recipe, {
      source: join(work, 'source'),
      tree: join(work, 'out', basename(component.tree)),
      go: go.program,
      signal: ctx.signal,
      tell,
    });
    for (const path of component.programs) await relocate(join(work, 'out', basename(component.tree), path));
    await writeFile(join(work, 'out', basename(component.modules)), modules.map((module) => `${module}\n`).join(''));
    // The folder takes its final name only when everything in it is whole: an interrupted build is never trusted.
    await mkdir(dirname(folder), { recursive: true });
    await rm(folder, { recursive: true, force: true });
    await rename(join(work, 'out'), folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** As the image's own programs are; those that are at a fixed place already stay as they are. */
async function relocate(path: string): Promise<void> {
  const moved = prelink(await readFile(path));
  if (moved !== null) await writeFile(path, moved);
}
