// The terminal's colours are the page's tokens (src/styles/tokens.css), read again whenever the theme changes.
import type { ITheme } from '@xterm/xterm';

export function terminalTheme(): ITheme {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--ls-term-${name}`).trim();
  return {
    background: token('background'),
    foreground: token('foreground'),
    cursor: token('cursor'),
    cursorAccent: token('background'),
    selectionBackground: token('selection'),
    black: token('black'),
    red: token('red'),
    green: token('green'),
    yellow: token('yellow'),
    blue: token('blue'),
    magenta: token('magenta'),
    cyan: token('cyan'),
    white: token('white'),
    brightBlack: token('bright-black'),
    brightRed: token('bright-red'),
    brightGreen: token('bright-green'),
    brightYellow: token('bright-yellow'),
    brightBlue: token('bright-blue'),
    brightMagenta: token('bright-magenta'),
    brightCyan: token('bright-cyan'),
    brightWhite: token('bright-white'),
  };
}

/** Calls back when the reader or the device changes the theme. Returns what ends it. */
export function onThemeChange(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => observer.disconnect();
}
