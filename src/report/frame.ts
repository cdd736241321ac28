import { Html, html } from './html.ts';
import type { Cell } from './section.ts';
import { style } from './style.ts';
import { number } from './words.ts';

/** Longer tables are folded; a person opens them. */
const openUpTo = 24;

const isNumber = (cell: Cell | undefined) =>
  typeof cell === 'number' || cell === '' || /^[+-]?[\d.,]+( %)?$/.test(cell ?? '');

/** Rows of the same columns as a table that scrolls by itself; numbers to the right. */
export function tableOf(
  title: string,
  rows: readonly Record<string, Cell>[],
  isMain: (row: Record<string, Cell>) => boolean = () => false,
): Html {
  const columns = Object.keys(rows[0] ?? {});
  const kinds = columns.map((column) => (rows.every((row) => isNumber(row[column])) ? 'number' : ''));
  const shown = (cell: Cell | undefined) => (typeof cell === 'number' ? number(cell) : cell);
  const markup = html`<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table>
<thead><tr>${columns.map((column, i) => html`<th scope="col" class="${kinds[i]}">${column}</th>`)}</tr></thead>
<tbody>${rows.map(
    (
      row,
    ) => html`<tr class="${isMain(row) ? 'main' : ''}">${columns.map((column, i) => html`<td class="${kinds[i]}">${shown(row[column])}</td>`)}</tr>
`,
  )}</tbody></table></div>`;
  return rows.length > openUpTo
    ? html`<details><summary>${number(rows.length)} rows</summary>${markup}</details>`
    : markup;
}

/** A page that needs nothing else: no network, no script, no font. */
export function frame(
  head: { title: string; of: string; made: string; nav: string },
  sections: readonly { id: string; title: string }[],
  body: readonly Html[],
): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${head.title}: ${head.of}</title><style>${new Html(style)}</style></head>
<body><header><h1>${head.title}</h1><p class="soft">${head.made}</p>
<nav aria-label="${head.nav}">${sections.map(({ id, title }) => html`<a href="#${id}">${title}</a> `)}</nav></header>
<main>${body}</main></body></html>
`.text;
}
