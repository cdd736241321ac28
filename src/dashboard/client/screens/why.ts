import { h } from 'preact';
import { Name, Path } from '../parts/basics.ts';
import { count, day, level, money } from '../words.ts';
import type { Three, Told } from './told.ts';

/** Why a product says what it says. */
export function Why(props: { told: Told }) {
  const { label, similar, local, evidence, thresholds, llm, cost } = props.told.story;
  const three = (t: Three | null) =>
    t === null ? 'none' : `${[t.l1, t.l2, t.l3].map(level).join(' / ')}${t.certified ? ', certified' : ''}`;
  const rows: [string, unknown][] = [];
  if (label !== null)
    rows.push([
      'memory',
      [
        h(Path, { path: label.path }),
        h('span', { class: 'note' }, ` label by ${label.source}, since ${day(label.since)}`),
      ],
    ]);
  if (similar !== null)
    rows.push([
      'similar',
      [
        h(Name, { text: similar.matched_key }),
        h('span', { class: 'note' }, ` ${similar.similarity.toFixed(2)} similar, labelled `),
        h(Path, { path: similar.label }),
      ],
    ]);
  if (local !== null)
    rows.push(['local', `model ${local.model_id}: ${local.confidence.map(level).join(' / ')}`]);
  if (evidence !== null)
    rows.push([
      'it said',
      [
        h(Path, { path: evidence.path }),
        h(
          'span',
          { class: 'note' },
          ` ${evidence.clears ? 'all levels clear the thresholds' : 'a level was below its threshold'}${evidence.answered ? ', so it answered' : ''}`,
        ),
      ],
    ]);
  if (thresholds.then !== null) rows.push(['thresholds then', three(thresholds.then)]);
  rows.push(['thresholds now', three(thresholds.now)]);
  if (llm !== null)
    rows.push([
      'LLM',
      `${llm.provider} ${llm.model}${llm.simulated ? ' (simulated)' : ''}, call ${llm.llm_call_id}: ${llm.tokens} tokens, ${money(llm.cost)}`,
    ]);
  if (cost !== null && typeof cost.tokens === 'number')
    rows.push(['cost in all', `${count(cost.tokens)} tokens in ${count(Number(cost.calls))} calls`]);
  return h(
    'dl',
    { class: 'facts' },
    rows.map(([title, text]) => [
      h('dt', { key: `${title} t` }, title),
      h('dd', { key: `${title} d` }, text as string),
    ]),
  );
}
