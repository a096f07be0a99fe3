// Names that a machine gave, made harmless to show. Linux lets a device, a namespace or a container's label hold nearly any
// byte: an escape sequence would recolour a terminal, a right-to-left mark would turn a sentence round, a line break would
// make two lines of one. Such characters are written out, so that the reader sees that they are there.

// Unicode's own kinds: Cc are the control characters (C0, DEL, C1), Zl and Zp break lines, Cs is half of a surrogate pair,
// which no encoder can write. Of Cf, what is invisible: those that turn the direction of text round (RFC 8264 and Unicode
// TR 36 tell of both), zero-width ones, the byte order mark, and tags (U+E0000 and on). Soft hyphens and Arabic number signs are letters in earnest.
const HARMFUL = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

/** "\u001b[31mred" for a name that begins with an escape character; the same string when nothing in it is harmful. */
export function visible(text: string): string {
  return text.replace(HARMFUL, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  });
}
