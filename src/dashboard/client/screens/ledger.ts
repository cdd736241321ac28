import { h } from 'preact';
import { useState } from 'preact/hooks';
import type { Budget, LedgerScreen, SpendRow } from '../../../database/dashboard/shapes.ts';
import { may, useLive } from '../api.ts';
import { ActionButton, AsSql } from '../parts/actions.ts';
import { Choice, Empty, Field, Name, Panel, Problem, Stat, Table, Why } from '../parts/basics.ts';
import { Chart } from '../parts/chart.ts';
import { count, money, percent, short } from '../words.ts';

const bys = [
  ['day', 'Day'],
  ['layer', 'Layer'],
  ['branch', 'Branch'],
  ['model', 'Model'],
  ['purpose', 'Purpose'],
  ['route', 'Route'],
] as const;
type By = (typeof bys)[number][0];
const periods = [
  ['1 day', '24 hours'],
  ['7 days', '7 days'],
  ['30 days', '30 days'],
  ['365 days', 'A year'],
] as const;
type Period = (typeof periods)[number][0];

export function Ledger() {
  const [by, setBy] = useState<By>('layer');
  const [since, setSince] = useState<Period>('30 days');
  const { data, error, again } = useLive<LedgerScreen>(
    `ledger?by=${by}&since=${encodeURIComponent(since)}`,
    5000,
  );
  if (data === null) return h(Problem, { error });
  const sum = (of: (row: SpendRow) => number | null) =>
    data.days.reduce<number | null>((all, row) => {
      const one = of(row);
      return all === null || one === null ? null : all + one;
    }, 0);
  const calls = sum((row) => row.calls) ?? 0;
  const simulated = data.days.some((row) => row.simulated === true);
  const tokens = sum((row) => row.tokens_in + row.tokens_out) ?? 0;
  const products = sum((row) => row.products ?? 0) ?? 0;
  return h(
    'div',
    { class: 'screen' },
    h(Problem, { error }),
    h(
      'div',
      { class: 'bar' },
      h(Choice<Period>, { label: 'Period', options: periods, value: since, onChange: setSince }),
      simulated &&
        h('span', { class: 'badge warn' }, 'the LLM is simulated: its tokens and money are not real'),
    ),
    h(
      'dl',
      { class: 'stats' },
      h(Stat, { label: 'Cost', value: money(sum((row) => row.cost)), note: `${count(calls)} calls` }),
      h(Stat, {
        label: 'Tokens',
        value: short(tokens),
        note: `${short(sum((row) => row.tokens_cached))} of them cached`,
      }),
      h(Stat, {
        label: 'Tokens a product',
        value: products === 0 ? '–' : (tokens / products).toFixed(1),
        note: `${short(products)} products arrived`,
      }),
    ),
    calls === 0
      ? h(
          Panel,
          { title: 'No call yet' },
          h(Empty, {
            title: 'The ledger has a row for each call to a provider. None was made in this period.',
          }),
        )
      : h(Days, { days: data.days }),
    h(
      Panel,
      {
        title: 'What it was for',
        wide: true,
        aside: h(Choice<By>, { label: 'By', options: bys, value: by, onChange: setBy }),
      },
      data.rows.length === 0
        ? h(Empty, { title: 'Nothing in this period.' })
        : h(Table<SpendRow>, {
            caption: `Spend by ${data.by}`,
            rows: data.rows,
            id: ({ what }) => what,
            columns: [
              {
                title: bys.find(([name]) => name === data.by)?.[1] ?? data.by,
                cell: ({ what }) => h(Name, { text: what }),
              },
              { title: 'Calls', cell: (row) => count(row.calls), figure: true },
              { title: 'Names', cell: (row) => count(row.names), figure: true },
              { title: 'Tokens in', cell: (row) => short(row.tokens_in), figure: true },
              { title: 'cached', cell: (row) => short(row.tokens_cached), figure: true },
              { title: 'Tokens out', cell: (row) => short(row.tokens_out), figure: true },
              { title: 'Cost', cell: (row) => money(row.cost), figure: true },
              {
                title: 'Tokens a product',
                cell: (row) => (row.tokens_a_product === null ? '–' : row.tokens_a_product.toFixed(1)),
                figure: true,
              },
              {
                title: 'Unanswered calls',
                cell: (row) =>
                  row.unknown_calls === 0
                    ? '–'
                    : `${count(row.unknown_calls)} (≤ ${short(row.unknown_tokens)} tokens)`,
                figure: true,
              },
            ],
          }),
    ),
    h(Budgets, { budgets: data.budgets, onDone: again }),
  );
}

function Days(props: { days: readonly SpendRow[] }) {
  const days = props.days
    .filter(({ what }) => /^\d{4}-/.test(what))
    .sort((a, b) => a.what.localeCompare(b.what));
  if (days.length < 2) return null;
  return h(
    Panel,
    { title: 'Tokens by day', wide: true },
    h(Chart, {
      label: `LLM tokens by day: ${days.map((row) => `${row.what} ${short(row.tokens_in + row.tokens_out)}`).join(', ')}`,
      x: days.map(({ what }) => Date.parse(what) / 1000),
      lines: [{ label: 'tokens, in and out', colour: 'llm' }],
      values: [days.map((row) => row.tokens_in + row.tokens_out)],
      format: { x: (value) => new Date(value * 1000).toISOString().slice(5, 10), y: short },
      height: 200,
      bars: true,
    }),
  );
}

const kinds = [
  ['llm_tokens_a_day', 'tokens a day'],
  ['llm_tokens_a_month', 'tokens a month'],
  ['llm_dollars_a_day', 'dollars a day'],
  ['llm_dollars_a_month', 'dollars a month'],
] as const;

function Budgets(props: { budgets: readonly Budget[]; onDone(): void }) {
  const [key, setKey] = useState<string>(kinds[0][0]);
  const [most, setMost] = useState('');
  const [reason, setReason] = useState('');
  const number = Number(most);
  const fits = most.trim() !== '' && Number.isFinite(number) && number >= 0;
  const why = reason.trim();
  const values = { key, value: fits ? number : null, ...(why === '' ? {} : { reason: why }) };
  const named = (budget: string) => kinds.find(([name]) => name === budget)?.[1] ?? budget;
  return h(
    Panel,
    { title: 'Budgets', wide: true },
    props.budgets.length === 0
      ? h(Empty, { title: 'No budget is set: the LLM is asked whatever it costs.' })
      : h(
          'ul',
          { class: 'budgets' },
          props.budgets.map(({ budget, most: limit, spent, share, ends }) =>
            h(
              'li',
              { key: budget },
              h(
                'span',
                null,
                h('strong', null, named(budget)),
                h('span', { class: 'note' }, ` ${short(spent)} of ${short(limit)}, until ${ends}`),
              ),
              h('progress', {
                max: 1,
                value: Math.min(1, share ?? 0),
                class: (share ?? 0) >= 0.8 ? 'near' : undefined,
                'aria-label': `${named(budget)}: ${percent(share, 0)} spent`,
              }),
              h('span', { class: 'figure' }, percent(share, 0)),
              may('set_setting') &&
                h(
                  ActionButton,
                  {
                    action: 'set_setting',
                    values: { key: budget, value: null, reason: 'no budget any more' },
                    said: `No budget of ${named(budget)} any more`,
                    onDone: props.onDone,
                  },
                  'Remove',
                ),
            ),
          ),
        ),
    may('set_setting') &&
      h(
        'div',
        { class: 'form' },
        h(
          Field,
          { label: 'Budget' },
          h(
            'select',
            {
              value: key,
              onChange: (event: Event) => setKey((event.currentTarget as HTMLSelectElement).value),
            },
            kinds.map(([name, text]) => h('option', { key: name, value: name }, text)),
          ),
        ),
        h(
          Field,
          { label: 'At most' },
          h('input', {
            type: 'text',
            inputMode: 'decimal',
            value: most,
            onInput: (event: Event) => setMost((event.currentTarget as HTMLInputElement).value),
          }),
        ),
        h(Why, { value: reason, onInput: setReason }),
        h(
          ActionButton,
          {
            action: 'set_setting',
            values,
            kind: 'main',
            disabled: !fits,
            said: 'The budget is set',
            onDone: props.onDone,
          },
          'Set',
        ),
        fits && h(AsSql, { action: 'set_setting', values }),
      ),
  );
}
