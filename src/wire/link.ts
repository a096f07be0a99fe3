// What a cable does to the frames that cross it, in either direction. By default: nothing.

export interface LinkSettings {
  /** False: the cable is pulled. */
  readonly plugged: boolean;
  /** Share of frames that get lost, 0 to 1. */
  readonly loss: number;
  /** ms that a frame takes to cross it. A frame crosses two cables, its sender's and its receiver's. */
  readonly delay: number;
  /** ms by which the delay varies, up or down, evenly spread. Frames keep their order all the same. */
  readonly jitter: number;
}

export const perfectLink: LinkSettings = { plugged: true, loss: 0, delay: 0, jitter: 0 };

/** Throws RangeError, saying what is wrong, for settings that no cable can have. */
export function checkLink({ loss, delay, jitter }: LinkSettings): void {
  if (!(loss >= 0 && loss <= 1)) throw new RangeError(`A link loses a share of 0 to 1 of its frames, not ${loss}.`);
  for (const [name, ms] of Object.entries({ delay, jitter }))
    if (!(ms >= 0 && Number.isFinite(ms))) throw new RangeError(`A link's ${name} is 0 ms or more, not ${ms}.`);
}

export function isTransparent({ loss, delay, jitter }: LinkSettings): boolean {
  return loss === 0 && delay === 0 && jitter === 0;
}

/**
 * One link's luck. It has numbers of its own, which follow from the wire's seed and the link's name: the fate of the frames on
 * one link does not change with what happens on another, nor with when the reader stops time.
 */
export class LinkLuck {
  #bits: number;

  constructor(seed: number, name: string) {
    // FNV-1a over the name, begun with the seed.
    let hash = (0x811c_9dc5 ^ seed) >>> 0;
    for (let index = 0; index < name.length; index++)
      hash = Math.imul(hash ^ name.charCodeAt(index), 0x0100_0193) >>> 0;
    this.#bits = hash === 0 ? 1 : hash;
    // Seeds that are alike begin alike.
    for (let n = 0; n < 8; n++) this.#draw();
  }

  loses({ loss }: LinkSettings): boolean {
    return loss > 0 && this.#draw() < loss;
  }

  /** ms for the next frame. */
  delay({ delay, jitter }: LinkSettings): number {
    return jitter === 0 ? delay : Math.max(0, delay + (2 * this.#draw() - 1) * jitter);
  }

  /** 0 to below 1. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (14), 2003: 13, 17, 5. */
  #draw(): number {
    let bits = this.#bits;
    bits ^= bits << 13;
    bits ^= bits >>> 17;
    bits ^= bits << 5;
    this.#bits = bits >>> 0;
    return this.#bits / 0x1_0000_0000;
  }
}
