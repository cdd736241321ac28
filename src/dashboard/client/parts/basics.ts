import { type ComponentChildren, h } from 'preact';
import type { Refused } from '../api.ts';
import { shown } from '../words.ts';

/** The small things that all screens are made of. */

/** A part of a screen under a heading of its own. */
export function Panel(props: {
  title: string;
  aside?: ComponentChildren;
  wide?: boolean;
  children?: ComponentChildren;
}) {
  const id = `panel-${props.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
  return h(
    'section',
    { class: props.wide ? 'panel wide' : 'panel', 'aria-labelledby': id },
    h('div', { class: 'panel-head' }, h('h2', { id }, props.title), props.aside),
    props.children,
  );
}

/** One figure with what it counts. */
export function Stat(props: { label: string; value: ComponentChildren; note?: ComponentChildren }) {
  return h(
    'div',
    { class: 'stat' },
    h('dt', null, props.label),
    h(
      'dd',
      null,
      h('span', { class: 'stat-value' }, props.value),
      props.note && h('span', { class: 'note' }, props.note),
    ),
  );
}

/** A product's or a category's name: what a stranger wrote turns nothing around it. */
export function Name(props: { text: string; length?: number; class?: string }) {
  return h(
    'bdi',
    { class: props.class ?? 'name' },
    props.text === '' ? '(no name)' : shown(props.text, props.length),
  );
}

/** A path of the taxonomy; its last part is what one reads. */
export function Path(props: { path: string | null }) {
  if (props.path === null) return h('span', { class: 'note' }, 'no answer');
  const parts = props.path.split(' > ');
  const last = parts.pop() ?? '';
  return h(
    'bdi',
    { class: 'path' },
    parts.length > 0 && h('span', { class: 'above' }, `${shown(parts.join(' › '))} › `),
    shown(last),
  );
}

export const layers = ['exact', 'similar', 'local', 'llm', 'human', 'pending', 'failed'] as const;

/** Which layer or person answered, in its colour, which is the same on all screens. */
export function LayerTag(props: { layer: string }) {
  return h(
    'span',
    { class: 'layer' },
    h('span', { class: `swatch ${props.layer}`, 'aria-hidden': 'true' }),
    props.layer,
  );
}

/** What a screen says while there is nothing on it, and what to do. */
export function Empty(props: { title: string; children?: ComponentChildren }) {
  return h('div', { class: 'empty' }, h('p', { class: 'empty-title' }, props.title), props.children);
}

export function Problem(props: { error: Refused | null }) {
  if (props.error === null) return null;
  return h(
    'div',
    { class: 'problem', role: 'alert' },
    h('strong', null, props.error.message),
    props.error.hint && h('span', null, ` ${props.error.hint}`),
  );
}

export interface Column<T> {
  title: string;
  cell(row: T): ComponentChildren;
  /** To the right, in figures of one width. */
  figure?: boolean;
}

/** A table that scrolls in its own frame where the screen is narrow. */
export function Table<T>(props: {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  id(row: T): string | number;
}) {
  const { caption, columns, rows, id } = props;
  return h(
    'div',
    { class: 'table', role: 'region', 'aria-label': caption, tabIndex: 0 },
    h(
      'table',
      null,
      h('caption', { class: 'unseen' }, caption),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          columns.map(({ title, figure }) =>
            h('th', { scope: 'col', class: figure ? 'figure' : undefined, key: title }, title),
          ),
        ),
      ),
      h(
        'tbody',
        null,
        rows.map((row) =>
          h(
            'tr',
            { key: id(row) },
            columns.map(({ title, cell, figure }) =>
              h('td', { class: figure ? 'figure' : undefined, key: title }, cell(row)),
            ),
          ),
        ),
      ),
    ),
  );
}

/** Choices of which one counts. */
export function Choice<T extends string>(props: {
  label: string;
  options: readonly (readonly [T, string])[];
  value: T;
  onChange(value: T): void;
}) {
  return h(
    'div',
    { class: 'choice', role: 'group', 'aria-label': props.label },
    props.options.map(([value, text]) =>
      h(
        'button',
        {
          key: value,
          type: 'button',
          'aria-pressed': value === props.value,
          onClick: () => props.onChange(value),
        },
        text,
      ),
    ),
  );
}

export function Field(props: { label: string; note?: string; children?: ComponentChildren }) {
  return h(
    'label',
    { class: 'field' },
    h('span', { class: 'field-label' }, props.label),
    props.children,
    props.note && h('span', { class: 'note' }, props.note),
  );
}

/** Where a person says why; `example` shows what is meant. */
export function Why(props: { value: string; example?: string; onInput: (reason: string) => void }) {
  return h(
    Field,
    { label: 'Why' },
    h('input', {
      type: 'text',
      value: props.value,
      placeholder: props.example,
      onInput: (event: Event) => props.onInput((event.currentTarget as HTMLInputElement).value),
    }),
  );
}
