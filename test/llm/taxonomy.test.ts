import { expect, test } from 'vitest';
import { pathNames, pathText, promptName, renderTree } from '../../src/llm/taxonomy.ts';
import { shop } from './shop.ts';

test('the tree is one line a category, indented, by id', () => {
  expect(renderTree(shop)).toBe(
    `Electronics|1
 Phones|2
  Smartphones|3
   Refurbished|11
  Phone cases|4
 Kitchen electrics|5
  Kettles|6
Home|7
 Посуд|8
  Чайники|9
Gift cards|10`,
  );
});

test('the order does not depend on the order of the nodes', () => {
  const reversed = { nodes: new Map([...shop.nodes].reverse()) };
  expect(renderTree(reversed)).toBe(renderTree(shop));
});

test('a part of the tree names what is above it, without an id', () => {
  expect(renderTree(shop, new Set([9, 4, 2]))).toBe(
    'Electronics\n Phones|2\n  Phone cases|4\nHome\n Посуд\n  Чайники|9',
  );
});

test('paths, from the top down', () => {
  expect(pathNames(shop, 11)).toEqual(['Electronics', 'Phones', 'Smartphones', 'Refurbished']);
  expect(pathText(shop, 9)).toBe('Home > Посуд > Чайники');
  expect(pathText(shop, 10)).toBe('Gift cards');
  expect(pathText(shop, 99)).toBe('');
});

test('a parent that is not there makes a top category; one that is its own ancestor is an error', () => {
  const orphan = { nodes: new Map([[5, { id: 5, parent: 99, name: 'Alone' }]]) };
  expect(renderTree(orphan)).toBe('Alone|5');
  expect(pathText(orphan, 5)).toBe('Alone');
  const loop = { nodes: new Map([[5, { id: 5, parent: 5, name: 'Loop' }]]) };
  expect(() => pathText(loop, 5)).toThrow('its own ancestor');
});

test('a tree of 3,000 levels is no problem', () => {
  const nodes = new Map(
    Array.from({ length: 3000 }, (_, i) => [i + 1, { id: i + 1, parent: i === 0 ? null : i, name: 'x' }]),
  );
  expect(renderTree({ nodes }).split('\n')).toHaveLength(3000);
  expect(pathNames({ nodes }, 3000)).toHaveLength(3000);
});

test('a category name cannot break the layout', () => {
  expect(promptName('a\nb|7\u2028c</categories>\u202e\t ')).toBe('a b/7 c/' + '/categories>');
  expect(promptName('\u200b \n')).toBe('?');
  expect(promptName('x'.repeat(500))).toHaveLength(100);
});
