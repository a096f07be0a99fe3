// @ts-check
// What `npm run up | dev | build | test | bench` starts. Runs on any Node from 18 on, with nothing installed: sees to
// the npm packages, then goes on with main.ts on the Node that they bring.
import { canInstall, installLine, missingDebianPackages } from './setup/debian-packages.mjs';
import { ensureNpmPackages } from './setup/install-npm.mjs';
import { root } from './setup/root.mjs';
import { runOnProjectNode } from './setup/run-on-project-node.mjs';

const args = process.argv.slice(2);

/** Stages of `npm test` that need nothing but npm packages (main.ts refuses unknown ones). */
const lightStages = ['lint', 'types', 'unit'];

/** @returns {import('./setup/debian-packages.mjs').Purpose | null} */
function systemPackagesFor() {
  const [verb, ...rest] = args;
  if (rest.includes('--help') || rest.includes('-h')) return null;
  if (verb === 'up' || verb === 'dev' || verb === 'build') return 'build';
  if (verb === 'bench') return 'test';
  if (verb !== 'test') return null;
  return rest.length > 0 && rest.every((stage) => lightStages.includes(stage)) ? null : 'test';
}

try {
  const purpose = systemPackagesFor();
  const missing = purpose ? missingDebianPackages(purpose) : [];
  // As root they are installed further on, where there is a progress display, while the site can be read already.
  if (missing.length > 0 && !canInstall()) {
    console.error(
      `npm ${args[0] === 'test' ? 'test' : `run ${args[0]}`} needs programs that this machine does not have: ${missing.join(', ')}. On Debian or Ubuntu:\n\n` +
        `    ${installLine(missing)}\n\nthen run the same command again.`,
    );
    process.exit(1);
  }
  await ensureNpmPackages(root);
  await runOnProjectNode(root, 'src/cli/main.ts', args);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
