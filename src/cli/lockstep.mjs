#!/usr/bin/env node
// @ts-check
// The `lockstep` command (`npx lockstep …`). Like bootstrap.mjs, it runs on any Node and goes on with the project's own.
import { ensureNpmPackages } from './setup/install-npm.mjs';
import { root } from './setup/root.mjs';
import { runOnProjectNode } from './setup/run-on-project-node.mjs';

try {
  await ensureNpmPackages(root);
  await runOnProjectNode(root, 'src/cli/lockstep.ts', process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
