import { h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { CurvePoint, ThresholdsScreen } from '../../../database/dashboard/judging-shapes.ts';
import { may, useLive } from '../api.ts';
import { ActionButton } from '../parts/actions.ts';
import { Empty, LayerTag, Name, Panel, Problem, Stat, Table } from '../parts/basics.ts';
import { Chart } from '../parts/chart.ts';
import { count, day, level, percent } from '../words.ts';
import { PromisePanel } from './promise.ts';
import { Sliders, type Three } from './sliders.ts';

export function Thresholds() {
  const [asked, setAsked] = useState({ maxError: 0.05, confidence: 0.95 });
  const { data, error, again } = useLive<ThresholdsScreen>(
    `thresholds?max_error=${asked.maxError}&confidence=${asked.confidence}`,
    10_000,
  );
  const [three, setThree] = useState<Three | null>(null);
  const now = data?.now ?? null;
  useEffect(() => {
    if (three === null && now !== null) setThree({ l1: now.l1, l2: now.l2, l3: now.l3 });
  }, [now === null]);
  if (data === null) return h(Problem, { error });
  if (now === null)
    return h(
      Panel,
      { title: 'No model yet' },
      h(Empty, { title: 'Thresholds belong to a model. Train one:' }, h('code', null, 'taxon train')),
    );
  const changed = () => {
    setThree(null);
    void again();
  };
  return h(
    'div',
    { class: 'screen' },
    h(Problem, { error }),
    h(
      'dl',
      { class: 'stats' },
      h(Stat, {
        label: 'Top / middle / leaf',
        value: [now.l1, now.l2, now.l3].map(level).join(' / '),
        note: now.certified ? 'certified by checks' : 'not certified',
      }),
      h(Stat, { label: 'Local layer', value: data.mode, note: `model ${now.model_id}` }),
      h(Stat, {
        label: 'Promise',
        value: data.promise === null ? 'none' : `at most ${percent(data.promise.max_error)} wrong`,
        note:
          data.promise === null
            ? 'nothing is promised'
            : `at ${percent(data.promise.confidence, 0)} confidence`,
      }),
    ),
    data.curve.length === 0
      ? h(
          Panel,
          { title: 'Coverage and error' },
          h(Empty, {
            title:
              'Nothing is known yet of what this model says of new names. Let names arrive, or draw them from your own table.',
          }),
        )
      : h(
          Panel,
          { title: 'Coverage and error', wide: true },
          h(Curve, { curve: data.curve, at: data.share_now, promised: data.promise?.max_error ?? null }),
        ),
    three !== null &&
      data.curve.length > 0 &&
      h(Sliders, {
        curve: data.curve,
        now,
        shareNow: data.share_now,
        three,
        onMove: setThree,
        onApplied: changed,
        promised: data.promise !== null,
      }),
    h(PromisePanel, { data, asked, onAsk: setAsked, onDone: changed }),
    h(Trust, { rows: data.trust }),
    h(History, { rows: data.history, onUndone: changed }),
  );
}

function Curve(props: { curve: readonly CurvePoint[]; at: number | null; promised: number | null }) {
  const { curve, at, promised } = props;
  const checked = curve.reduce((most, point) => Math.max(most, point.checked), 0);
  const measured = curve.some(({ measured_error }) => measured_error !== null);
  return [
    h(
      'p',
      { class: 'note', key: 'says' },
      measured
        ? `The line is what the model expects of itself. The points are what ${count(checked)} checks found, with their 95 % interval. The best of many points looks better than it is: the promise below allows for that.`
        : `The line is what the model expects of itself. No checks measure it yet: from 30 on the points and their 95 % interval appear. Judge some in Review.`,
    ),
    h(Chart, {
      key: 'chart',
      label: `Share of wrong answers by coverage: ${curve
        .filter((_, i) => i % 10 === 9)
        .map(
          (p) =>
            `${percent(p.coverage, 0)} of names at ${percent(p.measured_error ?? p.expected_error)} wrong`,
        )
        .join(', ')}`,
      x: curve.map(({ coverage }) => coverage),
      lines: [
        { label: 'expected by the model', colour: 'accent' },
        { label: measured ? 'measured by checks' : '', colour: 'good', points: true },
        { label: '', colour: 'band', width: 0 },
        { label: measured ? '95 % interval' : '', colour: 'band', width: 0 },
      ],
      values: [
        curve.map((p) => p.expected_error),
        curve.map((p) => p.measured_error),
        curve.map((p) => p.lower),
        curve.map((p) => p.upper),
      ],
      band: [3, 4],
      ...(promised === null ? {} : { across: { at: promised, label: `promised ${percent(promised)}` } }),
      ...(at === null ? {} : { down: { at, label: 'today' } }),
      format: { x: (value) => percent(value, 0), y: (value) => percent(value, 0) },
    }),
    h(
      'details',
      { class: 'quietly', key: 'table' },
      h('summary', null, 'The same as a table'),
      h(Table<CurvePoint>, {
        caption: 'Coverage and error',
        rows: curve.filter((_, i) => i % 5 === 4 || i === curve.length - 1),
        id: (p) => p.coverage,
        columns: [
          { title: 'Coverage', cell: (p) => percent(p.coverage, 0), figure: true },
          {
            title: 'Top / middle / leaf',
            cell: (p) => [p.l1, p.l2, p.l3].map(level).join(' / '),
            figure: true,
          },
          { title: 'Expected wrong', cell: (p) => percent(p.expected_error), figure: true },
          { title: 'Measured', cell: (p) => percent(p.measured_error), figure: true },
          {
            title: '95 % interval',
            cell: (p) =>
              p.lower === null ? 'fewer than 30 checks' : `${percent(p.lower)} to ${percent(p.upper)}`,
            figure: true,
          },
          { title: 'Checks', cell: (p) => `${p.wrong} wrong of ${p.checked}`, figure: true },
        ],
      }),
    ),
  ];
}

function Trust(props: { rows: ThresholdsScreen['trust'] }) {
  return h(
    Panel,
    { title: 'What each layer keeps', wide: true },
    h(Table<ThresholdsScreen['trust'][number]>, {
      caption: 'What each layer promises and what was measured, 30 days',
      rows: props.rows,
      id: ({ layer }) => layer,
      columns: [
        {
          title: 'Layer',
          cell: ({ layer }) => (layer === 'all' ? h('strong', null, 'all') : h(LayerTag, { layer })),
        },
        { title: 'Answered', cell: ({ answered }) => count(answered), figure: true },
        {
          title: 'Promised',
          cell: ({ promised }) => (promised === null ? 'nothing' : `≤ ${percent(promised)}`),
          figure: true,
        },
        { title: 'Measured wrong', cell: ({ measured }) => percent(measured), figure: true },
        {
          title: '95 % interval',
          cell: ({ lower, upper }) => (lower === null ? '–' : `${percent(lower)} to ${percent(upper)}`),
          figure: true,
        },
        { title: 'Checks', cell: ({ sample }) => count(sample), figure: true },
        { title: 'What follows', cell: ({ verdict }) => h('span', { class: 'note' }, verdict) },
      ],
    }),
  );
}

function History(props: { rows: ThresholdsScreen['history']; onUndone(): void }) {
  const standing = props.rows.some(({ undone_at }) => undone_at === null);
  return h(
    Panel,
    {
      title: 'Thresholds that were set',
      wide: true,
      aside:
        standing &&
        may('undo_thresholds') &&
        h(
          ActionButton,
          {
            action: 'undo_thresholds',
            values: {},
            said: (rows) =>
              `Taken back: ${['l1', 'l2', 'l3'].map((key) => level(rows[0]?.[key] as number)).join(' / ')} count again`,
            onDone: props.onUndone,
          },
          'Undo the newest',
        ),
    },
    props.rows.length === 0
      ? h(Empty, { title: 'The defaults count: nobody has set thresholds for this model.' })
      : h(Table<ThresholdsScreen['history'][number]>, {
          caption: 'Thresholds that were set, the newest first',
          rows: props.rows,
          id: ({ threshold_id }) => threshold_id,
          columns: [
            { title: 'When', cell: ({ set_at }) => day(set_at) },
            {
              title: 'Top / middle / leaf',
              cell: ({ l1, l2, l3 }) => [l1, l2, l3].map(level).join(' / '),
              figure: true,
            },
            {
              title: 'Where',
              cell: ({ branch_path }) =>
                branch_path === null ? 'everywhere' : h(Name, { text: branch_path }),
            },
            { title: 'Certified', cell: ({ certified }) => (certified ? 'yes' : 'no') },
            {
              title: 'Why',
              cell: ({ reason, undone_at }) => [
                h(Name, { text: reason, class: 'says' }),
                undone_at !== null && h('span', { class: 'badge' }, 'undone'),
              ],
            },
            { title: 'By', cell: ({ set_by }) => set_by },
          ],
        }),
  );
}
