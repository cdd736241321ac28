import { h } from 'preact';
import type { KindRow } from '../../../database/dashboard/kind-shapes.ts';
import { AsSql } from '../parts/actions.ts';
import { Name, Path } from '../parts/basics.ts';
import { CategoryPicker } from '../parts/category-picker.ts';
import { count, plural, short } from '../words.ts';
import { proves } from './proves.ts';

/** One kind: what it is worth, what it may be and who says so, and members drawn at random, odd ones first. */

const whyWords: Readonly<Record<string, string>> = {
  agreed: 'the model and memory’s other names speak against the answer',
  model: 'the model speaks against the answer',
  memory: 'memory’s other names speak against the answer',
  judged: 'audits speak against the answer',
  perhaps: 'memory has both answers',
  name: 'a category is called so',
  near: 'the nearest kinds have another answer',
  waiting: 'they have no answer yet',
  quiet: 'nothing speaks against the answer',
  unmarked: 'taken out of another kind',
};

export interface KindCardProps {
  kind: KindRow;
  left: number;
  shown: number;
  unmarked: ReadonlySet<number>;
  mayDecide: boolean;
  typing: boolean;
  mark(n: number): void;
  /** Null: no more are to be shown. */
  more: (() => void) | null;
  decide(categoryId: number): void;
  split(): void;
  notSure(): void;
  skip(): void;
  setTyping(on: boolean): void;
}

function worth({ likely_wrong, tokens_a_month, checks }: KindRow): string {
  return [
    ...(likely_wrong > 0 ? [`${count(likely_wrong)} answers are likely wrong`] : []),
    ...(tokens_a_month === null || tokens_a_month <= 0
      ? []
      : [`deciding it saves up to ${short(tokens_a_month)} tokens a month`]),
    ...(checks > 0 ? [plural(checks, 'open check')] : []),
  ].join(' · ');
}

export function KindCard(props: KindCardProps) {
  const { kind, unmarked, mayDecide } = props;
  const seen = kind.members.filter(({ at_random }) => at_random).length;
  const first = kind.votes[0];
  return h(
    'article',
    { class: 'card', 'aria-label': 'Kind to decide', 'aria-live': 'polite', key: kind.kind_id },
    h(
      'p',
      { class: 'note card-top' },
      [`${plural(kind.names, 'name')}`, worth(kind)].filter(Boolean).join(' · '),
    ),
    h('p', { class: 'big-name' }, h(Name, { text: kind.words })),
    h('p', { class: 'answer' }, h('span', { class: 'note' }, 'now '), h(Path, { path: kind.answer })),
    h('p', { class: 'note' }, `${whyWords[kind.why] ?? kind.why}.`),
    h(Votes, { kind, mayDecide, decide: props.decide }),
    mayDecide &&
      h(
        'div',
        { class: 'buttons' },
        first !== undefined &&
          h(
            'button',
            { type: 'button', class: 'main', onClick: () => props.decide(first.category_id) },
            h('kbd', null, 'a'),
            'All are the first',
          ),
        h(
          'button',
          { type: 'button', onClick: () => props.setTyping(true) },
          h('kbd', null, '/'),
          'They are …',
        ),
        h('button', { type: 'button', onClick: props.split }, h('kbd', null, 's'), 'Split further'),
        h('button', { type: 'button', onClick: props.notSure }, h('kbd', null, 'n'), 'Not sure'),
        h('button', { type: 'button', onClick: props.skip }, h('kbd', null, 'space'), 'Skip'),
      ),
    props.typing &&
      h(CategoryPicker, {
        label: 'What they are',
        autofocus: true,
        onChoose: ({ category_id }) => props.decide(category_id),
        onLeave: () => props.setTyping(false),
      }),
    h('p', { class: unmarked.size > 0 ? 'strong bad' : 'strong' }, proves(seen, kind.names, unmarked.size)),
    h(Members, props),
    props.more !== null &&
      h(
        'div',
        { class: 'buttons' },
        h('button', { type: 'button', onClick: props.more }, h('kbd', null, 'm'), 'Show more of them'),
      ),
    mayDecide &&
      first !== undefined &&
      h(AsSql, {
        action: 'decide_kind',
        values: {
          kind_id: kind.kind_id,
          category_id: first.category_id,
          unmarked: [...unmarked],
          shown: props.shown,
        },
      }),
  );
}

function Votes(props: { kind: KindRow; mayDecide: boolean; decide(categoryId: number): void }) {
  return h(
    'ol',
    { class: 'candidates', 'aria-label': 'What they may be' },
    props.kind.votes.slice(0, 9).map((vote, i) => {
      const voices = [
        ...(vote.model > 0 ? [`model ${count(vote.model)}`] : []),
        ...(vote.memory > 0 ? [`memory ${count(vote.memory)}`] : []),
        ...(vote.llm > 0 ? [`LLM ${count(vote.llm)}`] : []),
        ...(vote.now > 0 ? [`${count(vote.now)} now`] : []),
      ].join(' · ');
      const text = h('span', null, h(Path, { path: vote.path }), h('span', { class: 'note' }, voices));
      return h(
        'li',
        { key: vote.category_id },
        props.mayDecide
          ? h(
              'button',
              { type: 'button', onClick: () => props.decide(vote.category_id) },
              h('kbd', null, String(i + 1)),
              text,
            )
          : h('div', { class: 'vote' }, text),
      );
    }),
  );
}

function Members(props: KindCardProps) {
  const { kind, unmarked, mayDecide, mark } = props;
  return h(
    'ul',
    { class: 'members', 'aria-label': 'Names of this kind' },
    kind.members.map(({ n, name, name_length, path, odd, at_random }) =>
      h(
        'li',
        { key: n, class: unmarked.has(n) ? 'unmarked' : undefined },
        h(
          'label',
          null,
          mayDecide && h('input', { type: 'checkbox', checked: !unmarked.has(n), onChange: () => mark(n) }),
          h(
            'span',
            null,
            h(Name, { text: name, length: name_length }),
            odd !== null && h('span', { class: 'badge warn' }, odd),
            !at_random && odd === null && h('span', { class: 'badge' }, 'odd'),
            h('span', { class: 'note' }, h(Path, { path })),
          ),
        ),
      ),
    ),
  );
}
