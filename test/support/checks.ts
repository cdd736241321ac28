import { beforeEach } from 'vitest';
import { seededRandom } from '../../src/train/random.ts';
import type { TaxonDatabase } from './sql.ts';
import { makeModel } from './trust.ts';

/** A judged check of the model's answer, a > b > c. */
export interface Check {
  said: readonly number[];
  /** The highest level that is wrong; 4: none. */
  wrongAt: number;
  strategy?: string;
  weight?: number;
}

export interface Judged {
  /** The champion. */
  readonly model: number;
  /** a > b > c. */
  readonly right: number;
  /** f, a > e and a > b > d: wrong from l1, l2 and l3 on. */
  readonly wrong: readonly number[];
  /** Puts checks there, each of a name of its own. */
  judge(...checks: Check[]): Promise<void>;
}

const logit = (p: number) => Math.log(p / (1 - p));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Names of which the levels come true with sigmoid(offset + slope × logit(said)), each level and all above it. */
export function drawn(count: number, offset: number, slope: number, seed: number): Check[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const said = Array.from({ length: 3 }, () => 0.02 + 0.96 * random.next()).sort((a, b) => b - a);
    const luck = random.next(); // one throw, so that what is right at l3 is right above
    const at = said.findIndex((value) => luck >= sigmoid(offset + slope * logit(value)));
    return { said, wrongAt: at === -1 ? 4 : at + 1 };
  });
}

/** A champion and categories before each test of a file, made anew. */
export function judgedChecks(t: TaxonDatabase): Judged {
  const made = { model: 0, right: 0, wrong: [] as number[] };
  beforeEach(async () => {
    made.model = await makeModel(t);
    made.right = await t.category('a > b > c');
    made.wrong = [await t.category('f'), await t.category('a > e'), await t.category('a > b > d')];
  });
  async function judge(...checks: Check[]): Promise<void> {
    await t.owner.rows(
      `with c as (select * from jsonb_to_recordset($1) c(i integer, said real[], "wrongAt" integer, truth bigint, strategy text, weight real)),
     made as (
       insert into checks (name_key, layer, strategy, weight, model_id, category_id, verdict, truth_category_id, checked_by, checked_at)
         select 'name ' || i, 'local', strategy, weight, $2, $3, "wrongAt" = 4, truth, 'me', now() from c order by i
         returning check_id, name_key)
     insert into check_scores (check_id, model_id, category_id, l1_said, l2_said, l3_said)
       select m.check_id, $2, $3, c.said[1], c.said[2], c.said[3] from made m join c on m.name_key = 'name ' || c.i`,
      JSON.stringify(
        checks.map((check, i) => ({
          ...{ i, strategy: 'uniform', weight: 1, ...check },
          truth: check.wrongAt === 4 ? made.right : made.wrong[check.wrongAt - 1],
        })),
      ),
      made.model,
      made.right,
    );
  }
  return Object.assign(made, { judge });
}
