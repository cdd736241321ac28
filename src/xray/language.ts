import type { LanguagesPart } from './types.ts';

/** Scripts that are told apart; all else is "other". */
const scripts = {
  Latin: /\p{Script=Latin}/gu,
  Cyrillic: /\p{Script=Cyrillic}/gu,
  Greek: /\p{Script=Greek}/gu,
  Hebrew: /\p{Script=Hebrew}/gu,
  Arabic: /\p{Script=Arabic}/gu,
  Han: /\p{Script=Han}/gu,
  Kana: /[\p{Script=Hiragana}\p{Script=Katakana}]/gu,
  Hangul: /\p{Script=Hangul}/gu,
  Thai: /\p{Script=Thai}/gu,
  Georgian: /\p{Script=Georgian}/gu,
  Armenian: /\p{Script=Armenian}/gu,
} as const;
const letter = /\p{L}/gu;
const mixedWord = /(?<![\p{L}\p{M}])(?=\p{L}*\p{Script=Latin})(?=\p{L}*\p{Script=Cyrillic})\p{L}{3,}/u;

/**
 * Letters and frequent words of shops that one language has and its neighbours have not. A language is named where one of
 * these is met; the first that fits wins, so those with letters of their own come first.
 */
const signs: readonly (readonly [language: string, sign: RegExp])[] = [
  ['Ukrainian', /[іїєґ]|(?:^|\s)(?:та|або|чорний|білий|без)\s/u],
  ['Belarusian', /ў/u],
  ['Russian', /[ыэъё]|(?:^|\s)(?:и|или|белый|черный)\s/u],
  ['Bulgarian', /(?:^|\s)(?:за|със|бял|черен)\s/u],
  ['Ukrainian or Russian', /\p{Script=Cyrillic}{3}/u],
  ['Polish', /[ąćęłńśźż]|(?:^|\s)(?:dla|do|czarny|biały|szt)(?:\s|$)/u],
  ['Czech or Slovak', /[ěřůďťňľĺŕ]|(?:^|\s)(?:pro|černý|černá)\s/u],
  ['Romanian', /[șțăâ]/u],
  ['Turkish', /[ğışİ]/u],
  ['Hungarian', /[őű]/u],
  ['German', /[äß]|(?:^|\s)(?:für|mit|und|ohne|schwarz|weiß)\s/u],
  ['Spanish', /[ñ¿¡]|(?:^|\s)(?:para|con|sin|negro)\s/u],
  ['French', /[œèêç]|(?:^|\s)(?:pour|avec|sans|noir)\s/u],
  ['English', /(?:^|\s)(?:the|for|with|and|of|black|white|set|case|pack|men|women|kids)(?:\s|$)/u],
];

const counted = (met: ReadonlyMap<string, number>, all: number) =>
  [...met]
    .sort((a, b) => b[1] - a[1])
    .map(([name, names]) => ({ name, names, share: names / Math.max(1, all) }));

/** The scripts of a name that hold at least a fifth of its letters, the largest first. */
function scriptsOf(name: string): string[] {
  const letters = name.match(letter)?.length ?? 0;
  if (letters === 0) return [];
  const found = Object.entries(scripts)
    .map(([script, pattern]) => ({ script, share: (name.match(pattern)?.length ?? 0) / letters }))
    .filter(({ share }) => share >= 0.2)
    .sort((a, b) => b.share - a.share);
  return found.length === 0 ? ['other'] : found.map(({ script }) => script);
}

/** Scripts by Unicode's property, languages roughly by letters and frequent words, of distinct names. */
export function languagesOf(names: readonly string[]): LanguagesPart {
  const byScript = new Map<string, number>();
  const byLanguage = new Map<string, number>();
  const add = (met: Map<string, number>, what: string) => met.set(what, (met.get(what) ?? 0) + 1);
  const examples: string[] = [];
  let mixed = 0;
  for (const name of names) {
    const found = scriptsOf(name);
    add(byScript, found.length === 0 ? 'no letters' : found.slice(0, 2).sort().join(' and '));
    const text = name.toLowerCase();
    const sign = found.length === 0 ? undefined : signs.find(([, pattern]) => pattern.test(text));
    add(byLanguage, sign?.[0] ?? 'no telling');
    if (!mixedWord.test(name)) continue;
    mixed++;
    if (examples.length < 5) examples.push(name);
  }
  return {
    scripts: counted(byScript, names.length).map(({ name, ...rest }) => ({ script: name, ...rest })),
    languages: counted(byLanguage, names.length).map(({ name, ...rest }) => ({ language: name, ...rest })),
    mixedWords: { names: mixed, examples },
  };
}
