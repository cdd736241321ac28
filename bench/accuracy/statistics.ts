/** Names that only the one or only the other has right, from two strings of `rightBits`. */
export function discordant(first: string, second: string): { first: number; second: number } {
  const [a, b] = [Buffer.from(first, 'base64'), Buffer.from(second, 'base64')];
  if (a.length !== b.length) throw new Error('the two methods were not scored on the same names');
  const ones = (byte: number) => byte.toString(2).replaceAll('0', '').length;
  let onlyFirst = 0;
  let onlySecond = 0;
  for (const [i, byte] of a.entries()) {
    onlyFirst += ones(byte & ~(b[i] as number));
    onlySecond += ones((b[i] as number) & ~byte);
  }
  return { first: onlyFirst, second: onlySecond };
}

/** Two-sided 95% quantiles of Student's t for 1 to 9 degrees of freedom. */
const student = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
/** As many seeds as there are quantiles for. */
export const mostSeeds = student.length + 1;

/** The mean of some seeds' figures and half the width of its 95% interval; null for a single seed. */
export function meanAndInterval(values: readonly number[]): { mean: number; half: number | null } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, half: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, half: (student[n - 2] as number) * Math.sqrt(variance / n) };
}
