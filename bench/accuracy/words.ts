import type { Figure } from './summary.ts';

export const percent = (share: number) => (share * 100).toFixed(1);
export const count = (value: number) => Math.round(value).toLocaleString('en-US');

/** A share in percent, with half of its interval where there is one. */
export function figure({ mean, half }: Figure): string {
  return half === null ? percent(mean) : `${percent(mean)} ± ${percent(half)}`;
}

/** A p-value as the tables show it. */
export function pValue(p: number): string {
  return p < 0.0001 ? '< 0.0001' : p.toFixed(4);
}

/** A row of a table in Markdown. */
export const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
