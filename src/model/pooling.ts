/**
 * The mean of the hidden states of each text's tokens, L2-normalised: what transformers.js makes of `pooling: 'mean',
 * normalize: true`, bit by bit (sums of squares in single precision too).
 *
 * @param hidden texts × width × dimension, row-major
 * @param mask texts × width; 0 is padding
 */
export function meanPooled(
  hidden: Float32Array,
  mask: BigInt64Array,
  texts: number,
  width: number,
): Float32Array {
  const dimension = hidden.length / (texts * width);
  const pooled = new Float32Array(texts * dimension);
  const sums = new Float64Array(dimension);
  for (let text = 0; text < texts; text++) {
    sums.fill(0);
    let tokens = 0;
    for (let i = text * width; i < (text + 1) * width; i++) {
      if (mask[i] === 0n) continue;
      tokens++;
      for (let k = 0; k < dimension; k++)
        sums[k] = (sums[k] as number) + (hidden[i * dimension + k] as number);
    }
    const row = pooled.subarray(text * dimension, (text + 1) * dimension);
    let squares = 0;
    for (let k = 0; k < dimension; k++) {
      row[k] = (sums[k] as number) / tokens;
      squares = Math.fround(squares + (row[k] as number) ** 2);
    }
    const norm = Math.fround(Math.sqrt(squares));
    for (let k = 0; k < dimension; k++) row[k] = (row[k] as number) / norm;
  }
  return pooled;
}
