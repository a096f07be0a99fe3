import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labIds, readLab } from '../../src/cli/labs.ts';
import { root } from '../../src/cli/setup/root.mjs';
import { labJsonSchema } from '../../src/lab/lab-file.ts';

test('lab.schema.json is what the schema says (npx node src/cli/write-lab-schema.ts writes it)', async () => {
  const written: unknown = JSON.parse(await readFile(join(root, 'sandboxes/labs/lab.schema.json'), 'utf8'));
  expect(written).toEqual(labJsonSchema());
});

test('every field of the JSON Schema is described', () => {
  const undescribed: string[] = [];
  const visit = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    for (const [key, value] of Object.entries(schema)) {
      if (key === 'properties') {
        for (const [name, field] of Object.entries(value as Record<string, { description?: string }>)) {
          if (!field.description) undescribed.push(`${path}.${name}`);
        }
      }
      visit(value, `${path}.${key}`);
    }
  };
  visit(labJsonSchema(), '');
  expect(undescribed).toEqual([]);
});

test('every lab of this checkout is read without complaint', async () => {
  const ids = await labIds(root);
  expect(ids).toContain('super-bridge');
  for (const id of ids) expect((await readLab(root, id)).id).toBe(id);
});

test('a lab that does not exist: which one was meant', async () => {
  await expect(readLab(root, 'super-brigde')).rejects.toThrow(
    'There is no lab "super-brigde". Did you mean "super-bridge"?',
  );
});
