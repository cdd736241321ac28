import { nearlyThe } from '../../src/demo/catalogue/near.ts';
import { randomFrom } from '../../src/demo/catalogue/random.ts';
import { type Leaf, leaves } from '../../src/demo/catalogue/vocabulary.ts';
import type { Path } from '../../src/model/types.ts';
import { normalise } from '../../src/normalise.ts';
import type { Source } from '../accuracy/types.ts';

/** A name that arrives. */
export interface Arriving {
  key: string;
  truth: Path;
  kind: 'exact' | 'near' | 'new';
}

/** The seed's mix: what memory knows, what resembles it, what is new. */
const shares = { exact: 0.17, near: 0.18 };

/**
 * Traffic of a set: names of its training part again, others of it as another shop would write them (another number, colour,
 * order, a slip of the keyboard), and names of its test part, each once.
 */
export function trafficOf({ train, test }: Source, names: number, seed: number): Arriving[] {
  const random = randomFrom(seed);
  const known = new Set([...train.keys, ...test.keys]);
  // what is changed of a name hangs on its language, not on its leaf
  const leaf = leaves[0] as Leaf;
  const draw = () => Math.floor(random() * train.keys.length);
  const exact = Array.from({ length: Math.round(names * shares.exact) }, (): Arriving => {
    const at = draw();
    return { key: train.keys[at] as string, truth: train.truth[at] as Path, kind: 'exact' };
  });
  const near: Arriving[] = [];
  while (near.length < Math.round(names * shares.near)) {
    const at = draw();
    const name = train.keys[at] as string;
    const language = /\p{Script=Cyrillic}/u.test(name) ? 'ru' : 'en';
    const key = normalise(nearlyThe({ name, language, leaf, clue: name }, random));
    if (known.has(key)) continue;
    known.add(key);
    near.push({ key, truth: train.truth[at] as Path, kind: 'near' });
  }
  const order = test.keys.map((_, i) => ({ i, place: random() })).sort((a, b) => a.place - b.place);
  const left = names - exact.length - near.length;
  const fresh = order
    .slice(0, left)
    .map(({ i }): Arriving => ({ key: test.keys[i] as string, truth: test.paths[i] as Path, kind: 'new' }));
  return [...exact, ...near, ...fresh];
}
