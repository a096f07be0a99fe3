// What may go from a clipboard into a shell. A page can put more on the clipboard than it shows: an ESC in it could end
// the bracketed paste (ESC [201~) early, and a line end runs what stands before it.

/** The text without control characters, except tab and line ends. */
export function cleanPaste(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
  return text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '');
}

/** Whether pasting it would run something at once, in a program that did not ask for bracketed paste. */
export function runsAtOnce(text: string, bracketed: boolean): boolean {
  return !bracketed && /[\r\n]/.test(text);
}
