import { h } from 'preact';
import { useState } from 'preact/hooks';
import type { CategoryChoice, DecisionRow } from '../../../database/dashboard/judging-shapes.ts';
import { may } from '../api.ts';
import { ActionButton, perform } from '../parts/actions.ts';
import { Name, Panel, Path } from '../parts/basics.ts';
import { CategoryPicker } from '../parts/category-picker.ts';
import { ago } from '../words.ts';

/** The last ten decisions, each of which can be changed or taken back. */
export function Decisions(props: { recent: readonly DecisionRow[]; onChange(checkId: number): void }) {
  const [changing, setChanging] = useState(0);
  if (props.recent.length === 0) return null;
  const change = async (decision: DecisionRow, choice: CategoryChoice) => {
    setChanging(0);
    const values = { product_id: decision.product_id, category_id: choice.category_id };
    if ((await perform('confirm', values, `It is ${choice.path}`)) !== null)
      props.onChange(decision.check_id);
  };
  return h(
    Panel,
    { title: 'Last decisions' },
    h(
      'ul',
      { class: 'rows decisions' },
      props.recent.map((decision) =>
        h(
          'li',
          { key: decision.check_id },
          h('span', { class: 'row-link' }, h(Name, { text: decision.name })),
          h('span', { class: 'row-path' }, said(decision)),
          h('span', { class: 'note' }, ago(decision.at)),
          may('undo_check') &&
            h(
              'span',
              { class: 'row-buttons' },
              decision.product_id !== null &&
                h(
                  'button',
                  {
                    type: 'button',
                    class: 'quiet',
                    'aria-label': `Change: ${decision.name.slice(0, 60)}`,
                    onClick: () => setChanging(changing === decision.check_id ? 0 : decision.check_id),
                  },
                  'change',
                ),
              h(
                ActionButton,
                {
                  action: 'undo_check',
                  values: { check_id: decision.check_id },
                  said: 'Taken back',
                  onDone: () => props.onChange(decision.check_id),
                },
                'undo',
              ),
            ),
          changing === decision.check_id &&
            h(CategoryPicker, {
              label: 'What it is',
              autofocus: true,
              onChoose: (choice) => change(decision, choice),
              onLeave: () => setChanging(0),
            }),
        ),
      ),
    ),
  );
}

function said({ verdict, truth, path }: DecisionRow) {
  if (verdict) return [h('span', { class: 'badge good' }, 'right'), ' ', h(Path, { path })];
  if (truth === null) return [h('span', { class: 'badge bad' }, 'wrong'), ' ', h(Path, { path })];
  return [h('span', { class: 'badge warn' }, 'it is'), ' ', h(Path, { path: truth })];
}
