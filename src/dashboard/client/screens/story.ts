import { h } from 'preact';
import { useLive } from '../api.ts';
import { LayerTag, Name, Panel, Path, Problem, Table } from '../parts/basics.ts';
import { day } from '../words.ts';
import { Correct } from './correct.ts';
import type { Told } from './told.ts';
import { Why } from './why.ts';

/** One product: what it says, why, what else it might be, what it cost, and all that was ever done to it. */

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
