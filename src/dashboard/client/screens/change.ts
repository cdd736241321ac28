import { h } from 'preact';
import { useState } from 'preact/hooks';
import type { Action, Arguments } from '../../../database/dashboard/actions.ts';
import type { CategoryChoice } from '../../../database/dashboard/judging-shapes.ts';
import { may } from '../api.ts';
import { ActionButton, AsSql } from '../parts/actions.ts';
import { Choice, Empty, Field, Name, Panel, Path } from '../parts/basics.ts';
import { CategoryPicker } from '../parts/category-picker.ts';
import { count } from '../words.ts';
import { type Branch, errorOf } from './tree.ts';

/** Changes one category: what a change would touch is shown before it is made. */

const changes = [
  ['add', 'Add below'],
  ['rename', 'Rename'],
  ['move', 'Move'],
  ['merge', 'Merge'],
  ['split', 'Split'],
  ['retire', 'Retire'],
] as const;
type Change = (typeof changes)[number][0];

interface Draft {
  name: string;
  names: string;
  tokens: string;
  other: CategoryChoice | null;
  reason: string;
}

const empty: Draft = { name: '', names: '', tokens: '100000', other: null, reason: '' };

/** The call that a change is; null while something is missing. */
function callOf(
  change: Change,
  branch: Branch | null,
  draft: Draft,
): { action: Action; values: Arguments } | null {
  const id = branch?.row.category_id ?? null;
  const why = draft.reason.trim() === '' ? {} : { reason: draft.reason.trim() };
  const name = draft.name.trim();
  const names = draft.names
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  if (change === 'add')
    return name === ''
      ? null
      : { action: 'add_category', values: { name, ...(id === null ? {} : { parent_id: id }), ...why } };
  if (id === null) return null;
  if (change === 'rename')
    return name === '' ? null : { action: 'rename_category', values: { category_id: id, name, ...why } };
  if (change === 'move')
    return draft.other === null
      ? null
      : { action: 'move_category', values: { category_id: id, parent_id: draft.other.category_id, ...why } };
  if (change === 'merge')
    return draft.other === null
      ? null
      : {
          action: 'merge_categories',
          values: { category_ids: [id], successor: draft.other.category_id, ...why },
        };
  if (change === 'split') {
    const tokens = Number(draft.tokens);
    return names.length === 0 || !Number.isSafeInteger(tokens)
      ? null
      : { action: 'split_category', values: { category_id: id, names, max_tokens: tokens, ...why } };
  }
  return {
    action: 'retire_category',
    values: {
      category_id: id,
      ...(draft.other === null ? {} : { instead: draft.other.category_id }),
      ...why,
    },
  };
}

export function ChangePanel(props: { branch: Branch | null; onDone(): void; onLeave(): void }) {
  const { branch } = props;
  const [change, setChange] = useState<Change>(branch === null ? 'add' : 'rename');
  const [draft, setDraft] = useState<Draft>(empty);
  const [preview, setPreview] = useState<{ of: string; row: Record<string, unknown> } | null>(null);
  const call = callOf(change, branch, draft);
  const written = JSON.stringify(call);
  const seen = preview !== null && preview.of === written ? preview.row : null;
  const set = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const done = () => {
    setDraft(empty);
    setPreview(null);
    if (change === 'merge' || change === 'retire') props.onLeave();
    props.onDone();
  };
  const input = (key: 'name' | 'reason' | 'tokens') => ({
    type: 'text',
    value: draft[key],
    onInput: (event: Event) => set({ [key]: (event.currentTarget as HTMLInputElement).value }),
  });
  return h(
    Panel,
    {
      title: branch === null ? 'New top category' : 'Category',
      aside:
        branch !== null && h('button', { type: 'button', class: 'quiet', onClick: props.onLeave }, 'close'),
    },
    branch !== null && h(Facts, { branch }),
    !may('add_category')
      ? branch === null && h(Empty, { title: 'Choose a category to see what lies in it.' })
      : h(
          'div',
          { class: 'form tall' },
          branch !== null &&
            h(Choice<Change>, {
              label: 'Change',
              options: changes,
              value: change,
              onChange: (one: Change) => setChange(one),
            }),
          (change === 'add' || change === 'rename') &&
            h(
              Field,
              { label: change === 'add' ? 'Name of the new category' : 'New name' },
              h('input', input('name')),
            ),
          change === 'move' && h(Other, { label: 'Below which', draft, set }),
          change === 'merge' && h(Other, { label: 'Into which', draft, set }),
          change === 'retire' &&
            h(Other, { label: 'Instead of it (none: its rows are asked again)', draft, set }),
          change === 'split' && [
            h(
              Field,
              { key: 'names', label: 'New categories below it, one a line' },
              h('textarea', {
                rows: 4,
                value: draft.names,
                onInput: (event: Event) => set({ names: (event.currentTarget as HTMLTextAreaElement).value }),
              }),
            ),
            h(
              Field,
              { key: 'tokens', label: 'LLM tokens at most' },
              h('input', { ...input('tokens'), inputMode: 'numeric' }),
            ),
          ],
          h(Field, { label: 'Why' }, h('input', input('reason'))),
          call !== null && [
            h(
              'div',
              { class: 'buttons', key: 'buttons' },
              h(
                ActionButton,
                {
                  action: call.action,
                  values: { ...call.values, preview: true },
                  said: 'Nothing was changed: this is what it would touch',
                  onDone: ([row]) => setPreview(row === undefined ? null : { of: written, row }),
                },
                'Preview',
              ),
              h(
                ActionButton,
                {
                  action: call.action,
                  values: call.values,
                  kind: 'main',
                  disabled: seen === null,
                  title: seen === null ? 'Look at the preview first' : undefined,
                  said: 'Changed',
                  onDone: done,
                },
                'Apply',
              ),
            ),
            seen !== null && h(Touched, { key: 'touched', row: seen }),
            h(AsSql, { key: 'sql', action: call.action, values: call.values }),
          ],
        ),
  );
}

function Other(props: { label: string; draft: Draft; set(part: Partial<Draft>): void }) {
  const { draft, set } = props;
  return h(
    'div',
    null,
    h(CategoryPicker, { label: props.label, value: draft.other, onChoose: (other) => set({ other }) }),
    draft.other !== null &&
      h(
        'p',
        { class: 'chosen-path' },
        h(Path, { path: draft.other.path }),
        h('button', { type: 'button', class: 'quiet', onClick: () => set({ other: null }) }, 'none'),
      ),
  );
}

function Facts(props: { branch: Branch }) {
  const { row, labels, products } = props.branch;
  return h(
    'dl',
    { class: 'facts' },
    h('dt', null, 'name'),
    h('dd', null, h(Name, { text: row.name })),
    h('dt', null, 'id'),
    h('dd', null, `${row.category_id}${row.external_id === null ? '' : `, yours: ${row.external_id}`}`),
    h('dt', null, 'labels'),
    h('dd', null, count(labels)),
    h('dt', null, 'products'),
    h('dd', null, count(products)),
    h('dt', null, 'wrong'),
    h('dd', null, `${errorOf(props.branch)} of what people checked`),
  );
}

function Touched(props: { row: Record<string, unknown> }) {
  const { row } = props;
  const figures = (
    ['labels', 'human_labels', 'products', 'waiting', 'thresholds', 'training_rows'] as const
  ).filter((key) => typeof row[key] === 'number');
  return h(
    'div',
    { class: 'touched' },
    h('p', { class: 'strong' }, 'It would touch'),
    h(
      'dl',
      { class: 'facts' },
      figures.map((key) => [
        h('dt', { key: `${key} t` }, key.replace('_', ' ')),
        h('dd', { key: `${key} d` }, count(row[key] as number)),
      ]),
    ),
    typeof row.note === 'string' && row.note !== '' && h('p', { class: 'note' }, row.note),
  );
}
