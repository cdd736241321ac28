import { h } from 'preact';
import { useState } from 'preact/hooks';
import type { TreeRow } from '../../../database/dashboard/model-shapes.ts';
import { Name } from '../parts/basics.ts';
import { count, percent, short } from '../words.ts';

/** The tree with what lies in each branch. */

export interface Branch {
  row: TreeRow;
  below: Branch[];
  /** Of the category and all below it. */
  labels: number;
  products: number;
  checked: number;
  wrong: number;
}

/** Rows, parents before children, as branches with their sums. */
export function branches(rows: readonly TreeRow[]): Branch[] {
  const all = new Map<number, Branch>(
    rows.map((row) => [
      row.category_id,
      { row, below: [], labels: row.labels, products: row.products, checked: row.checked, wrong: row.wrong },
    ]),
  );
  const roots: Branch[] = [];
  for (const row of rows) {
    const branch = all.get(row.category_id) as Branch;
    const parent = row.parent_id === null ? undefined : all.get(row.parent_id);
    (parent?.below ?? roots).push(branch);
  }
  for (const row of rows.toReversed()) {
    const branch = all.get(row.category_id) as Branch;
    const parent = row.parent_id === null ? undefined : all.get(row.parent_id);
    if (parent === undefined) continue;
    for (const key of ['labels', 'products', 'checked', 'wrong'] as const) parent[key] += branch[key];
  }
  return roots;
}

/** Fewer checks say nothing of a share. */
const enough = 30;

export const errorOf = ({ checked, wrong }: Branch): string =>
  checked === 0 ? '–' : checked < enough ? `${wrong} of ${checked}` : percent(wrong / checked, 0);

/** Whether the branch, or one below it, holds the text. */
const holds = ({ row, below }: Branch, text: string): boolean =>
  row.name.toLowerCase().includes(text) || below.some((one) => holds(one, text));

export function Tree(props: {
  roots: readonly Branch[];
  text: string;
  chosen: number | null;
  onChoose(id: number): void;
}) {
  const text = props.text.trim().toLowerCase();
  return h(
    'div',
    { class: 'tree' },
    h(
      'div',
      { class: 'tree-head', 'aria-hidden': 'true' },
      h('span', null, 'Category'),
      h('span', null, 'Labels'),
      h('span', null, 'Products'),
      h('span', null, 'Wrong'),
    ),
    h(
      'ul',
      { 'aria-label': 'Categories' },
      props.roots
        .filter((root) => text === '' || holds(root, text))
        .map((branch) =>
          h(Node, {
            key: branch.row.category_id,
            branch,
            text,
            chosen: props.chosen,
            onChoose: props.onChoose,
          }),
        ),
    ),
  );
}

function Node(props: { branch: Branch; text: string; chosen: number | null; onChoose(id: number): void }) {
  const { branch, text, chosen, onChoose } = props;
  const { row, below } = branch;
  const [opened, setOpened] = useState(false);
  const found = text !== '' && below.some((one) => holds(one, text));
  const open = opened || found;
  const shown = found ? below.filter((one) => holds(one, text)) : below;
  return h(
    'li',
    null,
    h(
      'div',
      { class: row.category_id === chosen ? 'node chosen' : 'node' },
      below.length > 0
        ? h(
            'button',
            {
              type: 'button',
              class: 'twist',
              'aria-expanded': open,
              'aria-label': `${open ? 'Close' : 'Open'} ${row.name.slice(0, 60)}`,
              onClick: () => setOpened(!open),
            },
            h('span', { 'aria-hidden': 'true' }, open ? '▾' : '▸'),
          )
        : h('span', { class: 'twist' }),
      h(
        'button',
        {
          type: 'button',
          class: 'node-name',
          'aria-pressed': row.category_id === chosen,
          onClick: () => onChoose(row.category_id),
        },
        h(Name, { text: row.name }),
      ),
      h('span', { class: 'figure', title: `${count(branch.labels)} labels` }, short(branch.labels)),
      h('span', { class: 'figure', title: `${count(branch.products)} products` }, short(branch.products)),
      h(
        'span',
        { class: 'figure', title: `${branch.wrong} of ${branch.checked} checked answers were wrong` },
        errorOf(branch),
      ),
    ),
    open &&
      below.length > 0 &&
      h(
        'ul',
        null,
        shown.map((one) => h(Node, { key: one.row.category_id, branch: one, text, chosen, onChoose })),
      ),
  );
}
