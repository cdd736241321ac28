import { h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { CurvePoint, Simulated } from '../../../database/dashboard/judging-shapes.ts';
import { ask, may, Refused } from '../api.ts';
import { ActionButton, AsSql } from '../parts/actions.ts';
import { Field, Panel, Problem, Stat, Why } from '../parts/basics.ts';
import { count, level, money, percent, short } from '../words.ts';

/** Other thresholds, and what they would change before anybody sets them. */

export interface Three {
  l1: number;
  l2: number;
  l3: number;
}

const names = { l1: 'Top category', l2: 'Middle category', l3: 'Leaf' } as const;
/** The simulation reads all evidence: it waits until the slider rests. */
const restMs = 250;
const two = (value: number) => Math.round(value * 1000) / 1000;

export function Sliders(props: {
  curve: readonly CurvePoint[];
  now: Three;
  /** What today's answer of the names that memory did not know, 0 to 1. */
  shareNow: number | null;
  three: Three;
  promised: boolean;
  onMove(three: Three): void;
  onApplied(): void;
}) {
  const { curve, now, three, onMove } = props;
  const [reason, setReason] = useState('');
  const [force, setForce] = useState(false);
  const { simulated, error } = useSimulation(three);
  const moved = (['l1', 'l2', 'l3'] as const).some((key) => Math.abs(three[key] - now[key]) > 1e-4);
  const moveOne = (other: Three) => {
    setPut(null);
    onMove(other);
  };
  const values = {
    ...three,
    reason: reason.trim() === '' ? '…' : reason.trim(),
    ...(force ? { force } : {}),
  };
  // where the person put it, until another slider moves; else by what the simulation found
  const [put, setPut] = useState<number | null>(null);
  const place = put ?? nearest(curve, simulated?.share_after ?? props.shareNow);
  return h(
    Panel,
    {
      title: 'Try other thresholds',
      wide: true,
      aside:
        moved &&
        h('button', { type: 'button', class: 'quiet', onClick: () => moveOne(now) }, 'back to today’s'),
    },
    h(
      'div',
      { class: 'sliders' },
      h(
        Field,
        { label: 'Names answered locally', note: 'moves all three along the curve' },
        h('input', {
          type: 'range',
          min: 0,
          max: curve.length - 1,
          step: 1,
          value: place,
          'aria-valuetext': percent(curve[place]?.coverage ?? null, 0),
          onInput: (event: Event) => {
            const point = curve[Number((event.currentTarget as HTMLInputElement).value)];
            if (point === undefined) return;
            setPut(curve.indexOf(point));
            onMove({ l1: two(point.l1), l2: two(point.l2), l3: two(point.l3) });
          },
        }),
        h('output', { class: 'figure' }, percent(curve[place]?.coverage ?? null, 0)),
      ),
      (['l1', 'l2', 'l3'] as const).map((key) =>
        h(
          Field,
          { key, label: names[key] },
          h('input', {
            type: 'range',
            min: 0,
            max: 1,
            step: 0.005,
            value: three[key],
            onInput: (event: Event) =>
              moveOne({ ...three, [key]: Number((event.currentTarget as HTMLInputElement).value) }),
          }),
          h('output', { class: 'figure' }, level(three[key])),
        ),
      ),
    ),
    h(Problem, { error }),
    simulated !== null && h(Outcome, { simulated, moved }),
    may('set_thresholds') &&
      h(
        'div',
        { class: 'form' },
        h(Why, { value: reason, example: 'fewer mistakes before the season', onInput: setReason }),
        props.promised &&
          h(
            'label',
            { class: 'tick' },
            h('input', { type: 'checkbox', checked: force, onChange: () => setForce(!force) }),
            'also where the promise is not proved with them',
          ),
        h(
          ActionButton,
          {
            action: 'set_thresholds',
            values,
            kind: 'main',
            disabled: !moved || reason.trim() === '',
            said: (rows) => said(rows[0]),
            onDone: () => {
              setReason('');
              props.onApplied();
            },
          },
          'Apply',
        ),
        h(AsSql, { action: 'set_thresholds', values }),
      ),
  );
}

function said(row: Record<string, unknown> | undefined): string {
  const note = row?.note;
  return typeof note === 'string' && note !== '' ? `Thresholds set: ${note}` : 'Thresholds set';
}

/** The place of the point with this coverage, or of the one below. */
function nearest(curve: readonly CurvePoint[], coverage: number | null): number {
  const found = curve.findLastIndex((point) => point.coverage <= (coverage ?? 0) + 1e-9);
  return Math.max(0, found);
}

function useSimulation({ l1, l2, l3 }: Three): { simulated: Simulated | null; error: Refused | null } {
  const [state, setState] = useState<{ simulated: Simulated | null; error: Refused | null }>({
    simulated: null,
    error: null,
  });
  useEffect(() => {
    let over = false;
    const timer = setTimeout(() => {
      ask<Simulated>(`simulate?l1=${l1}&l2=${l2}&l3=${l3}`).then(
        (simulated) => !over && setState({ simulated, error: null }),
        (error) =>
          !over && setState((before) => ({ ...before, error: error instanceof Refused ? error : null })),
      );
    }, restMs);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [l1, l2, l3]);
  return state;
}

function Outcome(props: { simulated: Simulated; moved: boolean }) {
  const s = props.simulated;
  const tokens = s.llm_tokens_more_a_day;
  const more =
    tokens === null
      ? 'the ledger knows no price yet'
      : tokens === 0
        ? 'the same'
        : tokens > 0
          ? 'more a day'
          : 'less a day';
  return h(
    'dl',
    { class: 'stats small', 'aria-live': 'polite' },
    h(Stat, {
      label: 'Answered locally',
      value: `${percent(s.share_before)} → ${percent(s.share_after)}`,
      note: `of ${count(s.names)} names that memory did not know`,
    }),
    h(Stat, {
      label: 'Change',
      value: props.moved ? `+${count(s.newly_answered)} / −${count(s.newly_passed)}` : 'none',
      note: 'newly answered / passed on to the LLM',
    }),
    h(Stat, {
      label: 'Wrong answers',
      value: percent(s.measured_error ?? s.expected_error),
      note:
        s.measured_error === null
          ? `as the model expects; ${count(s.checked)} checks so far, 30 measure it`
          : `measured by ${count(s.checked)} checks, ${percent(s.lower)} to ${percent(s.upper)}`,
    }),
    h(Stat, {
      label: 'LLM tokens',
      value: tokens === null ? '–' : short(Math.abs(tokens)),
      note: s.llm_cost_more_a_day === null ? more : `${more}, ${money(Math.abs(s.llm_cost_more_a_day))}`,
    }),
  );
}
