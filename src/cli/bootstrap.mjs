// @ts-check
// What `npm run up | dev | build | test | fuzz | bench` starts. Runs on any Node from 18 on, with nothing installed: sees to
// the npm packages, then goes on with main.ts on the Node that they bring. Debian's packages are installed from there,
// where there is a progress display, and by the command that needs them.
import { ensureNpmPackages } from './setup/install-npm.mjs';
import { root } from './setup/root.mjs';
import { runOnProjectNode } from './setup/run-on-project-node.mjs';

try {
  await ensureNpmPackages(root);
  await runOnProjectNode(root, 'src/cli/main.ts', process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
