import { h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { MistakeRow } from '../../../database/dashboard/judging-shapes.ts';
import { may, useLive } from '../api.ts';
import { ActionButton, Copyable } from '../parts/actions.ts';
import { Empty, Name, Panel, Path, Problem } from '../parts/basics.ts';
import { percent, plural } from '../words.ts';

/** Labels that a model which had not seen them says are wrong. */
export function Mistakes() {
  const { data, error, again } = useLive<MistakeRow[]>('mistakes', 0);
  const [left, setLeft] = useState(20);
  useEffect(() => setLeft(20), [data]);
  if (data === null) return h(Problem, { error });
  if (data.length === 0)
    return h(
      Panel,
      { title: 'No likely mistake' },
      h(
        Empty,
        { title: 'A training with cleaning judges each label by a model that had not seen it.' },
        h(Copyable, { text: 'taxon clean --dry-run' }),
      ),
    );
  const inMemory = data.filter(({ product_id }) => product_id === null).length;
  return h(
    Panel,
    {
      title: 'Labels that are most likely wrong',
      aside: h('span', { class: 'note' }, plural(data.length, 'label')),
    },
    h(
      'p',
      { class: 'note' },
      'A model that had not seen the label says something else, the surest first. It may be wrong too.',
    ),
    inMemory > 0 &&
      h(
        'p',
        { class: 'note' },
        `${inMemory} of them have no row in products: correct those with `,
        h('code', null, 'taxon import corrections.csv --as labels --source human'),
        '.',
      ),
    h(
      'ul',
      { class: 'rows mistakes' },
      data.slice(0, left).map((row) =>
        h(
          'li',
          { key: row.name },
          h('span', { class: 'row-link' }, h(Name, { text: row.name, length: row.name_length })),
          h(
            'dl',
            { class: 'either' },
            h('dt', null, `memory (${row.source})`),
            h('dd', null, h(Path, { path: row.label })),
            h('dt', null, `model, ${percent(row.confidence, 0)} sure`),
            h('dd', null, h(Path, { path: row.predicted })),
          ),
          may('confirm') &&
            row.product_id !== null &&
            h(
              'span',
              { class: 'row-buttons' },
              row.predicted_id !== null &&
                h(
                  ActionButton,
                  {
                    action: 'confirm',
                    values: { product_id: row.product_id, category_id: row.predicted_id },
                    said: 'The model is right',
                    onDone: again,
                  },
                  'model is right',
                ),
              row.label_id !== null &&
                h(
                  ActionButton,
                  {
                    action: 'confirm',
                    values: { product_id: row.product_id, category_id: row.label_id },
                    said: 'The label is right',
                    onDone: again,
                  },
                  'label is right',
                ),
            ),
        ),
      ),
    ),
    left < data.length && h('button', { type: 'button', onClick: () => setLeft(left + 20) }, 'Show more'),
  );
}
