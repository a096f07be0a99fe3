// What a component (a folder of sandboxes/components) says of itself in component.yaml: which programs are made of its
// modules, and where they lie in the machine. Which modules, in which versions: its go.mod and go.sum.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { type GoVersion, isAtLeast, parseGoVersion } from './go.ts';

export const componentsFolder = 'sandboxes/components';

const packagePath = z
  .string()
  .regex(/^[a-z0-9][\w.~-]*(\/[\w.~-]+)*$/i, { error: 'expected the import path of a Go package' });

const componentSchema = z.strictObject({
  programs: z
    .array(
      z.strictObject({
        /** A main package; go.mod names it in a "tool" line. */
        package: packagePath,
        path: z.string().regex(/^(\/[a-z0-9][\w.-]*)+$/, {
          error: 'expected an absolute path in the machine, such as "/usr/local/bin/x"',
        }),
      }),
    )
    .min(1),
  /** Whether C is compiled too; then the program is linked statically, so that it needs none of the machine's libraries. */
  cgo: z.boolean().default(false),
  /** Go variables (import path, ".", name) that the linker sets: what a program says its version is. */
  stamp: z
    .record(z.string().regex(/^[\w./~-]+\.\w+$/), z.string().regex(/^[\w.:+-]+$/, { error: 'expected a word' }))
    .default({}),
});

export interface ComponentRecipe extends z.output<typeof componentSchema> {
  /** The folder's name. */
  readonly name: string;
  /** The oldest Go that it can be built with: the "go" line of go.mod. */
  readonly go: GoVersion;
  /** Names of the files that change the vendored modules, in the order in which they are applied. */
  readonly patches: readonly string[];
}

/** @throws Error that names the file and everything that is wrong in it */
export async function readComponent(root: string, name: string): Promise<ComponentRecipe> {
  const folder = `${componentsFolder}/${name}`;
  const file = `${folder}/component.yaml`;
  const result = componentSchema.safeParse(parseYaml(await readFile(join(root, file), 'utf8'), file));
  if (!result.success) throw new Error(`${file}:\n${z.prettifyError(result.error)}`);
  const go = /^go (\S+)$/m.exec(await readFile(join(root, folder, 'go.mod'), 'utf8'))?.[1];
  const version = parseGoVersion(`go${go}`);
  if (version === null) throw new Error(`${folder}/go.mod: expected a line such as "go 1.26"`);
  const files = await readdir(join(root, folder));
  return { ...result.data, name, go: version, patches: files.filter((each) => each.endsWith('.patch')).sort() };
}

/** Names of all components, sorted. */
export async function componentNames(root: string): Promise<string[]> {
  const entries = await readdir(join(root, componentsFolder), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** All components, by name. */
export async function readComponents(root: string): Promise<ComponentRecipe[]> {
  return Promise.all((await componentNames(root)).map((name) => readComponent(root, name)));
}

/** The oldest Go that can build them all. */
export async function oldestGo(root: string): Promise<GoVersion> {
  const versions = (await readComponents(root)).map((component) => component.go);
  return versions.reduce((least, version) => (isAtLeast(version, least) ? version : least), [1, 0, 0]);
}

function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new Error(`${file} is not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}
