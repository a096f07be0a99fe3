// The licences of what is compiled into a component, as Debian's packages carry them: in /usr/share/doc/NAME/copyright.
import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { type ComponentRecipe, componentsFolder } from './component-file.ts';

export interface GoPackage {
  /** Import path; "" in `module` and `version` for Go's standard library. */
  readonly path: string;
  readonly module: string;
  readonly version: string;
}

// The beginnings of names that "go mod vendor" brings along for the same reason (cmd/go/internal/modcmd/vendor.go).
const legal = /^(?:copying|copyleft|copyright|legal|licen[cs]e|notice|patents)/i;

/**
 * How the modules were changed, and each licence once, with the modules and packages that are under it.
 * @param source the folder with go.mod and vendor/
 * Throws when a module comes without a licence: then its program could not be published.
 */
export async function copyrightFile(
  source: string,
  packages: readonly GoPackage[],
  { name, cgo, patches }: Pick<ComponentRecipe, 'name' | 'cgo' | 'patches'>,
): Promise<string> {
  const under = new Map<string, string[]>();
  for (const [folder, label] of foldersOf(packages)) {
    const entries = await readdir(join(source, 'vendor', folder), { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && legal.test(entry.name) && !entry.name.endsWith('.go'));
    if (files.length === 0 && label.includes(' ')) throw new Error(`${name}: the module ${label} has no licence.`);
    for (const file of files) {
      const text = (await readFile(join(source, 'vendor', folder, file.name), 'utf8')).trim();
      under.set(text, [...(under.get(text) ?? []), label]);
    }
  }
  const changes = await Promise.all(patches.map((patch) => readFile(join(source, patch), 'utf8')));
  return `${[
    `These programs were compiled by Lockstep (${componentsFolder}/${name}) from Go modules, with Go's standard library.
A module's source: "go mod download MODULE@VERSION". The standard library is under the licence of golang.org/x below.${
      cgo
        ? '\nThe GNU C Library (LGPL 2.1 or later) is linked statically; its source is Debian\'s package "glibc".'
        : ''
    }`,
    ...(changes.length > 0 ? [`What was changed in the modules before:\n\n${changes.join('\n').trim()}`] : []),
    ...[...under].map(([text, labels]) => `${labels.join('\n')}\n\n${text}`),
  ].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** Folders that may hold a licence, from each module's own to each package's: "module version", or the path below it. */
function foldersOf(packages: readonly GoPackage[]): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const { path, module, version } of packages) {
    if (module === '') continue;
    labels.set(module, `${module} ${version}`);
    for (let folder = path; folder !== module; folder = posix.dirname(folder)) labels.set(folder, folder);
  }
  return new Map([...labels].sort(([a], [b]) => (a < b ? -1 : 1)));
}
