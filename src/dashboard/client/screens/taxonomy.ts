import { h } from 'preact';
import { useState } from 'preact/hooks';
import type { TaxonomyScreen } from '../../../database/dashboard/model-shapes.ts';
import { may, useLive } from '../api.ts';
import { ActionButton, Copyable } from '../parts/actions.ts';
import { Empty, Field, Name, Panel, Problem, Table } from '../parts/basics.ts';
import { forgetCategories } from '../parts/category-picker.ts';
import { count, day, plural } from '../words.ts';
import { ChangePanel } from './change.ts';
import { type Branch, branches, Tree } from './tree.ts';

export function Taxonomy() {
  const { data, error, again } = useLive<TaxonomyScreen>('taxonomy', 15_000);
  const [chosen, setChosen] = useState<number | null>(null);
  const [text, setText] = useState('');
  if (data === null) return h(Problem, { error });
  const changed = () => {
    forgetCategories();
    void again();
  };
  const roots = branches(data.tree);
  const branch = chosen === null ? null : find(roots, chosen);
  return h(
    'div',
    { class: 'screen' },
    h(Problem, { error }),
    h(
      'div',
      { class: 'split' },
      h(
        Panel,
        {
          title: 'Tree',
          aside: h('span', { class: 'note' }, plural(data.tree.length, 'category', 'categories')),
        },
        data.tree.length === 0
          ? h(
              Empty,
              { title: 'No category yet. Labels bring theirs along:' },
              h(Copyable, { text: 'taxon import labels.csv --as labels' }),
            )
          : [
              h(
                Field,
                { key: 'find', label: 'Find' },
                h('input', {
                  type: 'search',
                  value: text,
                  placeholder: 'a part of a name',
                  onInput: (event: Event) => setText((event.currentTarget as HTMLInputElement).value),
                }),
              ),
              h(Tree, { key: 'tree', roots, text, chosen, onChoose: setChosen }),
            ],
      ),
      h(ChangePanel, { key: chosen ?? 0, branch, onDone: changed, onLeave: () => setChosen(null) }),
    ),
    data.progress.length > 0 && h(Splits, { rows: data.progress }),
    h(History, { rows: data.history, onUndone: changed }),
  );
}

function find(roots: readonly Branch[], id: number): Branch | null {
  for (const root of roots) {
    if (root.row.category_id === id) return root;
    const below = find(root.below, id);
    if (below !== null) return below;
  }
  return null;
}

function Splits(props: { rows: TaxonomyScreen['progress'] }) {
  return h(
    Panel,
    { title: 'Splits', wide: true },
    h(Table<TaxonomyScreen['progress'][number]>, {
      caption: 'How far splits have come',
      rows: props.rows,
      id: ({ taxonomy_change_id }) => taxonomy_change_id,
      columns: [
        { title: 'What', cell: ({ path }) => h(Name, { text: path ?? '' }) },
        { title: 'State', cell: ({ state }) => state },
        { title: 'Waiting', cell: (row) => count(row.waiting), figure: true },
        { title: 'Asked', cell: (row) => count(row.asked), figure: true },
        { title: 'Moved', cell: (row) => count(row.moved), figure: true },
        { title: 'Kept', cell: (row) => count(row.kept), figure: true },
        { title: 'Tokens', cell: (row) => `${count(row.tokens)} of ${count(row.max_tokens)}`, figure: true },
      ],
    }),
  );
}

const undoable = new Set(['rename', 'move', 'merge', 'split', 'retire']);

function History(props: { rows: TaxonomyScreen['history']; onUndone(): void }) {
  return h(
    Panel,
    { title: 'Changes', wide: true },
    props.rows.length === 0
      ? h(Empty, {
          title:
            'The tree was not changed yet. Choose a category above: each change is shown before it is made, and can be undone.',
        })
      : h(Table<TaxonomyScreen['history'][number]>, {
          caption: 'Changes of the taxonomy, the newest first',
          rows: props.rows,
          id: ({ taxonomy_change_id }) => taxonomy_change_id,
          columns: [
            { title: 'When', cell: ({ changed_at }) => day(changed_at) },
            { title: 'What', cell: ({ kind, undo_of }) => (undo_of === null ? kind : `undo of ${undo_of}`) },
            {
              title: 'Category',
              cell: ({ path, path_now }) => [
                h(Name, { text: path ?? path_now ?? '' }),
                path !== null &&
                  path_now !== null &&
                  path !== path_now && [
                    h('br', null),
                    h('span', { class: 'note' }, 'now '),
                    h(Name, { text: path_now }),
                  ],
              ],
            },
            { title: 'Labels', cell: ({ labels }) => count(labels), figure: true },
            { title: 'Products', cell: ({ products }) => count(products), figure: true },
            {
              title: 'Why',
              cell: ({ reason, changed_by }) =>
                h(
                  'span',
                  { class: 'note' },
                  h(Name, { text: reason ?? 'not said', class: 'says' }),
                  `, by ${changed_by}`,
                ),
            },
            {
              title: 'Way back',
              cell: ({ taxonomy_change_id, kind, undone_at }) =>
                undone_at !== null
                  ? h('span', { class: 'badge' }, 'undone')
                  : may('undo_taxonomy_change') &&
                    undoable.has(kind) &&
                    h(
                      ActionButton,
                      {
                        action: 'undo_taxonomy_change',
                        values: { taxonomy_change_id, reason: 'taken back on the page' },
                        said: 'Taken back',
                        onDone: props.onUndone,
                      },
                      'undo',
                    ),
            },
          ],
        }),
  );
}
