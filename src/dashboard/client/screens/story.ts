import { h } from 'preact';
import { useState } from 'preact/hooks';
import { may, useLive } from '../api.ts';
import { ActionButton, AsSql, perform } from '../parts/actions.ts';
import { LayerTag, Name, Panel, Path, Problem, Table } from '../parts/basics.ts';
import { CategoryPicker } from '../parts/category-picker.ts';
import { count, day, level, money } from '../words.ts';

/** One product: what it says, why, what else it might be, what it cost, and all that was ever done to it. */

type Facts = Record<string, unknown>;
interface Told {
  story: {
    product: {
      product_id: number;
      name: string | null;
      name_length?: number;
      name_key: string | null;
      state: string;
      created_at: string;
      failure: string | null;
    };
    answer: { layer: string; category_id: number; path: string; at: string } | null;
    similar: { matched_key: string; similarity: number; label: string | null } | null;
    label: { path: string; source: string; confidence: number | null; since: string } | null;
    local: { model_id: number; confidence: (number | null)[] } | null;
    evidence: {
      path: string | null;
      said: number[];
      clears: boolean;
      answered: boolean;
      at: string;
      nearest: number | null;
      voices: unknown;
    } | null;
    thresholds: { then: Three | null; now: Three | null };
    alternatives: {
      similar: { name: string; path: string; similarity: number; blocked_by: string | null }[];
      nearest: { name: string; path: string; cosine: number }[];
      shortlist: string[];
    };
    llm: {
      llm_call_id: number;
      provider: string;
      model: string;
      simulated: boolean;
      tokens: number;
      cost: number | null;
      at: string | null;
    } | null;
    cost: Facts | null;
    checks: {
      check_id: number;
      strategy: string;
      judged: string;
      right: boolean | null;
      truth: string | null;
      by: string | null;
      at: string | null;
    }[];
    history: {
      what: string;
      before: string | null;
      before_source: string | null;
      after: string | null;
      after_source: string | null;
      why: string | null;
      by: string;
      at: string;
    }[];
  };
  lines: { item: string; detail: string }[];
}
interface Three {
  l1: number;
  l2: number;
  l3: number;
  certified: boolean;
  reason: string | null;
}

export function Story(props: { id: number }) {
  const { data, error, again } = useLive<Told>(`story?product_id=${props.id}`, 3000);
  if (data === null) return h(Problem, { error });
  const { product, answer, alternatives, checks, history } = data.story;
  return [
    h(Problem, { error, key: 'problem' }),
    h(
      Panel,
      {
        key: 'answer',
        title: `Product ${product.product_id}`,
        wide: true,
        aside: h(LayerTag, { layer: answer?.layer ?? product.state }),
      },
      h(
        'p',
        { class: 'big-name' },
        h(Name, {
          text: product.name ?? '',
          ...(product.name_length === undefined ? {} : { length: product.name_length }),
        }),
      ),
      h(
        'p',
        { class: 'answer' },
        answer === null
          ? h('span', { class: 'note' }, product.failure ?? 'It waits for an answer.')
          : h(Path, { path: answer.path }),
      ),
      h(
        'p',
        { class: 'note' },
        `inserted ${day(product.created_at)}${answer === null ? '' : `, answered ${day(answer.at)} by ${answer.layer}`}`,
      ),
      h(Correct, { id: product.product_id, answered: answer !== null, onDone: again }),
    ),
    h(Panel, { key: 'why', title: 'Why', wide: true }, h(Why, { told: data })),
    h(
      Panel,
      { key: 'else', title: 'What else it might be', wide: true },
      h(
        'ul',
        { class: 'rows' },
        alternatives.similar.map((other) =>
          h(
            'li',
            { key: `s ${other.name}` },
            h('span', { class: 'row-link' }, h(Name, { text: other.name })),
            h('span', { class: 'row-path' }, h(Path, { path: other.path })),
            h(
              'span',
              { class: 'note' },
              `${other.similarity.toFixed(2)} similar`,
              other.blocked_by !== null && [
                ', blocked by ',
                h(Name, { text: other.blocked_by, class: 'says' }),
              ],
            ),
          ),
        ),
        alternatives.nearest.map((other) =>
          h(
            'li',
            { key: `n ${other.name}` },
            h('span', { class: 'row-link' }, h(Name, { text: other.name })),
            h('span', { class: 'row-path' }, h(Path, { path: other.path })),
            h('span', { class: 'note' }, `${other.cosine.toFixed(2)} near in meaning`),
          ),
        ),
        alternatives.shortlist.map((path) =>
          h(
            'li',
            { key: `c ${path}` },
            h('span', { class: 'row-link' }, h(Path, { path })),
            h('span', { class: 'note' }, 'offered to the LLM'),
          ),
        ),
      ),
      alternatives.similar.length + alternatives.nearest.length + alternatives.shortlist.length === 0 &&
        h('p', { class: 'note' }, 'Memory has no name near it.'),
    ),
    h(
      Panel,
      { key: 'history', title: 'What was done to it', wide: true },
      checks.length + history.length === 0
        ? h('p', { class: 'note' }, 'Nobody judged or changed it.')
        : h(Table<Event>, {
            caption: 'Checks and changes',
            rows: eventsOf(data.story),
            id: ({ key }) => key,
            columns: [
              { title: 'When', cell: ({ at }) => day(at) },
              { title: 'What', cell: ({ what }) => what },
              { title: 'Before', cell: ({ before }) => h(Path, { path: before }) },
              { title: 'After', cell: ({ after }) => h(Path, { path: after }) },
              { title: 'Why', cell: ({ why }) => h('span', { class: 'note' }, why) },
            ],
          }),
    ),
    h(
      'details',
      { key: 'lines', class: 'quietly panel' },
      h('summary', null, 'All lines of explain()'),
      h(
        'dl',
        { class: 'facts' },
        data.lines.map(({ item, detail }, i) => [
          h('dt', { key: `${i} t` }, item),
          h('dd', { key: `${i} d` }, h(Name, { text: detail ?? '', class: 'says' })),
        ]),
      ),
    ),
  ];
}

interface Event {
  key: string;
  at: string | null;
  what: string;
  before: string | null;
  after: string | null;
  why: string;
}

function eventsOf({ checks, history }: Told['story']): Event[] {
  const judged = checks.map(
    ({ check_id, strategy, judged: before, right, truth, by, at }): Event => ({
      key: `check ${check_id}`,
      at,
      what: right === null ? `check ${check_id} waits` : `check ${check_id}: ${right ? 'right' : 'wrong'}`,
      before,
      after: truth,
      why: `${strategy}${by === null ? '' : `, by ${by}`}`,
    }),
  );
  const changed = history.map(
    ({ what, before, before_source, after, after_source, why, by, at }, i): Event => ({
      key: `change ${i}`,
      at,
      what: `${what}: ${before_source ?? 'none'} → ${after_source ?? 'none'}`,
      before,
      after,
      why: `${why ?? ''}${why === null ? '' : ', '}by ${by}`,
    }),
  );
  return [...judged, ...changed].sort((a, b) => (b.at ?? '9').localeCompare(a.at ?? '9'));
}

function Why(props: { told: Told }) {
  const { label, similar, local, evidence, thresholds, llm, cost } = props.told.story;
  const three = (t: Three | null) =>
    t === null ? 'none' : `${[t.l1, t.l2, t.l3].map(level).join(' / ')}${t.certified ? ', certified' : ''}`;
  const rows: [string, unknown][] = [];
  if (label !== null)
    rows.push([
      'memory',
      [
        h(Path, { path: label.path }),
        h('span', { class: 'note' }, ` label by ${label.source}, since ${day(label.since)}`),
      ],
    ]);
  if (similar !== null)
    rows.push([
      'similar',
      [
        h(Name, { text: similar.matched_key }),
        h('span', { class: 'note' }, ` ${similar.similarity.toFixed(2)} similar, labelled `),
        h(Path, { path: similar.label }),
      ],
    ]);
  if (local !== null)
    rows.push(['local', `model ${local.model_id}: ${local.confidence.map(level).join(' / ')}`]);
  if (evidence !== null)
    rows.push([
      'it said',
      [
        h(Path, { path: evidence.path }),
        h(
          'span',
          { class: 'note' },
          ` ${evidence.clears ? 'all levels clear the thresholds' : 'a level was below its threshold'}${evidence.answered ? ', so it answered' : ''}`,
        ),
      ],
    ]);
  if (thresholds.then !== null) rows.push(['thresholds then', three(thresholds.then)]);
  rows.push(['thresholds now', three(thresholds.now)]);
  if (llm !== null)
    rows.push([
      'LLM',
      `${llm.provider} ${llm.model}${llm.simulated ? ' (simulated)' : ''}, call ${llm.llm_call_id}: ${llm.tokens} tokens, ${money(llm.cost)}`,
    ]);
  if (cost !== null && typeof cost.tokens === 'number')
    rows.push(['cost in all', `${count(cost.tokens)} tokens in ${count(Number(cost.calls))} calls`]);
  return h(
    'dl',
    { class: 'facts' },
    rows.map(([title, text]) => [
      h('dt', { key: `${title} t` }, title),
      h('dd', { key: `${title} d` }, text as string),
    ]),
  );
}

function Correct(props: { id: number; answered: boolean; onDone(): void }) {
  const [typing, setTyping] = useState(false);
  const { id, answered, onDone } = props;
  if (!may('confirm')) return null;
  return h(
    'div',
    null,
    h(
      'div',
      { class: 'buttons' },
      answered &&
        h(
          ActionButton,
          { action: 'confirm', values: { product_id: id }, kind: 'main', said: 'It is right', onDone },
          'It is right',
        ),
      h('button', { type: 'button', onClick: () => setTyping(!typing) }, 'It is …'),
      answered &&
        h(
          ActionButton,
          {
            action: 'reject',
            values: { product_id: id },
            kind: 'danger',
            said: 'It is wrong: the LLM is asked again',
            onDone,
          },
          'It is wrong',
        ),
      h(
        ActionButton,
        {
          action: 'decide_again',
          values: { product_id: id, reason: 'asked on the page' },
          said: 'It is decided again from the first layer on',
          onDone,
        },
        'Decide again',
      ),
      h(
        ActionButton,
        {
          action: 'mark_urgent',
          values: { product_id: id },
          said: 'The LLM is asked for it even when the budget is spent',
          onDone,
        },
        'Urgent',
      ),
    ),
    typing &&
      h(CategoryPicker, {
        label: 'What it is',
        autofocus: true,
        onChoose: async (choice) => {
          setTyping(false);
          if (
            (await perform(
              'confirm',
              { product_id: id, category_id: choice.category_id },
              `It is ${choice.path}`,
            )) !== null
          )
            onDone();
        },
        onLeave: () => setTyping(false),
      }),
    h(AsSql, { action: 'confirm', values: { product_id: id } }),
  );
}
