// How every test and bench starts a browser.

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
