// The labs of this checkout: one folder each in sandboxes/labs.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nearest } from '../basics/nearest.ts';
import type { LabFile } from '../lab/lab-file.ts';
import { LabFileError } from '../lab/lab-file-error.ts';
import { parseLabFile } from '../lab/parse-lab-file.ts';
import { componentNames } from './builder/component-file.ts';
import { UsageError } from './usage-error.ts';

const folder = 'sandboxes/labs';

/** Names of the folders that have a lab.yaml, sorted. */
export async function labIds(root: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(join(root, folder, entry.name, 'lab.yaml')))
    .map((entry) => entry.name)
    .sort();
}

/** @throws LabFileError when the file is wrong, UsageError when there is no such lab */
export async function readLab(root: string, id: string): Promise<LabFile> {
  const ids = await labIds(root);
  if (!ids.includes(id)) {
    const guess = nearest(id, ids);
    throw new UsageError(
      `There is no lab "${id}". ${guess ? `Did you mean "${guess}"? ` : ''}Labs: ${ids.join(', ') || 'none'}.`,
    );
  }
  const path = `${folder}/${id}/lab.yaml`;
  const lab = parseLabFile(await readFile(join(root, path), 'utf8'), path, {
    components: await componentNames(root),
    hasFile: (name) => existsSync(join(root, folder, id, name)),
  });
  if (lab.id !== id) {
    throw new LabFileError(path, [
      { line: 1, column: 1, message: `id: found "${lab.id}"; expected "${id}", the name of the folder` },
    ]);
  }
  return lab;
}

export async function readLabs(root: string): Promise<LabFile[]> {
  return Promise.all((await labIds(root)).map((id) => readLab(root, id)));
}
