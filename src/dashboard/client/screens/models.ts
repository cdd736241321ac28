import { h } from 'preact';
import { useState } from 'preact/hooks';
import type { Met, ModelRow, ModelsScreen } from '../../../database/dashboard/model-shapes.ts';
import { may, useLive } from '../api.ts';
import { ActionButton, AsSql, Copyable } from '../parts/actions.ts';
import { Empty, Field, Panel, Problem, Table, Why } from '../parts/basics.ts';
import { Chart } from '../parts/chart.ts';
import { count, day, level, percent, plural, short } from '../words.ts';

export function Models() {
  const { data, error, again } = useLive<ModelsScreen>('models', 5000);
  if (data === null) return h(Problem, { error });
  if (data.models.length === 0)
    return h(
      Panel,
      { title: 'No model yet' },
      h(
        Empty,
        { title: 'A first model answers within a minute of labels in memory.' },
        h(Copyable, { text: 'taxon train' }),
      ),
    );
  return h(
    'div',
    { class: 'screen' },
    h(Problem, { error }),
    data.rollout !== null && h(Rollout, { rollout: data.rollout }),
    h(
      Panel,
      { title: 'Models', wide: true },
      h(
        'p',
        { class: 'note' },
        '“Own labels met” is how often all voices together met the labels of names that this model held out. “Its heads alone” is one voice of three, each level by itself, so it is lower. Two models’ figures are of different names: which model is better, the gate says, as it asks both the same ones.',
      ),
      h(
        'div',
        { class: 'models' },
        data.models.map((model) => h(Model, { key: model.model_id, model })),
      ),
    ),
    may('promote_model') && h(Decide, { models: data.models, onDone: again }),
    h(Learning, { data }),
    h(Autopilot, { rows: data.autopilot }),
  );
}

function Rollout(props: { rollout: NonNullable<ModelsScreen['rollout']> }) {
  const { model_id, champion, stage, seen, of } = props.rollout;
  const share = of === null || of === 0 ? 1 : Math.min(1, seen / of);
  return h(
    Panel,
    { title: `Model ${model_id} is rolled out`, wide: true, aside: h('span', { class: 'badge' }, stage) },
    h('progress', { max: 1, value: share, 'aria-label': `${stage}: ${percent(share, 0)}` }),
    h(
      'p',
      { class: 'note' },
      `${stage}: ${count(seen)} of ${count(of)} names seen, beside model ${champion ?? '–'}. shadow watches, canary answers a share, watch answers all and may be taken back.`,
    ),
  );
}

function Model(props: { model: ModelRow }) {
  const { model } = props;
  return h(
    'article',
    {
      class: model.state === 'champion' ? 'model champion' : 'model',
      'aria-label': `Model ${model.model_id}`,
    },
    h(
      'h3',
      null,
      `Model ${model.model_id}`,
      ' ',
      h('span', { class: model.state === 'champion' ? 'badge good' : 'badge' }, model.state),
    ),
    h(
      'dl',
      { class: 'facts' },
      ...fact('made', `${day(model.created_at)}, ${count(model.labels)} labels`),
      ...fact('reads', model.encoder ?? 'letters alone'),
      ...fact(
        'thresholds',
        `${[model.l1, model.l2, model.l3].map(level).join(' / ')}${model.certified ? ', certified' : ', not certified'}`,
      ),
      ...fact('own labels met', met(model.whole)),
      ...(model.heads.l1 === null ? [] : fact('its heads alone', met(model.heads))),
      ...fact(
        'size',
        model.files === 0
          ? 'its files are gone: it cannot be promoted'
          : `${(model.bytes / 1e6).toFixed(1)} MB`,
      ),
      ...fact('gate', model.passed === null ? 'was not asked' : model.passed ? 'passed' : 'refused'),
    ),
    model.reasons !== null &&
      model.reasons.length > 0 &&
      h(
        'ul',
        { class: 'reasons' },
        model.reasons.map((reason) => h('li', { key: reason }, reason)),
      ),
  );
}

const met = ({ names, l1, l2, l3 }: Met): string =>
  l1 === null
    ? 'not measured'
    : `${[l1, l2, l3].map((share) => percent(share)).join(' / ')}${names === null ? '' : ` of ${count(names)} names`}`;

const fact = (title: string, text: string) => [
  h('dt', { key: `${title} t` }, title),
  h('dd', { key: `${title} d` }, text),
];

function Decide(props: { models: readonly ModelRow[]; onDone(): void }) {
  const others = props.models.filter(({ state, files }) => state !== 'champion' && files > 0);
  const [chosen, setChosen] = useState<number | null>(null);
  const [reason, setReason] = useState('');
  const model = others.find(({ model_id }) => model_id === chosen) ?? others[0];
  const force = model?.passed === false;
  const why = reason.trim();
  const promote = {
    model_id: model?.model_id ?? 0,
    ...(force ? { force } : {}),
    ...(why === '' ? {} : { reason: why }),
  };
  const back = why === '' ? {} : { reason: why };
  return h(
    Panel,
    { title: 'Decide', wide: true },
    h(
      'div',
      { class: 'form' },
      h(Why, { value: reason, example: 'returns doubled', onInput: setReason }),
      model !== undefined &&
        h(
          Field,
          { label: 'Model' },
          h(
            'select',
            {
              value: String(model.model_id),
              onChange: (event: Event) => setChosen(Number((event.currentTarget as HTMLSelectElement).value)),
            },
            others.map(({ model_id, state }) =>
              h('option', { key: model_id, value: String(model_id) }, `${model_id}, ${state}`),
            ),
          ),
        ),
      h(
        'div',
        { class: 'buttons' },
        model !== undefined &&
          h(
            ActionButton,
            {
              action: 'promote_model',
              values: promote,
              kind: force ? 'danger' : 'main',
              disabled: force && why === '',
              said: `Model ${model.model_id} is the champion`,
              onDone: props.onDone,
            },
            force ? 'Promote, though the gate refused it' : 'Promote',
          ),
        h(
          ActionButton,
          {
            action: 'roll_back_model',
            values: back,
            said: 'The champion before is the champion again',
            onDone: props.onDone,
          },
          'Roll back',
        ),
        h(
          ActionButton,
          {
            action: 'request_retrain',
            values: back,
            said: 'A sidecar that may train begins within a minute',
            onDone: props.onDone,
          },
          'Ask for a training',
        ),
      ),
      model !== undefined && h(AsSql, { action: 'promote_model', values: promote }),
      h(AsSql, { action: 'roll_back_model', values: back }),
    ),
  );
}

function Learning(props: { data: ModelsScreen }) {
  const { points, ahead } = props.data;
  return h(
    Panel,
    { title: 'What more labels would bring', wide: true },
    h('p', { class: 'verdict' }, ahead.verdict),
    h(
      'p',
      { class: 'note' },
      `The champion learnt from ${count(ahead.labels_trained)} labels; memory has ${count(ahead.labels_now)} to learn from now.`,
    ),
    points.length > 1 && [
      h(Chart, {
        key: 'chart',
        label: `Whole paths met by labels learnt from: ${points.map((p) => `${percent(p.all_right)} from ${plural(p.names, 'name')}`).join(', ')}`,
        x: points.map(({ names }) => names),
        lines: [
          { label: 'whole path as the label has it (letters voice, held-out names)', colour: 'local' },
          { label: 'passed on to the LLM', colour: 'llm', dashed: true },
        ],
        values: [points.map((p) => p.all_right), points.map((p) => p.passed_on)],
        format: { x: (value) => short(value), y: (value) => percent(value, 0) },
        height: 220,
      }),
    ],
  );
}

function Autopilot(props: { rows: ModelsScreen['autopilot'] }) {
  return h(
    Panel,
    { title: 'Autopilot', wide: true },
    h(Table<ModelsScreen['autopilot'][number]>, {
      caption: 'What the autopilot does',
      rows: props.rows,
      id: ({ item }) => item,
      columns: [
        { title: 'What', cell: ({ item }) => item },
        { title: 'State', cell: ({ state }) => h('span', { class: 'badge' }, state) },
        { title: 'In words', cell: ({ detail }) => h('span', { class: 'note' }, detail ?? '') },
      ],
    }),
  );
}
