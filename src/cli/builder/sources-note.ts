// What is published beside a lab, as labs/<lab>/sources.txt: how the sources of every program in its machines can be had.
import { readFile } from 'node:fs/promises';
import type { Component } from './components.ts';

/** @param components those that machines of the lab have */
export async function sourcesNote(components: readonly Component[]): Promise<string> {
  const debian = `Each line of packages.txt names a package, its version, its source package, and the version of that.
They come from Debian 12 (bookworm), i386, unchanged.
Their sources: on any Debian system with "deb-src" lines for bookworm, "apt-get source SOURCE=VERSION";
every version ever published is kept at snapshot.debian.org.
`;
  if (components.length === 0) return debian;
  const programs = await Promise.all(
    components.map(async ({ name, programs, modules }) => {
      const doc = `/usr/share/doc/${name}/copyright`;
      return `\n${programs.join(', ')} (licences and changes: ${doc} in the machine):\n${await readFile(modules, 'utf8')}`;
    }),
  );
  return `${debian}
Not from Debian: the programs below, compiled from Go modules. The source of each: "go mod download MODULE@VERSION".
${programs.join('')}`;
}
