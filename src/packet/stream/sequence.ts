// Sequence numbers are 32 bits and go round (RFC 9293 section 3.4): which of two is later is the sign of their difference. Here they are
// numbers with a sign, whatever the header shows: those fit into a field of an object, where larger ones need an object of their own.

export const isAfter = (a: number, b: number): boolean => ((a - b) | 0) > 0;
export const isBefore = (a: number, b: number): boolean => ((a - b) | 0) < 0;
/** `count` further on. */
export const plus = (a: number, count: number): number => (a + count) | 0;
