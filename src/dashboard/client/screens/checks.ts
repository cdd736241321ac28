import { h } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Action, Arguments } from '../../../database/dashboard/actions.ts';
import type { Candidate, CategoryChoice, ReviewScreen } from '../../../database/dashboard/judging-shapes.ts';
import { ask, may, useLive } from '../api.ts';
import { perform } from '../parts/actions.ts';
import { Problem } from '../parts/basics.ts';
import { useKeys } from '../parts/keys.ts';
import { Legend } from '../parts/legend.ts';
import { plural } from '../words.ts';
import { Card } from './check-card.ts';
import { Decisions } from './decisions.ts';
import { Nothing } from './draw.ts';

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
  /** The verdict that is on its way: one at a time, so that no key counts for a name that is not shown yet. */
  const busy = useRef<Promise<void> | null>(null);
  /** The checks decided here, the last of which is taken back first; before that, those that the server remembers. */
  const decided = useRef<number[]>([]);
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

  const alone = async (work: () => Promise<void>) => {
    busy.current = work().finally(() => {
      busy.current = null;
    });
    await busy.current;
  };
  const judge = (action: Action, values: Arguments, said: string) => {
    if (check === undefined || busy.current !== null) return;
    return alone(async () => {
      const rows = await perform(action, values, (found) => effect(said, found[0]));
      if (rows === null) return;
      const id = rows[0]?.check_id;
      decided.current.push(typeof id === 'number' ? id : check.check_id);
      setTyping(false);
      setDone((before) => new Set(before).add(check.check_id));
      // not waited for: the next name is shown, and a key counts for it
      void again();
    });
  };
  const accept = () =>
    check && judge('confirm', { product_id: check.product_id, category_id: check.category_id }, 'Accepted');
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
    decided.current = decided.current.filter((id) => id !== checkId);
    setDone((before) => new Set([...before].filter((id) => id !== checkId)));
    await again();
  };
  const undo = async () => {
    // what was decided a moment ago is what is meant, also while it is on its way
    await busy.current;
    const last = decided.current.at(-1) ?? data?.recent[0]?.check_id;
    if (last === undefined) return;
    await alone(async () => {
      if ((await perform('undo_check', { check_id: last }, 'Taken back')) !== null) await open(last);
    });
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
