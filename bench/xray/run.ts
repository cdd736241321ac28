/** `node bench/xray/run.ts --help` */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig, packageRoot } from '../../src/config.ts';
import type { Input, SavingsPart } from '../../src/xray/types.ts';
import { xray } from '../../src/xray/xray.ts';
import { writeSection } from '../trust/sections.ts';
import { demoShop, type Shop, titlesShop } from './shops.ts';
import { atOnce, type Truth, truthOf } from './truth.ts';

const help = `What an x-ray of the first three quarters of a history says, beside what the layers really do with the rest: a real sidecar in a
throw-away PostgreSQL, with a first model of letters and a SIMULATED LLM that says what the shop's own LLM said.

  node bench/xray/run.ts [--shop demo|cyrillic|latin] [--rows 20000] [--doc]

  --doc  also writes the section into docs/measured/xray.md`;

const { values } = parseArgs({
  options: {
    shop: { type: 'string', multiple: true, default: ['demo', 'cyrillic'] },
    rows: { type: 'string', default: '20000' },
    doc: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function shopOf(name: string, rows: number): Promise<Shop | null> {
  if (name === 'demo') return demoShop(rows);
  if (name !== 'cyrillic' && name !== 'latin') throw new Error(`there is no shop ${name}\n${help}`);
  return titlesShop(name === 'cyrillic' ? 'Cyrillic' : 'Latin', rows);
}

const inputOf = ({ name, before }: Shop): Input => ({
  source: { kind: 'file', name },
  read: before.length,
  rows: before.map((row, i) => ({ where: `row ${i + 1}`, category: null, at: null, ...row })),
  ...{ ordered: 'as read', faults: [], categories: null, notes: [] },
});

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
const points = (a: number, b: number) => `${a < b ? '' : '+'}${((a - b) * 100).toFixed(1)}`;

function lines(shop: Shop, said: SavingsPart, truth: Truth, seconds: number): string[] {
  const row = (what: string, estimate: number, real: number) =>
    `| ${shop.name} | ${what} | ${percent(estimate)} | ${percent(real)} | ${points(estimate, real)} |`;
  const { exact, similar, local, llm } = said.shares;
  return [
    row('**tokens saved**', said.saved, truth.saved),
    row('left for the LLM', llm.share, truth.shares.llm),
    row('exact', exact, truth.shares.exact),
    row('similar', similar, truth.shares.similar),
    row('local', local, truth.shares.local),
    row("not the row's label, of all that is answered", said.wrong.all ?? 0, truth.wrong),
    `| ${shop.name} | tokens a row: today; then | ${said.now.tokensARow.toFixed(0)}; ${said.then.tokensARow.toFixed(1)} | ${truth.naiveTokensARow.toFixed(0)}; ${truth.tokensARow.toFixed(1)} | |`,
    `| ${shop.name} | rows; seconds of the x-ray | ${shop.before.length.toLocaleString('en')}; ${seconds.toFixed(0)} | ${truth.rows.toLocaleString('en')} | |`,
  ];
}

if (values.help) console.log(help);
else {
  const config = loadConfig();
  const { signal } = new AbortController();
  const table = ['| shop | | x-ray | truth | points |', '|---|---|--:|--:|--:|'];
  for (const name of values.shop) {
    const shop = await shopOf(name, Number(values.rows));
    if (shop === null) {
      console.error(`skipped: the titles of ${name} are not here`);
      continue;
    }
    const report = await xray(inputOf(shop), config, { signal, namesAtOnce: atOnce });
    if (report.savings === null) throw new Error(`the x-ray of ${name} says nothing of savings`);
    const truth = await truthOf(shop, config);
    table.push(...lines(shop, report.savings, truth, report.seconds));
    console.log(table.slice(-8).join('\n'));
  }
  console.log(`\n${table.join('\n')}`);
  if (values.doc)
    writeSection(
      join(packageRoot, 'docs/measured/xray.md'),
      'bench/xray/run.ts',
      [
        `\`node bench/xray/run.ts ${process.argv
          .slice(2)
          .filter((arg) => arg !== '--doc')
          .join(' ')}\`, ${new Date().toISOString().slice(0, 10)}`,
        '',
        ...table,
      ].join('\n'),
    );
}
