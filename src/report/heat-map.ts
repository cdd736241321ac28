import type { Matrix } from '../model/report.ts';
import { type Html, html } from './html.ts';
import { percent } from './words.ts';

/**
 * A confusion matrix as a table: a row a true class, shaded by the share of its names. A table and no picture, so that
 * it can be read aloud, searched and copied.
 */
export function heatMap({ classes, counts }: Matrix): Html {
  const sums = counts.map((row) => row.reduce((sum, n) => sum + n, 0));
  const cell = (n: number, row: number, column: number) => {
    const sum = sums[row] as number;
    const part = sum === 0 ? 0 : n / sum;
    // the square root lets a leak of 4 % be seen beside a diagonal of 90 %
    const shade = Math.round(Math.sqrt(part) * 100);
    const says = `${classes[row]} → ${classes[column]}: ${n} (${percent(part)})`;
    const kind = row === column ? 'right' : 'wrong';
    return html`<td class="${kind}" style="--shade:${shade}%" title="${says}">${n === 0 ? '' : n}</td>`;
  };
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix of l1"><table class="heat">
<caption>l1: a row is a true class, a column what was answered</caption>
<thead><tr><td></td>${classes.map((name) => html`<th scope="col"><span>${name}</span></th>`)}</tr></thead>
<tbody>${counts.map(
    (row, r) => html`<tr><th scope="row">${classes[r]}</th>${row.map((n, c) => cell(n, r, c))}</tr>
`,
  )}</tbody></table></div>`;
}
