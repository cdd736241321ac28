import { h } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Action, Arguments } from '../../../database/dashboard/actions.ts';
import type {
  Candidate,
  CategoryChoice,
  OpenCheckRow,
  ReviewScreen,
} from '../../../database/dashboard/shapes.ts';
import { ask, may, useLive } from '../api.ts';
import { ActionButton, AsSql, perform } from '../parts/actions.ts';
import { Empty, Field, Name, Panel, Path, Problem } from '../parts/basics.ts';
import { CategoryPicker } from '../parts/category-picker.ts';
import { Legend } from '../parts/legend.ts';
import { to } from '../route.ts';
import { level, plural } from '../words.ts';
import { Decisions } from './decisions.ts';

/** Open checks one after the other, by keys. */

const keys = [
  ['a', 'accept'],
  ['x', 'reject'],
  ['1–9', 'it is this one'],
  ['/', 'type what it is'],
  ['space', 'skip'],
  ['backspace', 'undo'],
] as const;

export function Checks(props: { kind: 'checks' | 'audits' }) {
  const { kind } = props;
  const { data, error, again } = useLive<ReviewScreen>(`review?kind=${kind}`, 15_000);
  const [skipped, setSkipped] = useState<ReadonlySet<number>>(new Set());
  const [done, setDone] = useState<ReadonlySet<number>>(new Set());
  const [typing, setTyping] = useState(false);
  const [candidates, setCandidates] = useState<{ of: number; list: Candidate[] }>({ of: 0, list: [] });
  const busy = useRef(false);
  const left = (data?.list ?? []).filter(({ check_id }) => !skipped.has(check_id) && !done.has(check_id));
  const check = left[0];
  const shownId = check?.check_id ?? 0;
  const mayJudge = may('confirm');

  useEffect(() => {
    if (shownId === 0 || !mayJudge) return;
    let over = false;
    ask<Candidate[]>(`candidates?check_id=${shownId}`).then(
      (list) => !over && setCandidates({ of: shownId, list }),
      () => {},
    );
    return () => {
      over = true;
    };
  }, [shownId, mayJudge]);
  useEffect(() => {
    // the list is of 50: what is below comes when these are through
    if (
      data !== null &&
      left.length === 0 &&
      data.open[kind] > done.size &&
      done.size > 0 &&
      skipped.size === 0
    )
      void again();
  }, [left.length]);

  const judge = async (action: Action, values: Arguments, said: string) => {
    if (check === undefined || busy.current) return;
    busy.current = true;
    const rows = await perform(action, values, (found) => effect(said, found[0]));
    busy.current = false;
    if (rows === null) return;
    setTyping(false);
    setDone((before) => new Set(before).add(check.check_id));
    await again();
  };
  const accept = () => check && judge('confirm', { product_id: check.product_id }, 'Accepted');
  const reject = () => check && judge('reject', { product_id: check.product_id }, 'Rejected');
  const choose = (choice: CategoryChoice) =>
    check &&
    judge(
      'confirm',
      { product_id: check.product_id, category_id: choice.category_id },
      `It is ${choice.path}`,
    );
  const skip = () => check && setSkipped((before) => new Set(before).add(check.check_id));
  /** A check that is asked about again. */
  const open = async (checkId: number) => {
    setDone((before) => new Set([...before].filter((id) => id !== checkId)));
    await again();
  };
  const undo = async () => {
    const last = data?.recent[0];
    if (last === undefined || busy.current) return;
    busy.current = true;
    await perform('undo_check', { check_id: last.check_id }, 'Taken back');
    busy.current = false;
    await open(last.check_id);
  };
  const list = candidates.of === shownId ? candidates.list : [];
  useKeys(mayJudge && !typing, (key) => {
    if (key === 'a') return accept();
    if (key === 'x') return reject();
    if (key === '/' && check !== undefined) return setTyping(true);
    if (key === ' ') return skip();
    if (key === 'Backspace') return undo();
    const candidate = list[Number(key) - 1];
    return candidate === undefined ? false : choose(candidate);
  });

  if (data === null) return h(Problem, { error });
  return h(
    'div',
    { class: 'review' },
    h(Problem, { error }),
    check === undefined
      ? h(Nothing, { kind, skipped: skipped.size, again: () => setSkipped(new Set()), onDrawn: again })
      : h(Card, {
          check,
          place: data.open[kind],
          list,
          mayJudge,
          typing,
          accept,
          reject,
          choose,
          skip,
          setTyping,
        }),
    mayJudge && h(Legend, { keys }),
    h(Decisions, {
      recent: data.recent,
      onChange: open,
    }),
    data.open.gone > 0 &&
      h(
        'p',
        { class: 'note' },
        `${plural(data.open.gone, 'check')} of products that are gone or renamed: taxon review judges those.`,
      ),
  );
}

/** What a verdict changed, in words. */
function effect(said: string, row: Record<string, unknown> | undefined): string {
  const { corrected, asked_again } = (row ?? {}) as { corrected?: number; asked_again?: number };
  return [
    said,
    ...(corrected ? [`${plural(corrected, 'row')} corrected`] : []),
    ...(asked_again ? [`${plural(asked_again, 'row')} asked again`] : []),
  ].join(', ');
}

/** Keys that count wherever the focus is, but where something is typed or pressed. */
function useKeys(on: boolean, press: (key: string) => unknown): void {
  const latest = useRef(press);
  latest.current = press;
  useEffect(() => {
    if (!on) return;
    const listen = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (target.closest('input, textarea, select, dialog')) return;
      // space and Enter press the button or open what has the focus
      if (event.key === ' ' && target.closest('button, a, summary')) return;
      if (latest.current(event.key) !== false && /^([ax/ 1-9]|Backspace)$/.test(event.key))
        event.preventDefault();
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, [on]);
}

function Card(props: {
  check: OpenCheckRow;
  place: number;
  list: readonly Candidate[];
  mayJudge: boolean;
  typing: boolean;
  accept(): void;
  reject(): void;
  skip(): void;
  choose(choice: CategoryChoice): void;
  setTyping(on: boolean): void;
}) {
  const { check, list, mayJudge, typing } = props;
  return h(
    'article',
    { class: 'card', 'aria-label': 'Answer to judge', 'aria-live': 'polite', key: check.check_id },
    h(
      'p',
      { class: 'note card-top' },
      `${plural(props.place, 'answer')} left · ${check.strategy} · ${check.layer}`,
      ' · ',
      h('a', { href: to('product', String(check.product_id)) }, 'its story'),
    ),
    h('p', { class: 'big-name' }, h(Name, { text: check.name, length: check.name_length })),
    h('p', { class: 'answer' }, h('span', { class: 'note' }, 'is '), h(Path, { path: check.path })),
    h(Sureness, { check }),
    mayJudge &&
      h(
        'div',
        { class: 'buttons' },
        h('button', { type: 'button', class: 'main', onClick: props.accept }, h('kbd', null, 'a'), 'Accept'),
        h(
          'button',
          { type: 'button', class: 'danger', onClick: props.reject },
          h('kbd', null, 'x'),
          'Reject',
        ),
        h('button', { type: 'button', onClick: () => props.setTyping(true) }, h('kbd', null, '/'), 'It is …'),
        h('button', { type: 'button', onClick: props.skip }, h('kbd', null, 'space'), 'Skip'),
      ),
    typing &&
      h(CategoryPicker, {
        label: 'What it is',
        autofocus: true,
        onChoose: props.choose,
        onLeave: () => props.setTyping(false),
      }),
    mayJudge &&
      list.length > 0 &&
      h(
        'ol',
        { class: 'candidates', 'aria-label': 'Other answers' },
        list.map((candidate, i) =>
          h(
            'li',
            { key: candidate.category_id },
            h(
              'button',
              { type: 'button', onClick: () => props.choose(candidate) },
              h('kbd', null, String(i + 1)),
              h(
                'span',
                null,
                h(Path, { path: candidate.path }),
                h('span', { class: 'note' }, h(Name, { text: candidate.says, class: 'says' })),
              ),
            ),
          ),
        ),
      ),
    mayJudge && h(AsSql, { action: 'confirm', values: { product_id: check.product_id } }),
  );
}

function Sureness(props: { check: OpenCheckRow }) {
  const { similarity, l1_confidence: l1, l2_confidence: l2, l3_confidence: l3 } = props.check;
  if (similarity !== null) return h('p', { class: 'note' }, `similarity ${similarity.toFixed(2)}`);
  if (l1 === null) return null;
  return h(
    'dl',
    { class: 'levels' },
    (
      [
        ['top', l1],
        ['middle', l2],
        ['leaf', l3],
      ] as const
    ).map(([name, value]) => [
      h('dt', { key: `${name} t` }, name),
      h(
        'dd',
        { key: `${name} d` },
        h('meter', { min: 0, max: 1, value: value ?? 0, 'aria-label': `confidence, ${name}` }),
        h('span', { class: 'figure' }, level(value)),
      ),
    ]),
  );
}

function Nothing(props: { kind: 'checks' | 'audits'; skipped: number; again(): void; onDrawn(): void }) {
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
