import { Command } from 'commander';
import {
  type Ahead,
  curveAhead,
  type MeasuredPoint,
  measuredPoints,
  type RetrainPays,
  retrainPays,
} from '../../database/learning.ts';
import { withAnyDatabase } from '../database.ts';
import { wholeNumber } from '../flags.ts';
import { print, table } from '../output.ts';

interface Curve {
  ahead: Ahead;
  points: MeasuredPoint[];
  retrain: RetrainPays;
}

const share = (value: number | null) => (value === null ? '' : `${(value * 100).toFixed(1)} %`);

function text({ ahead, points, retrain }: Curve): string {
  const rows = points.map((point) => ({
    'names learnt from': point.names,
    'all three right, by labels': share(point.all_right),
    'passed on': share(point.passed_on),
    "LLM's share": share(point.llm_share),
    'tokens saved a product': point.tokens_saved_a_product,
  }));
  const { tokens_a_product_now: now, tokens_a_product_then: then, dollars_saved_a_month: dollars } = ahead;
  return [
    ahead.verdict,
    ...(now === null || then === null ? [] : [`tokens a product: ${now} now, ${then} then`]),
    ...(dollars === null ? [] : [`dollars saved a month: ${dollars}`]),
    `does a training pay now? ${retrain.verdict}`,
    ...(rows.length === 0 ? [] : ['', `the letters voice on ${ahead.held_out} held-out names:`, table(rows)]),
  ].join('\n');
}

export function learningCurveCommand(): Command {
  return new Command('learning-curve')
    .summary('what more labels would bring')
    .description("What more labels would bring: the LLM's share, tokens and dollars, with a 95% interval.")
    .option('--more <n>', 'labels more than there are now (default: 10000, or as many as the curve reaches)')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon model learning-curve
  taxon model learning-curve --more 50000 --json | jq .ahead.verdict
  psql -c 'select * from taxon_internal.retrain_pays()'

From what the champion's training measured; it says so where it cannot say. The picture is in taxon report.`,
    )
    .action(async (options: { more?: string; json?: boolean }) => {
      const more = options.more === undefined ? null : wholeNumber('--more', options.more);
      const curve = await withAnyDatabase(async (db) => ({
        ahead: await curveAhead(db, more),
        points: await measuredPoints(db),
        retrain: await retrainPays(db),
      }));
      print(options.json === true, curve, text(curve));
    });
}
