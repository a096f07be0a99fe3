/** The smallest sample that at least `share` (0 to 1) of them do not exceed: the nearest-rank method, which invents no value. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('There are no samples to take a percentile of.');
  return value;
}
