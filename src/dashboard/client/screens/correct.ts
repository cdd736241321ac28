import { h } from 'preact';
import { useState } from 'preact/hooks';
import { may } from '../api.ts';
import { ActionButton, AsSql, perform } from '../parts/actions.ts';
import { CategoryPicker } from '../parts/category-picker.ts';

/** What a person may say of a product, or have done with it. */
export function Correct(props: { id: number; answered: boolean; onDone(): void }) {
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
