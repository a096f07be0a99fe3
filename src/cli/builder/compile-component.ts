// From a component's folder to its programs: Go modules are downloaded and vendored, changed, compiled for the machines.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mustRun, outputOf } from '../child.ts';
import { type ComponentRecipe, componentsFolder } from './component-file.ts';
import { copyrightFile, type GoPackage } from './go-licences.ts';

export type Tell = (fraction: number, detail: string) => void;

export interface Workplace {
  /** A copy of the component's folder, to work in. */
  readonly source: string;
  /** Where programs and licences go, at their paths in the machine. */
  readonly tree: string;
  /** The go command. */
  readonly go: string;
  readonly signal: AbortSignal;
  readonly tell: Tell;
}

/** Returns the modules that are in the programs, sorted, a "path version" each. */
export async function compileComponent(recipe: ComponentRecipe, place: Workplace): Promise<string[]> {
  await vendor(recipe, place);
  for (const patch of recipe.patches) await change(recipe, patch, place);
  const packages = await listPackages(recipe, place);
  await compile(recipe, packages.length, place);
  place.tell(0.98, 'licences');
  const doc = join(place.tree, 'usr/share/doc', recipe.name);
  await mkdir(doc, { recursive: true });
  await writeFile(join(doc, 'copyright'), await copyrightFile(place.source, packages, recipe));
  return [
    ...new Set(packages.filter(({ module }) => module !== '').map((each) => `${each.module} ${each.version}`)),
  ].sort();
}

async function vendor(recipe: ComponentRecipe, place: Workplace): Promise<void> {
  let downloads = 0;
  await goRun(recipe, place, ['mod', 'vendor'], (line) => {
    // How many there will be, go does not say; flannel has some 120 of them.
    if (line.startsWith('go: downloading')) place.tell(0.3 * (1 - 0.98 ** ++downloads), line.replace('go: ', ''));
  });
}

async function change(recipe: ComponentRecipe, patch: string, { source, signal, tell }: Workplace): Promise<void> {
  tell(0.3, patch);
  const args = [
    '--strip=1',
    '--fuzz=0',
    '--batch',
    '--no-backup-if-mismatch',
    '--directory=vendor',
    `--input=../${patch}`,
  ];
  await mustRun('patch', args, { signal, cwd: source }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw new Error(`${componentsFolder}/${recipe.name}/${patch} could not be applied: ${wordsOf(error)}`);
  });
}

async function listPackages(recipe: ComponentRecipe, place: Workplace): Promise<GoPackage[]> {
  const version = '{{with .Replace}}{{.Version}}{{else}}{{.Version}}{{end}}';
  const format = `{{.ImportPath}} {{with .Module}}{{.Path}} ${version}{{else}} {{end}}`;
  const mains = recipe.programs.map((program) => program.package);
  const listed = await goRun(recipe, place, ['list', '-deps', '-f', format, ...flags(recipe), ...mains]);
  return listed.split('\n').flatMap((line) => {
    const [path, module, moduleVersion] = line.split(' ');
    return path && module !== undefined && moduleVersion !== undefined
      ? [{ path, module, version: moduleVersion }]
      : [];
  });
}

/** @param packages how many there are, with those that Go's own cache has */
async function compile(recipe: ComponentRecipe, packages: number, place: Workplace): Promise<void> {
  const ldflags = [
    '-s -w',
    ...Object.entries(recipe.stamp).map(([variable, value]) => `-X ${variable}=${value}`),
    ...(recipe.cgo ? ['-linkmode external -extldflags -static'] : []),
  ].join(' ');
  let compiled = 0;
  const tell = (what: string) => place.tell(0.3 + Math.min(0.65, (0.65 * compiled) / packages), `compiling ${what}`);
  for (const { package: main, path } of recipe.programs) {
    tell(main);
    const target = join(place.tree, path);
    await mkdir(dirname(target), { recursive: true });
    const args = [
      'build',
      '-v',
      ...flags(recipe),
      '-trimpath',
      '-buildvcs=false',
      '-ldflags',
      ldflags,
      '-o',
      target,
      main,
    ];
    await goRun(recipe, place, args, (line) => {
      compiled++;
      tell(line);
    });
  }
}

// netgo, osusergo: what a static program cannot ask the C library for, Go's own code does.
const flags = ({ cgo }: ComponentRecipe): string[] => ['-mod=vendor', ...(cgo ? ['-tags=netgo,osusergo'] : [])];

function goRun(
  { cgo }: ComponentRecipe,
  { go, source, signal }: Workplace,
  args: readonly string[],
  onLine: (line: string) => void = () => {},
): Promise<string> {
  return outputOf(go, args, { signal, cwd: source, onLine, env: { ...environment, CGO_ENABLED: cgo ? '1' : '0' } });
}

/** For v86's processor, a Pentium 4 as far as Go is concerned. What a person has set for their own work changes nothing. */
const environment: Readonly<Record<string, string>> = {
  GOOS: 'linux',
  GOARCH: '386',
  GO386: 'sse2',
  CC: 'i686-linux-gnu-gcc',
  CGO_CFLAGS: '-O2',
  CGO_LDFLAGS: '-O2',
  // A go.mod that asks for a newer Go is an error, not a download.
  GOTOOLCHAIN: 'local',
  GOWORK: 'off',
  GOFLAGS: '',
  GOEXPERIMENT: '',
};

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
