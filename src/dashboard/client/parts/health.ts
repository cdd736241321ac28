import { h } from 'preact';
import type { Health } from '../../../database/dashboard/shapes.ts';
import type { Refused } from '../api.ts';
import { shown } from '../words.ts';
import { Copyable } from './actions.ts';
import { Panel, Problem } from './basics.ts';
import { inParts } from './typed.ts';

/** Whether all is well: first what is not, each with what to type. */

function Detail(props: { text: string }) {
  return h(
    'div',
    { class: 'health-detail' },
    inParts(props.text).map(({ words, type }, i) =>
      h(
        'div',
        { key: i },
        words !== '' && h('span', null, shown(words)),
        type !== null && h(Copyable, { text: type }),
      ),
    ),
  );
}

export function HealthPanel(props: { health: Health | null; error: Refused | null }) {
  const { health, error } = props;
  const warnings = health?.health.filter(({ status }) => status === 'warn') ?? [];
  const well = health?.health.filter(({ status }) => status === 'ok') ?? [];
  const aside =
    health === null
      ? null
      : h(
          'span',
          { class: warnings.length === 0 ? 'badge good' : 'badge warn' },
          warnings.length === 0 ? 'all is well' : `${warnings.length} to look at`,
        );
  return h(
    Panel,
    { title: 'Health', aside, wide: true },
    h(Problem, { error }),
    h(
      'ul',
      { class: 'health' },
      warnings.map(({ item, value, detail }) =>
        h(
          'li',
          { key: `${item} ${value}` },
          h(
            'div',
            { class: 'health-item' },
            h('span', { class: 'badge warn' }, item),
            h('bdi', { class: 'strong' }, shown(value)),
          ),
          h(Detail, { text: detail }),
        ),
      ),
    ),
    well.length > 0 &&
      h(
        'details',
        { class: 'quietly' },
        h('summary', null, `${well.length} things are well`),
        h(
          'dl',
          { class: 'facts' },
          well.map(({ item, value, detail }) => [
            h('dt', { key: `${item} ${value} t` }, item),
            h(
              'dd',
              { key: `${item} ${value} d` },
              h('bdi', { class: 'strong' }, shown(value)),
              ' ',
              h('span', { class: 'note' }, shown(detail)),
            ),
          ]),
        ),
      ),
  );
}
