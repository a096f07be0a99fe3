// Writes sandboxes/labs/lab.schema.json, which editors read, from the schema that checks lab files:
//   npx node src/cli/write-lab-schema.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labJsonSchema } from '../lab/lab-file.ts';
import { root } from './setup/root.mjs';

writeFileSync(join(root, 'sandboxes/labs/lab.schema.json'), `${JSON.stringify(labJsonSchema(), null, 2)}\n`);
