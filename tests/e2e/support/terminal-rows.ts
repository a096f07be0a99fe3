// What a terminal shows, read off the page.
import type { Locator } from '@playwright/test';

/** A string a row, without the empty rows below. `rows`: the terminal's .xterm-rows. */
export async function rowsOf(rows: Locator): Promise<string[]> {
  const all = await rows.locator('> div').allTextContents();
  return all
    .map((row) => row.replaceAll('\u00a0', ' ').trimEnd())
    .join('\n')
    .trimEnd()
    .split('\n');
}
