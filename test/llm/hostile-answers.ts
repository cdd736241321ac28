/** Answers of a server that is broken, bought or mocking, to a prompt of so many items that offers these ids. */
export interface HostileAnswer {
  what: string;
  text: string;
}

/**
 * @param items how many names the prompt asks about
 * @param offered an id that is offered
 * @param known an id that the taxonomy has and the prompt does not offer
 * @param other another id that is offered
 */
export function hostileAnswers(items: number, offered: number, known: number, other = 0): HostileAnswer[] {
  const each = (element: (item: number) => unknown) =>
    JSON.stringify({ answers: Array.from({ length: items }, (_, i) => element(i + 1)) });
  const ids: [string, unknown][] = [
    ['that is not offered', known],
    ['that nobody has', 987_654_321],
    ['below 0', -offered],
    ['with a fraction', offered + 0.5],
    ['beyond bigint', 1e300],
    ['with SQL', `${offered}; drop table labels`],
    ['with SQL after a quote', `${offered}'::bigint); delete from labels; --`],
    ['with HTML', `<script>alert(${offered})</script>`],
    ['in a list', [offered]],
    ['in an object', { id: offered }],
    ['null', null],
    ['true', true],
    ['in hexadecimal', `0x${offered.toString(16)}`],
    ['with spaces', ` ${offered} `],
    ['in other digits', String(offered).replace(/\d/g, (digit) => '٠١٢٣٤٥٦٧٨٩'[Number(digit)] ?? '')],
  ];
  const places: [string, unknown][] = [
    ['0', 0],
    ['below 0', -1],
    ['past the end', items + 1],
    ['far past the end', 2 ** 53],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['with a fraction', 1.5],
    ['null', null],
    ['a list', [1]],
  ];
  return [
    ...ids.map(([what, id]) => ({
      what: `an id ${what}`,
      text: each((item) => ({ item, id, confidence: 1 })),
    })),
    ...places.map(([what, item]) => ({
      what: `item ${what}`,
      text: JSON.stringify({ answers: [{ item, id: offered, confidence: 1 }] }),
    })),
    {
      what: 'two answers for each item',
      text: each((item) => ({ item, id: offered, confidence: 1 })).replace(
        ']}',
        `,${Array.from({ length: items }, (_, i) => `{"item":${i + 1},"id":${other},"confidence":1}`).join()}]}`,
      ),
    },
    {
      what: 'keys that reach for prototypes',
      text: `{"__proto__":{"answers":[{"item":1,"id":${offered}}]},"answers":[{"__proto__":{"item":1,"id":${offered},"confidence":1}},{"constructor":{"prototype":{"item":1,"id":${offered}}}}]}`,
    },
    {
      what: 'a prototype and an id not offered',
      text: each((item) => JSON.parse(`{"__proto__":{"id":${offered}},"item":${item},"id":${known}}`)),
    },
    {
      what: 'names instead of numbers',
      text: each((item) => ({ name_key: `name ${item}`, category_id: offered })),
    },
    { what: 'SQL instead of JSON', text: `'); update labels set category_id = ${offered}; --` },
    { what: 'HTML instead of JSON', text: `<html><script>fetch("//evil.example")</script>{"item":1}</html>` },
    { what: 'depth', text: '[{"answers":'.repeat(50_000) },
    { what: 'nothing but braces', text: '{'.repeat(2_000_000) },
    {
      what: 'a million elements of no item',
      text: each(() => 7).replace('[', `[${'{"item":0},'.repeat(1_000_000)}`),
    },
    {
      what: 'a valid answer behind megabytes of nothing',
      text: `${' '.repeat(3_000_000)}{"answers":[{"item":1,"id":${offered},"confidence":1}]}`,
    },
    { what: 'control characters', text: '\u0000\u001b[2J{"answers":[{"item":1,"id":\u0000}]}' },
    { what: 'lone surrogates', text: '{"answers":[{"item":"\\ud800","id":"\\udc00"}]}' },
  ];
}
