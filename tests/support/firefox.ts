// How a test starts Debian's own Firefox. Playwright's is one of its own making, which has to be downloaded; the stock one speaks
// WebDriver BiDi, by puppeteer.
import puppeteer, { type Browser } from 'puppeteer-core';

export function launchFirefox(): Promise<Browser> {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.LOCKSTEP_FIREFOX ?? '/usr/bin/firefox-esr',
    headless: true,
    defaultViewport: { width: 1440, height: 900 },
  });
}
