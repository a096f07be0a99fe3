// @ts-check
// TypeScript is stripped and compiled once, not at every start: that saves a quarter of a second. Loaded before the program, on the
// Node that the project brings; older ones have no such cache.
import module from 'node:module';
import { join } from 'node:path';
import { root } from './root.mjs';

module.enableCompileCache(join(root, 'node_modules', '.cache', 'lockstep'));
