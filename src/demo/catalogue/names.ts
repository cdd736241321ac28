import { attribute, praise } from './attributes.ts';
import { type Model, modelOf } from './brands.ts';
import { between, pick, pickEarly, pickWeighted, type Random, shuffled } from './random.ts';
import { abbreviate, caseNoise, homoglyph, transliterate, typo } from './slips.ts';
import { type Language, type Leaf, languages } from './vocabulary.ts';

/** A generated listing and what it was made from. */
export interface Listing {
  name: string;
  leaf: Leaf;
  language: Language;
  /** What the teacher's systematic errors hang on: the type word, or the brand where there is none. */
  clue: string;
}

/** Polish, Ukrainian, Russian, English. */
const languageWeights = [0.54, 0.2, 0.15, 0.11];
/** Share of names, by sector, that say brand and model but not what the thing is, where they can. */
const bare: Record<string, number> = {
  tech: 0.26,
  media: 0.5,
  beauty: 0.22,
  kids: 0.2,
  tools: 0.16,
  fashion: 0.12,
};
const bareElsewhere = 0.1;

const preposition: Record<Language, string[]> = {
  pl: ['do', 'dla', 'do'],
  uk: ['для', 'до'],
  ru: ['для', 'на', 'к'],
  en: ['for'],
};

/** "etui do Norvika Vento X54": the accessory's word, joined to what it is made for. */
export function accessoryOf(leaf: Leaf, language: Language, thing: string, random: Random): string {
  const word = pickEarly(random, leaf.words[language], 1.2);
  return `${word} ${pick(random, preposition[language])} ${thing}`;
}

const join = (parts: readonly string[]) => parts.filter((part) => part !== '').join(' ');

/** The product's number in its leaf: a few sell all the time and are listed often, most are listed once. */
function productNumber(random: Random): number {
  return random() < 0.12 ? between(random, 1, 12) : between(random, 13, 60_000);
}

function brandAsWritten(brand: string, language: Language, random: Random): string {
  const cyrillic = language === 'uk' || language === 'ru';
  if (cyrillic && random() < 0.15) return brand.split(' ').map(transliterate).join(' ');
  return random() < 0.02 ? homoglyph(brand, random) : brand;
}

function typeWords(leaf: Leaf, language: Language, random: Random): string {
  // In scraped data a Ukrainian listing has Russian words, and any has English ones.
  const borrowed = random() < 0.05 ? (language === 'uk' ? 'ru' : 'en') : language;
  return pickEarly(random, leaf.words[borrowed], 1.2);
}

/** A listing of a leaf, as a marketplace has it. */
export function listingOf(leaf: Leaf, random: Random): Listing {
  const language = languages[pickWeighted(random, languageWeights)] as Language;
  const forBase = leaf.base !== undefined && random() < 0.55;
  const model: Model = modelOf(forBase && leaf.base ? leaf.base : leaf, productNumber(random));
  const brand = brandAsWritten(model.brand, language, random);
  const maker = join([random() < 0.93 ? brand : '', model.series, model.code]);

  const kinds = shuffled(random, [...new Set(leaf.attributes)]).slice(
    0,
    between(random, model.series + model.code === '' ? 1 : 0, 3),
  );
  const attributes = kinds.map((kind) => attribute(kind, language, random));
  if (random() < 0.4) attributes.push(pick(random, praise[language]));
  if (random() < 0.08) attributes.push(String(between(random, 10_000, 9_999_999)));

  const hasTitle = leaf.attributes.includes('title');
  const nameable = model.wellKnown && (model.series !== '' || model.code !== '' || hasTitle);
  const isBare = !forBase && nameable && random() < (bare[leaf.sector] ?? bareElsewhere);
  if (hasTitle && !attributes.some((text) => / /u.test(text)))
    attributes.unshift(attribute('title', language, random));

  let type = isBare ? '' : typeWords(leaf, language, random);
  const clue = type === '' ? model.brand : type;
  if (random() < 0.08) type = abbreviate(type, random);
  const [first = '', ...rest] = attributes;
  let name: string;
  if (forBase) name = join([type, pick(random, preposition[language]), maker, ...attributes]);
  else if (random() < 0.55) name = join([type, maker, first, ...rest]);
  else if (random() < 0.4) name = join([type, first, maker, ...rest]);
  else if (random() < 0.5) name = join([maker, type, first, ...rest]);
  else name = join([maker, first, ...rest, type]);
  return { name: finish(name, random), leaf, language, clue };
}

/** What happens to a name between the shop and the database. */
function finish(name: string, random: Random): string {
  let text = name;
  if (random() < 0.08) text = typo(text, random);
  if (random() < 0.12) text = text.replace(/ (?=[^ ]+ [^ ]+$)/u, pick(random, [', ', ' - ', ' / ', '; ']));
  if (random() < 0.04 && text.length > 34) text = text.slice(0, between(random, 26, 34)).trim();
  return caseNoise(text, random);
}
