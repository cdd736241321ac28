import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { linesOf, proseOf } from '../support/pages.ts';

const all = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(packageRoot, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

/** The names of a page's headings in addresses, as GitHub makes them; the same heading again gets a number. */
function anchorsOf(page: string): Set<string> {
  const seen = new Map<string, number>();
  return new Set(
    linesOf(page).flatMap((line) => {
      const [, heading] = /^#+ (.*)/.exec(line) ?? [];
      if (heading === undefined) return [];
      const anchor = heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-');
      const times = seen.get(anchor) ?? 0;
      seen.set(anchor, times + 1);
      return [times === 0 ? anchor : `${anchor}-${times}`];
    }),
  );
}

const links = all.flatMap((page) =>
  proseOf(page).flatMap(({ at, text }) =>
    Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, to = '']) => ({ at, page, to })),
  ),
);

test('each link to a page, a file or a heading of this project leads there', () => {
  const inside = links.filter(({ to }) => !/^https?:/.test(to));
  expect(inside.length).toBeGreaterThan(100);
  const lost = inside.filter(({ page, to }) => {
    const [path = '', anchor] = to.split('#');
    const target = path === '' ? page : normalize(join(dirname(page), path));
    if (!existsSync(join(packageRoot, target))) return true;
    if (anchor === undefined) return false;
    return !statSync(join(packageRoot, target)).isFile() || !anchorsOf(target).has(anchor);
  });
  expect(lost.map(({ at, to }) => `${at}: ${to}`)).toEqual([]);
});
