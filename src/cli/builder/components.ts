// The components: programs of the cluster that Debian does not have, or not in a version that can be shown. Each folder of
// sandboxes/components pins Go modules; they are vendored, changed where a patch says so, and compiled for the machines.
import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { provideFolder, takeFolder } from './cache/shared-folder.ts';
import { compileComponent, type Tell } from './compile-component.ts';
import { type ComponentRecipe, componentsFolder, oldestGo, readComponents } from './component-file.ts';
import { contentKey } from './content-key.ts';
import type { BuildContext } from './context.ts';
import { type Go, provideGo } from './go.ts';

export interface Component {
  readonly name: string;
  readonly key: string;
  /** A tree that is laid over the machine's root. */
  readonly tree: string;
  /** The programs in it, as paths in the machine: "/usr/local/bin/flanneld". */
  readonly programs: readonly string[];
  /** Modules that are compiled in, a "path version" each. */
  readonly modules: string;
}

const sources = ['compile-component.ts', 'component-file.ts', 'components.ts', 'go-licences.ts'].map(
  (name) => `src/cli/builder/${name}`,
);

/** What the components are, or will be when they are built. Their keys depend on neither this computer nor its Go. */
export async function planComponents(root: string): Promise<Component[]> {
  return Promise.all((await readComponents(root)).map((recipe) => plan(root, recipe)));
}

/** Builds what is not in build/cache. */
export async function buildComponents(ctx: BuildContext): Promise<Component[]> {
  const recipes = await readComponents(ctx.root);
  const components = await planComponents(ctx.root);
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
  const key = await contentKey(root, [`${componentsFolder}/${recipe.name}`, ...sources]);
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
    await writeFile(join(work, 'out', basename(component.modules)), modules.map((module) => `${module}\n`).join(''));
    // The folder takes its final name only when everything in it is whole: an interrupted build is never trusted.
    await mkdir(dirname(folder), { recursive: true });
    await rm(folder, { recursive: true, force: true });
    await rename(join(work, 'out'), folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
