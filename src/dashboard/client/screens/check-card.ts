import { h } from 'preact';
import type { Candidate, CategoryChoice, OpenCheckRow } from '../../../database/dashboard/judging-shapes.ts';
import { AsSql } from '../parts/actions.ts';
import { Name, Path } from '../parts/basics.ts';
import { CategoryPicker } from '../parts/category-picker.ts';
import { to } from '../route.ts';
import { level, plural } from '../words.ts';

/** One answer to judge, with what else it might be. */
export function Card(props: {
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
