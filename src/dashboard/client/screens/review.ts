import { h } from 'preact';
import { may } from '../api.ts';
import { Choice } from '../parts/basics.ts';
import { route, to } from '../route.ts';
import { Checks } from './checks.ts';
import { Kinds } from './kinds.ts';
import { Mistakes } from './mistakes.ts';

/** What there is to judge, each with keys of its own. */
const parts = [
  ['checks', 'Checks'],
  ['audits', 'Audits'],
  ['kinds', 'Kinds'],
  ['mistakes', 'Likely mistakes'],
] as const;
type Part = (typeof parts)[number][0];

export function Review() {
  const part: Part = parts.find(([name]) => name === route.value.rest)?.[0] ?? 'checks';
  const choose = (chosen: Part) => location.replace(to('review', chosen));
  return h(
    'div',
    { class: 'screen' },
    h(
      'div',
      { class: 'bar' },
      h(Choice, { label: 'What to judge', options: parts, value: part, onChange: choose }),
      !may('confirm') && h('span', { class: 'note' }, 'Your role may read only.'),
    ),
    part === 'kinds'
      ? h(Kinds, null)
      : part === 'mistakes'
        ? h(Mistakes, null)
        : h(Checks, { key: part, kind: part }),
  );
}
