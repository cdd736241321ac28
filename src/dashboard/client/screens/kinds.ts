import { h } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { KindRow, KindsScreen, SaidKindRow } from '../../../database/dashboard/kind-shapes.ts';
import { may, useLive } from '../api.ts';
import { ActionButton, Copyable, perform } from '../parts/actions.ts';
import { Empty, Name, Panel, Path, Problem } from '../parts/basics.ts';
import { useKeys } from '../parts/keys.ts';
import { Legend } from '../parts/legend.ts';
import { ago, count, plural } from '../words.ts';
import { KindCard } from './kind-card.ts';
import { steps } from './proves.ts';

/** One decision for a whole kind of names, by keys. */

const keys = [
  ['a', 'all are the first'],
  ['1–9', 'all are this one'],
  ['/', 'type what they are'],
  ['m', 'show more of them'],
  ['s', 'split further'],
  ['n', 'not sure: put aside'],
  ['space', 'skip'],
  ['backspace', 'undo'],
] as const;

/** What stands in the run: whoever comes with a token is named beside it. */
const reason = 'one decision for a kind, on the page';

export function Kinds() {
  const first = useLive<KindsScreen>('kinds?shown=12', 0);
  const [skipped, setSkipped] = useState<ReadonlySet<number>>(new Set());
  const kindId = first.data?.list.find(({ kind_id }) => !skipped.has(kind_id))?.kind_id ?? null;
  const [shown, setShown] = useState<{ of: number; steps: number }>({ of: 0, steps: 0 });
  const step = steps[shown.of === kindId ? shown.steps : 0] ?? 12;
  const more = useLive<KindsScreen>(
    kindId === null || step === 12 ? null : `kinds?kind_id=${kindId}&shown=${step}`,
    0,
  );
  const kind =
    more.data?.list.find(({ kind_id }) => kind_id === kindId && step > 12) ??
    first.data?.list.find(({ kind_id }) => kind_id === kindId);
  const [marks, setMarks] = useState<{ of: number; unmarked: ReadonlySet<number> }>({
    of: 0,
    unmarked: new Set(),
  });
  const unmarked = marks.of === kindId ? marks.unmarked : new Set<number>();
  const [typing, setTyping] = useState(false);
  const busy = useRef(false);
  const mayDecide = may('decide_kind');

  const say = async (of: KindRow, mode: 'decide' | 'split' | 'not_sure', categoryId: number | null) => {
    if (busy.current) return;
    busy.current = true;
    const values = {
      kind_id: of.kind_id,
      ...(categoryId === null ? {} : { category_id: categoryId }),
      ...(mode === 'decide' ? { unmarked: [...unmarked], shown: step } : {}),
      mode,
      reason,
    };
    await perform('decide_kind', values, ([row]) => told(mode, row));
    busy.current = false;
    setTyping(false);
    await first.again();
  };
  const undo = async () => {
    const last = first.data?.recent[0];
    if (last === undefined || busy.current) return;
    busy.current = true;
    await perform('decide_kind', { kind_id: last.kind_id, mode: 'undo', reason }, 'Taken back');
    busy.current = false;
    await first.again();
  };
  const mark = (n: number) => {
    const next = new Set(unmarked);
    if (!next.delete(n)) next.add(n);
    setMarks({ of: kindId ?? 0, unmarked: next });
  };
  const showMore = () => {
    if (kind === undefined) return;
    const at = shown.of === kindId ? shown.steps : 0;
    setShown({ of: kind.kind_id, steps: Math.min(at + 1, steps.length - 1) });
  };
  const skip = () => kind && setSkipped((before) => new Set(before).add(kind.kind_id));
  useKeys(mayDecide && !typing, (key) => {
    if (key === 'Backspace') return undo();
    if (kind === undefined) return false;
    if (key === '/') return setTyping(true);
    if (key === 'm') return showMore();
    if (key === 's') return say(kind, 'split', null);
    if (key === 'n') return say(kind, 'not_sure', null);
    if (key === ' ') return skip();
    const vote = kind.votes[key === 'a' ? 0 : Number(key) - 1];
    return vote === undefined ? false : say(kind, 'decide', vote.category_id);
  });

  if (first.data === null) return h(Problem, { error: first.error });
  return h(
    'div',
    { class: 'review' },
    h(Problem, { error: first.error }),
    kind === undefined
      ? h(None, {
          found: first.data.found_at !== null,
          skipped: skipped.size,
          again: () => setSkipped(new Set()),
        })
      : h(KindCard, {
          kind,
          left: first.data.list.length,
          shown: step,
          unmarked,
          mayDecide,
          typing,
          mark,
          more:
            step < (steps.at(-1) ?? 0) &&
            kind.members.filter(({ at_random }) => at_random).length < kind.names
              ? showMore
              : null,
          decide: (categoryId) => say(kind, 'decide', categoryId),
          split: () => say(kind, 'split', null),
          notSure: () => say(kind, 'not_sure', null),
          skip,
          setTyping,
        }),
    mayDecide && h(Legend, { keys }),
    h(Said, { recent: first.data.recent, onUndone: () => void first.again() }),
  );
}

/** What a decision did, in words: what it proves stands first. */
function told(mode: string, row: Record<string, unknown> | undefined): string {
  if (mode === 'not_sure') return 'Put aside for 30 days';
  const parts = (row?.parts as unknown[] | null)?.length ?? 0;
  if (mode === 'split') return `Split into ${plural(parts, 'kind')}`;
  const labels = Number(row?.labels ?? 0);
  const corrected = Number(row?.corrected ?? 0);
  return [
    `${plural(labels, 'label')} decided, ${count(corrected)} of them corrected`,
    ...(parts > 0 ? [`the rest split into ${plural(parts, 'kind')}`] : []),
    ...(typeof row?.proof === 'string' ? [row.proof] : []),
    ...(row?.run_id == null ? [] : [`run ${row.run_id}`]),
  ].join('; ');
}

function None(props: { found: boolean; skipped: number; again(): void }) {
  if (props.skipped > 0)
    return h(
      Panel,
      { title: 'Those were the first ones' },
      h(
        Empty,
        { title: `${plural(props.skipped, 'kind')} you skipped stay open.` },
        h('button', { type: 'button', onClick: props.again }, 'Show the skipped ones'),
      ),
    );
  return h(
    Panel,
    { title: 'No kind waits' },
    h(
      Empty,
      {
        title: props.found
          ? 'Every kind that was found is decided or put aside. They are found anew each night, and by:'
          : 'Names are grouped into kinds each night, and by:',
      },
      h(Copyable, { text: 'taxon review --kinds' }),
    ),
  );
}

const stateWords: Readonly<Record<string, string>> = {
  decided: 'all are',
  split: 'split',
  unsure: 'not sure',
};

function Said(props: { recent: readonly SaidKindRow[]; onUndone(): void }) {
  if (props.recent.length === 0) return null;
  return h(
    Panel,
    { title: 'Last decisions' },
    h(
      'ul',
      { class: 'rows decisions' },
      props.recent.map((said) =>
        h(
          'li',
          { key: said.kind_id },
          h(
            'span',
            { class: 'row-link' },
            h(Name, { text: said.words }),
            h('span', { class: 'note' }, ` ${plural(said.names, 'name')}`),
          ),
          h(
            'span',
            { class: 'row-path' },
            h('span', { class: 'badge' }, stateWords[said.state] ?? said.state),
            ' ',
            said.path !== null && h(Path, { path: said.path }),
          ),
          h(
            'span',
            { class: 'note' },
            `${ago(said.at)}${said.run_id === null ? '' : `, run ${said.run_id}`}`,
          ),
          may('decide_kind') &&
            h(
              'span',
              { class: 'row-buttons' },
              h(
                ActionButton,
                {
                  action: 'decide_kind',
                  values: { kind_id: said.kind_id, mode: 'undo', reason },
                  said: 'Taken back',
                  onDone: props.onUndone,
                },
                'undo',
              ),
            ),
        ),
      ),
    ),
  );
}
