import { h } from 'preact';
import { useState } from 'preact/hooks';
import type { ThresholdsScreen } from '../../../database/dashboard/judging-shapes.ts';
import { may } from '../api.ts';
import { ActionButton, AsSql } from '../parts/actions.ts';
import { Field, Panel, Why } from '../parts/basics.ts';
import { to } from '../route.ts';
import { count, level, percent } from '../words.ts';
import { missing } from './missing.ts';

/** What could be promised, what is missing for it, and the promise that stands. */

interface Asked {
  maxError: number;
  confidence: number;
}

export function PromisePanel(props: {
  data: ThresholdsScreen;
  asked: Asked;
  onAsk(asked: Asked): void;
  onDone(): void;
}) {
  const { data, asked, onAsk, onDone } = props;
  const { suggestion, promise } = data;
  const [reason, setReason] = useState('');
  const [force, setForce] = useState(false);
  const why = reason.trim() === '' ? '…' : reason.trim();
  const values = {
    max_error: asked.maxError,
    confidence: asked.confidence,
    reason: why,
    ...(force ? { force } : {}),
  };
  return h(
    Panel,
    { title: 'A promise on the error', wide: true },
    h(
      'div',
      { class: 'form' },
      h(
        Field,
        { label: 'At most so many wrong' },
        h(
          'select',
          {
            value: String(asked.maxError),
            onChange: (event: Event) =>
              onAsk({ ...asked, maxError: Number((event.currentTarget as HTMLSelectElement).value) }),
          },
          [0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2].map((value) =>
            h('option', { key: value, value: String(value) }, percent(value, 0)),
          ),
        ),
      ),
      h(
        Field,
        { label: 'At a confidence of' },
        h(
          'select',
          {
            value: String(asked.confidence),
            onChange: (event: Event) =>
              onAsk({ ...asked, confidence: Number((event.currentTarget as HTMLSelectElement).value) }),
          },
          [0.8, 0.9, 0.95, 0.99].map((value) =>
            h('option', { key: value, value: String(value) }, percent(value, 0)),
          ),
        ),
      ),
    ),
    h('p', { class: suggestion.feasible ? 'verdict good' : 'verdict' }, missing(data)),
    h('p', { class: 'note' }, suggestion.verdict),
    suggestion.feasible
      ? h(
          'p',
          { class: 'note' },
          `Thresholds ${[suggestion.l1, suggestion.l2, suggestion.l3].map(level).join(' / ')}; ${count(suggestion.wrong)} of ${count(suggestion.checked)} checked names above are wrong.`,
        )
      : may('confirm') && h('p', null, h('a', { href: to('review', 'checks') }, 'Judge checks')),
    may('set_promise') &&
      h(
        'div',
        { class: 'form' },
        h(Why, { value: reason, example: 'returns cost more than tokens', onInput: setReason }),
        !suggestion.feasible &&
          h(
            'label',
            { class: 'tick' },
            h('input', { type: 'checkbox', checked: force, onChange: () => setForce(!force) }),
            'also before it is proved: until then the local layer only watches',
          ),
        h(
          ActionButton,
          {
            action: 'set_promise',
            values,
            kind: 'main',
            disabled: reason.trim() === '',
            said: (rows) => String(rows[0]?.verdict ?? 'Promised'),
            onDone,
          },
          'Promise it',
        ),
        promise !== null &&
          h(
            ActionButton,
            {
              action: 'end_promise',
              values: { reason: why },
              disabled: reason.trim() === '',
              said: 'The promise is taken back; its thresholds stay',
              onDone,
            },
            'End the promise',
          ),
        h(AsSql, { action: 'set_promise', values }),
      ),
  );
}
