// How every test and bench starts a browser.

/**
 * For tests with machines in them: V8 is not to compile a second time, better, what runs often. That takes a third of all the work of a
 * machine that does each thing once, and a test run has two cores for up to three machines. Benches, and readers, have it.
 */
export const compileOnce = '--liftoff-only';

/** Debian's own Chromium: Playwright's download is not needed. */
export const chromiumLaunch = {
  executablePath: process.env.LOCKSTEP_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    // Chromium refuses its sandbox to root.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    // Each of these would look for servers on the internet when it starts.
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};
