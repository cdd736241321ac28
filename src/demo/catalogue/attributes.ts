import { between, pick, type Random } from './random.ts';
import type { Language } from './vocabulary.ts';

type Words = Record<Language, string>;
const split = (words: Words): Record<Language, string[]> => ({
  pl: words.pl.split(', '),
  uk: words.uk.split(', '),
  ru: words.ru.split(', '),
  en: words.en.split(', '),
});

/** Colours, in the same order in each language. */
export const colours = split({
  pl: 'czarny, biały, czerwony, niebieski, zielony, szary, różowy, żółty, granatowy, beżowy, brązowy, srebrny, złoty, fioletowy',
  uk: 'чорний, білий, червоний, синій, зелений, сірий, рожевий, жовтий, темно-синій, бежевий, коричневий, сріблястий, золотий, фіолетовий',
  ru: 'черный, белый, красный, синий, зеленый, серый, розовый, желтый, темно-синий, бежевый, коричневый, серебристый, золотой, фиолетовый',
  en: 'black, white, red, blue, green, grey, pink, yellow, navy, beige, brown, silver, gold, purple',
});

const materials = split({
  pl: 'stal nierdzewna, plastik, drewno, szkło, metal, bambus, ceramika, guma, aluminium',
  uk: 'нержавіюча сталь, пластик, дерево, скло, метал, бамбук, кераміка, гума, алюміній',
  ru: 'нерж. сталь, пластик, дерево, стекло, металл, бамбук, керамика, резина, алюминий',
  en: 'stainless steel, plastic, wood, glass, metal, bamboo, ceramic, rubber, aluminium',
});

const fabrics = split({
  pl: 'bawełna, skóra, silikon, poliester, len, wełna, nylon, welur',
  uk: 'бавовна, шкіра, силікон, поліестер, льон, вовна, нейлон, велюр',
  ru: 'хлопок, кожа, силикон, полиэстер, лен, шерсть, нейлон, велюр',
  en: 'cotton, leather, silicone, polyester, linen, wool, nylon, velvet',
});

const gems = split({
  pl: 'srebro 925, złoto 585, stal chirurgiczna, perły, bursztyn, cyrkonie',
  uk: 'срібло 925, золото 585, медичне золото, перли, бурштин, цирконій',
  ru: 'серебро 925, золото 585, медицинская сталь, жемчуг, янтарь, фианиты',
  en: 'silver 925, gold plated, surgical steel, pearls, amber, zirconia',
});

const scents = split({
  pl: 'lawenda, aloes, rumianek, wanilia, cytryna, morska bryza, róża, zielona herbata, kokos',
  uk: 'лаванда, алое, ромашка, ваніль, лимон, морська свіжість, троянда, зелений чай, кокос',
  ru: 'лаванда, алоэ, ромашка, ваниль, лимон, морская свежесть, роза, зеленый чай, кокос',
  en: 'lavender, aloe vera, camomile, vanilla, lemon, sea breeze, rose, green tea, coconut',
});

const flavours = split({
  pl: 'truskawka, wanilia, czekolada, orzech, malina, jabłko, wiśnia, karmel, cytryna, paprykowe, kurczak, wołowina, łosoś',
  uk: 'полуниця, ваніль, шоколад, горіх, малина, яблуко, вишня, карамель, лимон, паприка, курка, яловичина, лосось',
  ru: 'клубника, ваниль, шоколад, орех, малина, яблоко, вишня, карамель, лимон, паприка, курица, говядина, лосось',
  en: 'strawberry, vanilla, chocolate, hazelnut, raspberry, apple, cherry, caramel, lemon, paprika, chicken, beef, salmon',
});

const sexes = split({
  pl: 'damskie, męskie, unisex, damska, męski',
  uk: 'жіночі, чоловічі, унісекс, жін., чол.',
  ru: 'женские, мужские, унисекс, жен., муж.',
  en: "women, men, unisex, women's, men's",
});

/** Words that say nothing of the category. */
export const praise = split({
  pl: 'nowy, premium, oryginał, duży, mini, eco, super cena, domowy, klasyczny, zestaw, 2w1, hit, promocja, nowość, na prezent, polski produkt, uniwersalny',
  uk: 'новий, преміум, оригінал, великий, міні, еко, суперціна, домашній, класичний, набір, 2в1, хіт, акція, новинка, на подарунок, універсальний',
  ru: 'новый, премиум, оригинал, большой, мини, эко, суперцена, домашний, классический, набор, 2в1, хит, акция, новинка, в подарок, универсальный',
  en: 'new, premium, original, large, mini, eco, great price, home, classic, set, 2in1, bestseller, sale, gift, universal',
});

const titles = {
  first: split({
    pl: 'Tajemnica, Cień, Dom, Ostatni dzień, Droga, Córka, Pamięć, Smak, Serce, Światło, Wyspa, Głos, Ogród, Szkoła, Księga',
    uk: 'Таємниця, Тінь, Дім, Останній день, Дорога, Донька, Пам’ять, Смак, Серце, Світло, Острів, Голос, Сад, Школа, Книга',
    ru: 'Тайна, Тень, Дом, Последний день, Дорога, Дочь, Память, Вкус, Сердце, Свет, Остров, Голос, Сад, Школа, Книга',
    en: 'Secret, Shadow, House, Last Day, Road, Daughter, Memory, Taste, Heart, Light, Island, Voice, Garden, School, Book',
  }),
  second: split({
    pl: 'zimy, nad rzeką, starego miasta, aptekarza, z północy, bez końca, milczenia, dla każdego, nocy, morza, babci Heleny, rodziny Lis, w Karpatach, smoka, o poranku, marzeń',
    uk: 'зими, над річкою, старого міста, аптекаря, з півночі, без кінця, мовчання, для кожного, ночі, моря, бабусі Олени, родини Лис, у Карпатах, дракона, на світанку, мрій',
    ru: 'зимы, над рекой, старого города, аптекаря, с севера, без конца, молчания, для каждого, ночи, моря, бабушки Елены, семьи Лис, в Карпатах, дракона, на рассвете, мечты',
    en: 'of Winter, by the River, of the Old Town, of the Chemist, from the North, Without End, of Silence, for Everyone, of the Night, of the Sea, of Aunt Helen, in the Mountains, of the Dragon, at Dawn, of Dreams',
  }),
  people:
    'Kowal, Nowicka, Lis J., Шевчук, Бондар О., Мороз, Соколова, Петренко, Wrona A., Hart, E. Lowe, Zając, Мельник, Орлов, Mazur K., Dąb'.split(
      ', ',
    ),
};

const units: Record<string, Record<Language, string>> = {
  ml: { pl: 'ml', uk: 'мл', ru: 'мл', en: 'ml' },
  l: { pl: 'l', uk: 'л', ru: 'л', en: 'l' },
  g: { pl: 'g', uk: 'г', ru: 'г', en: 'g' },
  kg: { pl: 'kg', uk: 'кг', ru: 'кг', en: 'kg' },
  w: { pl: 'W', uk: 'Вт', ru: 'Вт', en: 'W' },
  v: { pl: 'V', uk: 'В', ru: 'В', en: 'V' },
  cm: { pl: 'cm', uk: 'см', ru: 'см', en: 'cm' },
  mm: { pl: 'mm', uk: 'мм', ru: 'мм', en: 'mm' },
  m: { pl: 'm', uk: 'м', ru: 'м', en: 'm' },
  pcs: { pl: 'szt', uk: 'шт', ru: 'шт', en: 'pcs' },
  caps: { pl: 'kaps', uk: 'капс', ru: 'капс', en: 'caps' },
  mg: { pl: 'mg', uk: 'мг', ru: 'мг', en: 'mg' },
  pages: { pl: 'stron', uk: 'стор', ru: 'стр', en: 'pages' },
  pers: { pl: 'os', uk: 'місний', ru: 'местная', en: 'person' },
  rpm: { pl: 'obr', uk: 'об', ru: 'об', en: 'rpm' },
  gb: { pl: 'GB', uk: 'ГБ', ru: 'Гб', en: 'GB' },
  inch: { pl: 'cali', uk: '"', ru: 'дюйм', en: '"' },
  mah: { pl: 'mAh', uk: 'мАг', ru: 'мАч', en: 'mAh' },
  hz: { pl: 'Hz', uk: 'Гц', ru: 'Гц', en: 'Hz' },
  mp: { pl: 'Mpix', uk: 'Мп', ru: 'Мп', en: 'MP' },
  ah: { pl: 'Ah', uk: 'Аг', ru: 'Ач', en: 'Ah' },
  lm: { pl: 'lm', uk: 'лм', ru: 'лм', en: 'lm' },
  dpi: { pl: 'dpi', uk: 'dpi', ru: 'dpi', en: 'dpi' },
  bar: { pl: 'bar', uk: 'бар', ru: 'бар', en: 'bar' },
};

const amounts: Record<string, string> = {
  ml: '15 30 50 75 100 150 200 250 300 330 400 500 750 1000',
  l: '0,5 0,75 1 1,2 1,5 1,7 2 2,5 3 5 10 20 30 60 120 240',
  g: '15 20 40 50 80 100 125 150 180 200 250 300 350 400 450 500 750 800',
  kg: '0,5 1 1,5 2 2,5 3 4 5 6 7 8 10 12 15 20 25',
  w: '5 7 9 10 12 15 18 20 25 40 60 100 500 600 750 800 900 1000 1200 1500 1800 2000 2200 2400',
  v: '1,5 3 3,7 12 18 20 24 36 220 230',
  cm: '5 8 10 12 15 18 20 24 26 28 30 35 40 45 50 56 62 68 74 80 92 104 116 120 128 140 150 160 180 200',
  mm: '0,5 0,7 1 2 3 4 5 6 8 10 12 16 18 20 22 25 32 40 44 50 75 100 115 125 150 230 350 450',
  m: '0,5 1 1,5 2 3 5 10 15 20 25 30 50 100',
  pcs: '2 3 4 5 6 8 10 12 16 18 20 24 25 30 36 40 48 50 60 80 100 120 200 500 1000',
  caps: '20 30 60 90 100 120 180',
  mg: '50 100 200 250 375 400 500 1000 2000',
  pages: '16 32 48 60 64 80 96 120 160 200 240 288 320 400 500',
  pers: '1 2 3 4 5 6',
  rpm: '800 1000 1200 1400',
  gb: '8 16 32 64 128 256 512 1000',
  inch: '4,7 5,5 6,1 6,5 6,7 7 8 10,1 11 13,3 14 15,6 16 17 17,3 20 24 26 27 28 29 32 43 50 55 65 75',
  mah: '2000 5000 10000 20000 30000',
  hz: '60 75 144 165 240',
  mp: '12 16 20 24 32 45',
  ah: '44 50 60 74 80 100',
  lm: '100 200 350 500 1000 2000',
  dpi: '800 1600 3200 6400 12000',
  bar: '9 15 19 20',
};

/** "500 мл", "0,5 л", "10шт", "256GB": a number from `range` and its unit, glued together every other time. */
function amount(kind: string, range: string | undefined, language: Language, random: Random): string {
  const unit = (units[kind] as Words)[random() < 0.85 ? language : 'en'];
  const [lowest = 0, highest = Number.POSITIVE_INFINITY] = range?.split('-').map(Number) ?? [];
  const numbers = (amounts[kind] as string).split(' ').filter((text) => {
    const value = Number(text.replace(',', '.'));
    return value >= lowest && value <= highest;
  });
  const number = pick(random, numbers);
  return `${language === 'en' ? number.replace(',', '.') : number}${random() < 0.5 ? ' ' : ''}${unit}`;
}

const special: Record<string, (language: Language, random: Random) => string> = {
  col: (language, random) => pick(random, colours[language]),
  mat: (language, random) => pick(random, materials[language]),
  fab: (language, random) => pick(random, fabrics[language]),
  gem: (language, random) => pick(random, gems[language]),
  scent: (language, random) => pick(random, scents[language]),
  flav: (language, random) => pick(random, flavours[language]),
  sex: (language, random) => pick(random, sexes[language]),
  size: (_, random) =>
    pick(random, [
      'XS',
      'S',
      'M',
      'L',
      'XL',
      'XXL',
      '3XL',
      'M/L',
      '36',
      '38',
      '40',
      '42',
      '44',
      '46',
      '48',
      '52',
    ]),
  shoe: (language, random) =>
    `${{ pl: 'r.', uk: 'р.', ru: 'р-р ', en: 'size ' }[language]}${between(random, 22, 46)}`,
  age: (language, random) =>
    `${between(random, 0, 8)}+${random() < 0.5 ? { pl: ' lat', uk: ' років', ru: ' лет', en: ' years' }[language] : ''}`,
  bed: (_, random) =>
    pick(random, ['140x200', '160x200', '200x220', '90x200', '70x80', '50x60', '120x60', '180х200']),
  dim: (_, random) =>
    `${between(random, 2, 20) * 10}${pick(random, ['x', 'х', '*'])}${between(random, 2, 20) * 10}${random() < 0.3 ? ' cm' : ''}`,
  tyre: (_, random) =>
    `${between(random, 15, 25) * 10 + 5}/${between(random, 7, 15) * 5} R${between(random, 13, 20)}`,
  oil: (_, random) => pick(random, ['5W-30', '5W40', '10W-40', '0W-20', '15W-40']),
  spf: (_, random) => `SPF${pick(random, ['15', '30', '50', '50+'])}`,
  dpt: (_, random) => `-${between(random, 1, 6)},${pick(random, ['00', '25', '50', '75'])}`,
  year: (_, random) => String(between(random, 1985, 2025)),
  title: (language, random) => {
    const title = `${pick(random, titles.first[language])} ${pick(random, titles.second[language])}`;
    return random() < 0.6 ? `${title} ${pick(random, titles.people)}` : title;
  },
};

/** One attribute, in a language, as a listing writes it. `kind` is as in the vocabulary: "col", or "ml:50-250" with a range. */
export function attribute(kind: string, language: Language, random: Random): string {
  const [name = '', range] = kind.split(':');
  return special[name]?.(language, random) ?? amount(name, range, language, random);
}
