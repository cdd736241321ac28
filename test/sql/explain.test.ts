import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();

const explained = async (name: string) => {
  const id = await t.owner.value('select product_id from products where name = $1', name);
  const lines = await t.owner.rows<{ item: string; detail: string }>('select * from explain($1)', id);
  return {
    text: (item: string) => lines.filter((line) => line.item === item).map(({ detail }) => detail),
    json: await t.owner.value<Record<string, never>>(
      'select detail::jsonb from explain($1, as_json => true)',
      id,
    ),
  };
};

async function model(): Promise<number> {
  const id = await makeModel(t);
  await t.owner.rows(
    `select save_embeddings((select encoder_id from models where model_id = $1), array['red kettle', 'steel kettle 2l', 'brass lamp'],
       array['[1,0]', '[.8,.6]', '[0,1]']::halfvec[])`,
    id,
  );
  return id;
}

describe('explain', () => {
  test('says of a local answer what spoke for it and what the thresholds were, then and now', async () => {
    const kettles = await t.label('red kettle', 'Home > Kettles');
    await t.label('brass lamp', 'Home > Lamps');
    const id = await model();
    await t.insertAll('steel kettle 2l');
    await t.claim('one');
    const result = {
      ...{
        name_key: 'steel kettle 2l',
        category_id: kettles,
        confidence: [0.99, 0.9, 0.8],
        shortlist: [kettles],
      },
      ...{ margin: 0.7, nearest: 0.8, unknown: 0.25, voices: 2 },
    };
    await t.owner.rows(`select * from settle_local('one', $1, $2)`, id, JSON.stringify([result]));
    await t.owner.rows(`select set_thresholds(.9, .8, .7, 'tighter')`);
    const { text, json } = await explained('steel kettle 2l');
    expect(text('answer')).toEqual(['Home > Kettles, by local']);
    expect(text('local model')).toEqual([`Home > Kettles, confidence 0.990 / 0.900 / 0.800, model ${id}`]);
    expect(text('evidence')).toEqual([
      'clears the thresholds, margin 0.700, 2 of 3 voices agree, nearest label at cosine 0.800, 25 % of its n-grams unknown',
    ]);
    expect(text('thresholds then')).toEqual(['0.75 / 0.55 / 0.40, the defaults; not certified']);
    expect(text('thresholds now')).toEqual(['0.9 / 0.8 / 0.7, tighter']);
    expect(text('alternative')).toEqual([
      'Home > Kettles, as "red kettle" (cosine 0.800)',
      'Home > Lamps, as "brass lamp" (cosine 0.600)',
    ]);
    expect(json).toMatchObject({
      answer: { layer: 'local', path: 'Home > Kettles' },
      evidence: { said: [0.99, 0.9, 0.8], answered: true },
      llm: null,
      label: null,
    });
  });

  test('says of a similar answer which label it came from, and what the guard stopped', async () => {
    await t.label('red kettle 1.7 l', 'Home > Kettles');
    await t.insertAll('red kettle 1,7 l');
    await t.claim('one');
    await t.owner.rows(`select * from settle_from_memory('one', array['red kettle 1,7 l'])`);
    const { text } = await explained('red kettle 1,7 l');
    expect(text('answer')).toEqual(['Home > Kettles, by similar']);
    expect(text('similar to')[0]).toMatch(/^red kettle 1\.7 l \(similarity 1\.000\)$/);
    expect(text('local model')).toEqual([]);
  });

  test('shows how a label of the name changed, and that a row still waits', async () => {
    await t.label('old lamp', 'Home > Kettles');
    const lamps = await t.owner.value(`select make_category(array['Home', 'Lamps'])`);
    await t.owner.rows(`update labels set category_id = $1, source = 'human'`, lamps);
    await t.insertAll('old lamp', 'something else');
    const changed = (await explained('old lamp')).text('history');
    expect(changed).toHaveLength(1);
    expect(changed[0]).toMatch(/label from Home > Kettles \(llm\) to Home > Lamps \(human\)/);
    expect((await explained('something else')).text('answer')).toEqual(['none yet']);
  });

  test('of no product is an error that says so', async () => {
    await expect(t.owner.rows('select explain(77)')).rejects.toThrow('there is no product 77');
  });
});
