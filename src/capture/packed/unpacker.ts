// What unpacks a file that comes in pieces.

export interface Unpacker {
  /**
   * What becomes of the next bytes, piece by piece, so that nobody holds all that a few bytes may become. `last`: nothing follows.
   *
   * @throws PackedProblem, when everything before the damage has been given
   */
  unpack(bytes: Uint8Array, last: boolean): Iterable<Uint8Array>;
}

/** What is wrong with a packed file, to go on after "it cannot be unpacked further: ". */
export class PackedProblem extends Error {}
