import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { hearTroubles, log, setLog, unknownLogWord } from '../src/log.ts';
import { keepSecret } from '../src/secrets.ts';

let said: string[];

beforeEach(() => {
  said = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
});
afterEach(() => {
  setLog('text,info');
  vi.restoreAllMocks();
});

test('text: the time, the message, and facts behind it', () => {
  log.warn('the database did not answer', { error: 'gone', waitMs: 200, left: undefined });
  log.debug('not shown');
  expect(said).toEqual([
    expect.stringMatching(/^[\d:.]{12} warn: the database did not answer error=gone waitMs=200\n$/),
  ]);
});

test('json: one object a line, with the facts as its fields', () => {
  setLog('json');
  log.info('sidecar started', { worker: 'w', llm: null, names: 3, left: undefined });
  const line = JSON.parse(said[0] ?? '');
  expect(line).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    level: 'info',
    message: 'sidecar started',
    worker: 'w',
    llm: null,
    names: 3,
  });
  expect(Object.keys(line).slice(0, 3)).toEqual(['time', 'level', 'message']);
});

test('json: line ends, terminal codes and keys of strangers do nothing, in whatever depth', () => {
  keepSecret('hunter22hunter22');
  setLog('json');
  log.warn('refused\nhunter22hunter22', {
    error: 'a\nb \u001b[2J hunter22hunter22',
    deep: { list: ['postgres://me:pw@host/db', '\u202e'] },
  });
  const text = said[0] ?? '';
  expect(text.indexOf('\n')).toBe(text.length - 1);
  expect(text).not.toMatch(/hunter22|\\u001b|\\u202e|me:pw/);
  expect(JSON.parse(text)).toMatchObject({ deep: { list: ['postgres://[login]@host/db', '\ufffd'] } });
});

test('the level may stand beside the form', () => {
  setLog('warn,json');
  log.info('not shown');
  log.error('shown');
  expect(said).toHaveLength(1);
  expect(JSON.parse(said[0] ?? '')).toMatchObject({ level: 'error' });
});

test('a word that means nothing is refused, with those that do', () => {
  expect(() => setLog('jsn')).toThrow('--log jsn: there is no "jsn"');
  expect(unknownLogWord('json,warn')).toBeUndefined();
  expect(unknownLogWord('toString')).toBe('toString');
});

test('warnings and errors are heard, shown or not, until nobody listens', () => {
  const heard: string[] = [];
  const deaf = hearTroubles((level, message) => heard.push(`${level} ${message}`));
  setLog('error');
  log.info('one');
  log.warn('two');
  log.error('three');
  deaf();
  log.error('four');
  expect(heard).toEqual(['warn two', 'error three']);
});
