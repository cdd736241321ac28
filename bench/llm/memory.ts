import type { Config } from '../../src/config.ts';
import type { Path } from '../../src/model/types.ts';
import type { Source } from '../accuracy/types.ts';
import { openThrowAway } from '../trust/throw-away.ts';

/** What the exact and the similar layer answer; null: neither does. */
export interface FromMemory {
  layer: 'exact' | 'similar';
  path: Path;
}

const asking = `
  select n.i, l.layer, l.path from unnest($1::text[]) with ordinality n(name, i)
    cross join lateral (select * from taxon.look_up(n.name) l where l.blocked_by is null limit 1) l`;

/** Asks the real layers 1 and 2 of a throw-away database that holds the teacher's labels of the training part. */
export async function askMemory(
  config: Config,
  { categories, train }: Source,
  keys: readonly string[],
): Promise<(FromMemory | null)[]> {
  const db = await openThrowAway(config);
  try {
    const pathOf = (path: Path) => path.map((id) => (id === null ? null : categories[id - 1]?.at(-1)));
    const paths = new Map<string, Path>();
    const names = train.paths.map((path) => {
      const text = JSON.stringify(pathOf(path).filter((name) => name !== null));
      paths.set(text, path);
      return text;
    });
    await db.rows(
      `with c as materialized (
         select path, taxon_internal.make_category(array(select jsonb_array_elements_text(path::jsonb))) as id from (select distinct unnest($2::text[]) as path) p)
       insert into taxon.labels (name_key, category_id, source) select k, c.id, 'llm' from unnest($1::text[], $2::text[]) u(k, path) join c using (path)
         on conflict do nothing`,
      [train.keys, names],
    );
    await db.rows('analyze taxon.labels');
    await db.rows('select taxon_internal.learn_guard()');
    const found = await db.rows<{ i: number; layer: FromMemory['layer']; path: string }>(asking, [keys]);
    const answers: (FromMemory | null)[] = keys.map(() => null);
    for (const { i, layer, path } of found) {
      const known = paths.get(JSON.stringify(path.split(' > ')));
      if (known === undefined) throw new Error(`memory answered ${path}, which is no path of a label`);
      answers[i - 1] = { layer, path: known };
    }
    return answers;
  } finally {
    await db.close();
  }
}
