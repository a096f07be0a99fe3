// @ts-check
// Where this checkout is. Plain JavaScript: everything in setup/*.mjs must run on the Node that a newcomer
// happens to have (18 and up), before a single package is installed.
import { fileURLToPath } from 'node:url';

/** Absolute path of the repository, without a trailing slash. */
export const root = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');
