import { h } from 'preact';
import { useRef } from 'preact/hooks';
import type { Health, Layer, NewestProduct, Overview as Shape } from '../../../database/dashboard/shapes.ts';
import { schema, useLive } from '../api.ts';
import { Copyable } from '../parts/actions.ts';
import { Empty, LayerTag, layers, Name, Panel, Path, Problem, Stat } from '../parts/basics.ts';
import { HealthPanel } from '../parts/health.ts';
import { to } from '../route.ts';
import { count, money, percent, plural, short, span } from '../words.ts';

/** At most twice a second, whatever arrives: an answer takes some ms more than the pause. */
const liveMs = 700;
const slowMs = 5000;

/** How fast what waits becomes less, from looks over the last minute; null: it does not. */
function useRate(at: string | undefined, waiting: number): { perSecond: number; seconds: number } | null {
  const looks = useRef<{ at: number; waiting: number }[]>([]);
  if (at === undefined) return null;
  const now = Date.parse(at);
  const list = looks.current;
  if (list.at(-1)?.at !== now) list.push({ at: now, waiting });
  while (list.length > 1 && now - (list[0]?.at ?? 0) > 60_000) list.shift();
  const first = list[0];
  if (first === undefined || now - first.at < 3000 || first.waiting <= waiting) return null;
  const perSecond = ((first.waiting - waiting) * 1000) / (now - first.at);
  return { perSecond, seconds: waiting / perSecond };
}

export function Overview() {
  const { data, error } = useLive<Shape>('overview', liveMs);
  const slow = useLive<Health>('health', slowMs);
  const waiting = data === null ? 0 : data.waiting.local + data.waiting.llm;
  const rate = useRate(data?.at, waiting);
  if (data === null) return h(Problem, { error });
  const total = data.today.reduce((sum, { products }) => sum + products, 0);
  const of = (...names: string[]) =>
    data.today.filter(({ layer }) => names.includes(layer)).reduce((sum, { products }) => sum + products, 0);
  const answered = of('exact', 'similar', 'local', 'llm');
  const saved = slow.data?.saved;
  return h(
    'div',
    { class: 'screen' },
    h(Problem, { error }),
    h(
      'dl',
      { class: 'stats' },
      h(Stat, { label: 'Names today', value: count(total), note: `${short(data.products)} products in all` }),
      h(Stat, {
        label: 'Answered without the LLM',
        value: percent(answered === 0 ? null : of('exact', 'similar', 'local') / answered),
        note:
          answered === 0 ? 'no answer today' : `${count(answered - of('llm'))} of ${count(answered)} today`,
      }),
      h(Stat, {
        label: 'Saved in 30 days',
        value:
          saved === undefined || saved.tokens_saved === null ? '–' : `${short(saved.tokens_saved)} tokens`,
        note: savedNote(saved),
      }),
      h(Stat, {
        label: 'Waiting',
        value: count(waiting),
        note: waitingNote(data.waiting, rate),
      }),
    ),
    data.products === 0 ? h(FirstSteps, null) : h(Layers, { today: data.today, total }),
    data.products > 0 && h(Hours, { hours: data.hours, at: data.at }),
    h(HealthPanel, { health: slow.data, error: slow.error }),
    data.newest.length > 0 && h(Newest, { products: data.newest }),
  );
}

function savedNote(saved: Health['saved'] | undefined): string {
  if (saved === undefined) return 'being counted';
  if (saved.tokens_saved === null) return 'not measured: no LLM call yet';
  const { cost_then: then, cost_spent: spent, simulated } = saved;
  const dollars = then === null || spent === null ? 'price not known' : money(then - spent);
  return `${percent(saved.share_saved, 0)} less than without the local layer, ${dollars}${simulated ? ' (simulated LLM)' : ''}`;
}

function waitingNote(waiting: Shape['waiting'], rate: ReturnType<typeof useRate>): string {
  const { llm, people, dead } = waiting;
  const parts = [
    ...(rate === null
      ? []
      : [`${count(Math.round(rate.perSecond))} a second, done in about ${span(rate.seconds)}`]),
    ...(llm > 0 ? [`${count(llm)} for the LLM`] : []),
    ...(people > 0 ? [`${count(people)} for people`] : []),
    ...(dead > 0 ? [plural(dead, 'dead letter')] : []),
  ];
  return parts.length === 0 ? 'every name has its answer' : parts.join(' · ');
}

function Layers(props: { today: readonly Layer[]; total: number }) {
  const { today, total } = props;
  const seen = today.filter(
    ({ layer, products }) => products > 0 || ['exact', 'similar', 'local', 'llm'].includes(layer),
  );
  return h(
    Panel,
    { title: 'Today by layer' },
    total === 0
      ? h(Empty, { title: 'No name has arrived since midnight.' })
      : h(
          'div',
          {
            class: 'stack',
            role: 'img',
            'aria-label': seen.map(({ layer, share }) => `${layer} ${percent(share)}`).join(', '),
          },
          today
            .filter(({ products }) => products > 0)
            .map(({ layer, products }) =>
              h('span', {
                key: layer,
                class: `fill ${layer}`,
                style: { width: `${(100 * products) / total}%` },
                title: `${layer}: ${count(products)}`,
              }),
            ),
        ),
    h(
      'ul',
      { class: 'layer-list' },
      seen.map(({ layer, products, share, tokens, cost }) =>
        h(
          'li',
          { key: layer },
          h(LayerTag, { layer }),
          h('span', { class: 'figure' }, count(products)),
          h('span', { class: 'figure note' }, percent(share ?? 0)),
          h(
            'span',
            { class: 'figure note' },
            layer === 'llm' && tokens > 0 ? `${short(tokens)} tokens, ${money(cost)}` : '',
          ),
        ),
      ),
    ),
  );
}

function Hours(props: { hours: Shape['hours']; at: string }) {
  const start = Math.floor(Date.parse(props.at) / 3_600_000) - 23;
  const columns = Array.from({ length: 24 }, () => new Map<string, number>());
  for (const { hour, layer, names } of props.hours)
    columns[Math.floor(Date.parse(hour) / 3_600_000) - start]?.set(layer, names);
  const sums = columns.map((column) => [...column.values()].reduce((sum, n) => sum + n, 0));
  const top = Math.max(1, ...sums);
  const all = sums.reduce((sum, n) => sum + n, 0);
  const bars = columns.flatMap((column, i) => {
    let y = 100;
    return layers
      .filter((layer) => (column.get(layer) ?? 0) > 0)
      .map((layer) => {
        const height = (100 * (column.get(layer) ?? 0)) / top;
        y -= height;
        return h('rect', {
          key: `${i} ${layer}`,
          class: `fill ${layer}`,
          x: i * 10 + 1,
          y,
          width: 8,
          height,
        });
      });
  });
  const clock = (i: number) => `${String(new Date((start + i) * 3_600_000).getHours()).padStart(2, '0')}:00`;
  return h(
    Panel,
    { title: 'Last 24 hours', aside: h('span', { class: 'note' }, `at most ${count(top)} an hour`) },
    h(
      'svg',
      {
        class: 'hours',
        viewBox: '0 0 240 100',
        preserveAspectRatio: 'none',
        role: 'img',
        'aria-label': `${count(all)} names in the last 24 hours, at most ${count(top)} an hour`,
      },
      bars,
    ),
    h(
      'div',
      { class: 'clock', 'aria-hidden': 'true' },
      [0, 6, 12, 18, 23].map((i) => h('span', { key: i }, i === 23 ? 'now' : clock(i))),
    ),
  );
}

function Newest(props: { products: readonly NewestProduct[] }) {
  return h(
    Panel,
    { title: 'Newest names', wide: true },
    h(
      'ul',
      { class: 'rows' },
      props.products.map((product) =>
        h(
          'li',
          { key: product.product_id },
          h(
            'a',
            { class: 'row-link', href: to('product', String(product.product_id)) },
            h(Name, { text: product.name, length: product.name_length }),
          ),
          h('span', { class: 'row-path' }, h(Path, { path: product.path })),
          h(LayerTag, { layer: product.layer }),
        ),
      ),
    ),
  );
}

function FirstSteps() {
  return h(
    Panel,
    { title: 'No names yet' },
    h(
      Empty,
      { title: 'Insert a name, and its layer and path appear here.' },
      h(Copyable, { text: `insert into ${schema()}.products (name) values ('Red kettle 1.7 l');` }),
      h('p', { class: 'note' }, 'Labels that you have already are the memory that answers most names:'),
      h(Copyable, { text: 'taxon import labels.csv --as labels' }),
    ),
  );
}
