import { frame, tableOf } from '../report/frame.ts';
import { type Html, html } from '../report/html.ts';
import { number, percent } from '../report/words.ts';
import { type Part, partsOf } from './parts.ts';
import type { XrayReport } from './types.ts';
import { dollars } from './words.ts';

/** Shares as bars, the whole width being everything. */
const bars = ({ bars }: Part) =>
  bars.length === 0
    ? ''
    : html`<div class="bars">${bars.map(
        ({
          name,
          share,
          note,
        }) => html`<span>${name}</span><span class="track"><i style="width: ${(share * 100).toFixed(1)}%"></i></span>
<span class="soft">${percent(share)}${note === '' ? '' : ` · ${note}`}</span>
`,
      )}</div>`;

/** What counts most, in large figures. */
function figures({ savings, names, labels }: XrayReport): Html {
  const of: [string, string][] =
    savings === null
      ? [
          ['rows', number(names.rows)],
          ['different names', number(names.distinct)],
          ['near doubles', percent(names.near.share)],
        ]
      : [
          ['tokens saved', percent(savings.saved)],
          ['left for the LLM', percent(savings.shares.llm.share)],
          ['a month now', dollars(savings.now.dollars)],
          ['a month then', dollars(savings.then.dollars)],
          ...(labels?.noise
            ? [
                ['wrong labels', `${labels.noise.rough ? '≈ ' : ''}${percent(labels.noise.share)}`] as [
                  string,
                  string,
                ],
              ]
            : []),
        ];
  return html`<dl class="figures">${of.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

const facts = ({ facts }: Part) =>
  facts.length === 0
    ? ''
    : html`<dl class="facts">${facts.map(([name, value]) => html`<dt>${name.trim()}</dt><dd>${value}</dd>`)}</dl>`;

/** The picture as one HTML page; names are text, whatever they hold. */
export function xrayPage(report: XrayReport): string {
  const parts = partsOf(report);
  const body = parts.map(
    (part, i) => html`<section id="${part.id}"><h2>${part.title}</h2>
${i === 0 ? figures(report) : ''}${bars(part)}${facts(part)}${part.rows.length === 0 ? '' : tableOf(part.title, part.rows)}
${part.says.map((sentence) => html`<p>${sentence}</p>\n`)}${part.examples.length === 0 ? '' : html`<ul class="examples">${part.examples.map((example) => html`<li><bdi>${example}</bdi></li>`)}</ul>`}</section>
`,
  );
  const made = `${number(report.names.rows)} rows, ${report.made.slice(0, 16).replace('T', ' ')} UTC; they were only read`;
  return frame(
    { title: `X-ray of ${report.source.name}`, of: 'pgtaxon', made, nav: 'Parts of the picture' },
    parts,
    body,
  );
}
