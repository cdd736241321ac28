import { h } from 'preact';
import { useState } from 'preact/hooks';
import { may } from '../api.ts';
import { ActionButton, AsSql } from '../parts/actions.ts';
import { Empty, Field, Panel } from '../parts/basics.ts';
import { plural } from '../words.ts';

/** What stands there when nothing is left to judge: how to get more. */
export function Nothing(props: {
  kind: 'checks' | 'audits';
  skipped: number;
  again(): void;
  onDrawn(): void;
}) {
  const [n, setN] = useState(50);
  const [strategy, setStrategy] = useState('uniform');
  if (props.skipped > 0)
    return h(
      Panel,
      { title: 'Those were all' },
      h(
        Empty,
        { title: `${plural(props.skipped, 'answer')} you skipped stay open.` },
        h('button', { type: 'button', onClick: props.again }, 'Show the skipped ones'),
      ),
    );
  if (props.kind === 'audits')
    return h(
      Panel,
      { title: 'No audit waits' },
      h(
        Empty,
        { title: 'Sidecars draw audits from live answers.' },
        h(
          'p',
          { class: 'note' },
          'Which share, and who judges, the settings audit_share, auditor and audit_people_a_day say.',
        ),
      ),
    );
  return h(
    Panel,
    { title: 'No check waits' },
    h(
      Empty,
      { title: 'Draw answers of the model to judge. They are what proves a promise on its error.' },
      may('draw_checks') &&
        h(
          'div',
          { class: 'form' },
          h(
            Field,
            { label: 'How many' },
            h('input', {
              type: 'number',
              min: 1,
              max: 5000,
              value: n,
              onInput: (event: Event) => setN(Number((event.currentTarget as HTMLInputElement).value)),
            }),
          ),
          h(
            Field,
            { label: 'From which' },
            h(
              'select',
              {
                value: strategy,
                onChange: (event: Event) => setStrategy((event.currentTarget as HTMLSelectElement).value),
              },
              [
                ['uniform', 'all names alike (proves everything)'],
                ['surer', 'the surer half (proves strict promises sooner)'],
                ['answered', 'what the local layer answered'],
                ['threshold', 'near the thresholds (teaches, proves nothing)'],
                ['disagreement', 'where voices disagree (teaches, proves nothing)'],
              ].map(([value, text]) => h('option', { key: value, value }, text)),
            ),
          ),
          h(
            ActionButton,
            {
              action: 'draw_checks',
              values: { n, strategy },
              kind: 'main',
              said: (rows) =>
                rows.length === 0
                  ? 'Nothing was drawn: no evidence of the champion yet, or all of it was drawn before'
                  : `${plural(rows.length, 'answer')} drawn`,
              onDone: props.onDrawn,
            },
            'Draw',
          ),
          h(AsSql, { action: 'draw_checks', values: { n, strategy } }),
        ),
    ),
  );
}
