import { h } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CategoryChoice } from '../../../database/dashboard/judging-shapes.ts';
import { ask } from '../api.ts';
import { Path } from './basics.ts';
import { matching } from './matching.ts';

/** All categories in use, asked once a visit; `forget` after the tree was changed. */
let known: Promise<CategoryChoice[]> | undefined;
function allCategories(): Promise<CategoryChoice[]> {
  known ??= ask<CategoryChoice[]>('choices').catch((error) => {
    known = undefined;
    throw error;
  });
  return known;
}
export function forgetCategories(): void {
  known = undefined;
}

/** A box in which one types a part of a path; arrows and Enter choose, Escape leaves. */
export function CategoryPicker(props: {
  label: string;
  autofocus?: boolean;
  value?: CategoryChoice | null;
  onChoose(choice: CategoryChoice): void;
  onLeave?(): void;
}) {
  const [choices, setChoices] = useState<CategoryChoice[]>([]);
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  const id = useRef(`picker-${Math.random().toString(36).slice(2, 8)}`).current;
  useEffect(() => {
    let over = false;
    allCategories().then(
      (all) => !over && setChoices(all),
      () => {},
    );
    if (props.autofocus) box.current?.focus();
    return () => {
      over = true;
    };
  }, []);
  const found = open ? matching(choices, typed) : [];
  const choose = (choice: CategoryChoice) => {
    setTyped('');
    setOpen(false);
    props.onChoose(choice);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === 'ArrowDown') setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(at - 1, 0));
    else if (event.key === 'Enter' && found[at] !== undefined) choose(found[at]);
    else if (event.key === 'Escape') {
      setOpen(false);
      props.onLeave?.();
    } else return;
    event.preventDefault();
  };
  return h(
    'div',
    { class: 'picker' },
    h('label', { for: id, class: 'field-label' }, props.label),
    h('input', {
      id,
      ref: box,
      type: 'text',
      role: 'combobox',
      autocomplete: 'off',
      spellcheck: false,
      placeholder: props.value ? props.value.path : 'type a part of the path',
      'aria-expanded': open && found.length > 0,
      'aria-controls': `${id}-list`,
      'aria-autocomplete': 'list',
      'aria-activedescendant': found[at] === undefined ? undefined : `${id}-${at}`,
      value: typed,
      onInput: (event: Event) => {
        setTyped((event.currentTarget as HTMLInputElement).value);
        setAt(0);
        setOpen(true);
      },
      onFocus: () => setOpen(true),
      onBlur: () => setOpen(false),
      onKeyDown,
    }),
    h(
      'ul',
      { id: `${id}-list`, role: 'listbox', 'aria-label': props.label, hidden: found.length === 0 },
      found.map((choice, i) =>
        h(
          'li',
          {
            key: choice.category_id,
            id: `${id}-${i}`,
            role: 'option',
            'aria-selected': i === at,
            // before the box loses the focus, which closes the list
            onMouseDown: (event: MouseEvent) => {
              event.preventDefault();
              choose(choice);
            },
          },
          h(Path, { path: choice.path }),
        ),
      ),
    ),
  );
}
