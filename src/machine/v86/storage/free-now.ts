// Memory that is given back at once, not when the garbage collector gets to it: a start unpacks 150 MB of a guest's RAM in
// pieces of 2 MiB, and what it has not collected yet lies in the tab beside the guest.

/** Gives the buffer back; `bytes` is empty afterwards. Nobody else may have a view of it. */
export function freeNow(bytes: Uint8Array): void {
  const { buffer } = bytes;
  // A part of a larger buffer (Node's pool) is not ours to give; and Safari before 17.4 has no transfer.
  if (!(buffer instanceof ArrayBuffer) || bytes.byteLength !== buffer.byteLength) return;
  buffer.transfer?.(0);
}
