import { h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { FoundProduct } from '../../../database/dashboard/shapes.ts';
import { useLive } from '../api.ts';
import { Empty, Field, LayerTag, Name, Panel, Path, Problem } from '../parts/basics.ts';
import { route, to } from '../route.ts';
import { plural } from '../words.ts';
import { Story } from './story.ts';

const restMs = 250;

export function Product() {
  const { rest } = route.value;
  const id = /^\d+$/.test(rest) ? Number(rest) : null;
  return h(
    'div',
    { class: 'screen' },
    h(Find, { key: 'find', quiet: id !== null }),
    id !== null && h(Story, { key: id, id }),
  );
}

function Find(props: { quiet: boolean }) {
  const [typed, setTyped] = useState('');
  const [text, setText] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setText(typed.trim()), restMs);
    return () => clearTimeout(timer);
  }, [typed]);
  const { data, error } = useLive<FoundProduct[]>(
    props.quiet && text === '' ? null : `products?text=${encodeURIComponent(text)}`,
    0,
  );
  const list = props.quiet && text === '' ? [] : (data ?? []);
  return h(
    Panel,
    { title: 'Find a product', wide: true },
    h(
      Field,
      { label: 'Its id, your own id of it, or a part of its name' },
      h('input', {
        type: 'search',
        value: typed,
        onInput: (event: Event) => setTyped((event.currentTarget as HTMLInputElement).value),
      }),
    ),
    h(Problem, { error }),
    data !== null &&
      data.length === 0 &&
      h(Empty, {
        title:
          text === ''
            ? 'There is no product yet.'
            : 'None of the newest 100,000 products is called that, and none has this id.',
      }),
    h(
      'ul',
      { class: 'rows', 'aria-label': plural(list.length, 'product') },
      list.map((product) =>
        h(
          'li',
          { key: product.product_id },
          h(
            'a',
            {
              class: 'row-link',
              href: to('product', String(product.product_id)),
              onClick: () => setTyped(''),
            },
            h(Name, { text: product.name, length: product.name_length }),
          ),
          h('span', { class: 'row-path' }, h(Path, { path: product.path })),
          h(LayerTag, { layer: product.source ?? product.state }),
        ),
      ),
    ),
  );
}
