import { execFileSync } from 'node:child_process';
import { defineConfig, devices } from '@playwright/test';
import { pageSpecs } from './src/cli/tester/stages.ts';
import { chromiumLaunch, compileOnce } from './tests/support/chromium.ts';

// A port that is free now. Playwright reads this file once more in each of its workers, which inherit the environment:
// the first reading decides. (A config is read synchronously, hence the second process.)
process.env.LOCKSTEP_E2E_PORT ??= execFileSync(process.execPath, [
  '-e',
  "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })",
])
  .toString()
  .trim();
const baseURL = `http://127.0.0.1:${process.env.LOCKSTEP_E2E_PORT}`;

const pages = pageSpecs.map((name) => `${name}.spec.ts`);

export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'build/test-results',
  // One page with a machine in it fills the two cores that a test run can count on.
  workers: 1,
  timeout: 120_000,
  // What a slow and busy computer takes is no failure.
  expect: { timeout: 20_000 },
  forbidOnly: true,
  // A test that passes only the second time has found something.
  retries: 0,
  use: {
    ...devices['Desktop Chrome'],
    launchOptions: { ...chromiumLaunch, args: [...chromiumLaunch.args, `--js-flags=${compileOnce}`] },
    baseURL,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
  },
  projects: [
    { name: 'pages', testMatch: pages },
    { name: 'e2e', testIgnore: pages },
  ],
  webServer: {
    command: `node src/cli/bootstrap.mjs serve --port ${process.env.LOCKSTEP_E2E_PORT}`,
    url: baseURL,
    reuseExistingServer: false,
    timeout: 30_000,
  },
});
