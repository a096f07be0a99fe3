/**
 * The first index, of `length` many, at which `is` holds; `length`: at none. Where it holds once it holds for all that follow, as
 * in a list that is sorted: so log₂(length) questions are enough.
 */
export function firstIndex(length: number, is: (index: number) => boolean): number {
  let low = 0;
  for (let high = length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (is(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
