import { hash, pick, pickEarly, type Random, randomFrom } from './random.ts';
import type { Leaf } from './vocabulary.ts';

/** Invented brands and the sectors that they sell in; as with real ones, many make things of several kinds. */
const list = `
Norvika tech home tools
Kaltron tech auto
Elmeo tech home beauty
Vextra tech sport tools
Zunari tech kids
Ostwin tech office
Pelican Wave tech
Dravex tech auto tools
Lumio tech home garden
Sensai Pro tech health
Quanto tech office
Bravion tech media
Hexon tech
Mirai One tech sport
Tavola tech home food
Arvio tech health beauty
Ferrox tools garden auto
Stalmet tools home
Dobrodom home garden tools
Bergmann & Syn home tools
Casa Lena home
Porcelita home kids
Ambra home beauty
Olimp Dom home garden
Kvitka home garden
Zielony Kąt garden pets
Gardeo garden
Agromila garden
Sadko garden food
Bioterra garden beauty food
Mazurska food
Dolina food pets
Babusia food
Smachno food
Złoty Kłos food
Vita Farm food health pets
Kresowa food
Rosa Bianca food beauty
Karpatia food sport
Morska Fala food
Cafe Rico food
Belisanna beauty
Natura Lab beauty health
Velvetta beauty fashion
Lirana beauty
Derma Nova beauty health
Evelia Moss beauty
Chista Rosa beauty home
Aqua Fresca beauty food
Koral beauty fashion sport
Medivita health
Farmex health pets
Zdrolek health kids
Apteo health
Ortoline health fashion
Modessa fashion
Glorina fashion
Tessa fashion kids
Warmia fashion
Urban Lynx fashion sport
Calzaro fashion
Lisa Bella fashion beauty
Denimo fashion
Orsinella fashion
Bambolina kids
Małpka kids
Krokuś kids food
Toylandia kids
Veselka kids office
Smile Baby kids health
Plumpi kids
Puszek pets
Royal Tail pets
Chappino pets
Murka pets
Zoolux pets garden
Barkley pets
Motoris auto
Dynamo auto sport
Autolux auto
Petrol Gold auto
Rodeo auto sport
Turbina auto tools
Nordwheel auto
Alpino sport fashion
Kondor sport
Activ Line sport health
Rybak sport
Wolfram tools sport
Everpeak sport fashion
Iron Duke sport
Nasza Biblioteka media
Ranok Dniv media kids
Świat Opowieści media
Ekslibris media
Vinylove media
Foliant media office
Astra Media media
Papirus office media
Skryba office
Kolorino office kids
Bystra office
Pixel & Pen office
Festa office kids
Meisterwald tools
Bastion tools home
Probud tools
Kraft House tools home
Elektra tools tech
Hydro Plus tools home
`;

const bySector = new Map<string, string[]>();
for (const line of list.trim().split('\n')) {
  const words = line.split(' ');
  const first = words.findIndex((word) => /^[a-z]+$/u.test(word));
  for (const sector of words.slice(first)) {
    const brands = bySector.get(sector) ?? [];
    brands.push(words.slice(0, first).join(' '));
    bySector.set(sector, brands);
  }
}

/** How often a product of a sector has a series name, and how often a code: phones nearly always, bread nearly never. */
const habits: Record<string, [series: number, code: number]> = {
  tech: [0.6, 0.8],
  home: [0.75, 0.25],
  garden: [0.65, 0.35],
  food: [0.8, 0.02],
  beauty: [0.85, 0.05],
  health: [0.7, 0.2],
  fashion: [0.7, 0.3],
  kids: [0.75, 0.3],
  pets: [0.8, 0.05],
  auto: [0.6, 0.65],
  sport: [0.75, 0.4],
  media: [0, 0.02],
  office: [0.65, 0.35],
  tools: [0.45, 0.75],
};

const starts =
  'al am ar be bo ca co da de el fi fo ga gra hel in ka kor la le lu ma mi na no or pa pri ra ri sa se si so ta te tri ul va ve vi xe za ze'.split(
    ' ',
  );
const middles = 'ba di do fa ga lo ma mi mo na ne no ra re ri ro sa si ta ti to va ve vi'.split(' ');
const ends = 'l la lia lo n na nda nex nia nis no ra ria ris ro s sa so ta tis to x'.split(' ');

function invented(random: Random): string {
  const word = pick(random, starts) + (random() < 0.6 ? pick(random, middles) : '') + pick(random, ends);
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function code(random: Random): string {
  const letters = 'ABCDEFGHKLMNPRSTVWXZ';
  const letter = () => letters.charAt(Math.floor(random() * letters.length));
  const number = (digits: number) => String(Math.floor((0.1 + 0.9 * random()) * 10 ** digits));
  switch (Math.floor(random() * 6)) {
    case 0:
      return `${letter()}${letter()}-${number(4)}`;
    case 1:
      return `${letter()}${number(2)}`;
    case 2:
      return `${letter()}${letter()}${letter()} ${number(3)}`;
    case 3:
      return `${number(4)}${letter()}`;
    case 4:
      return `${letter()}${number(3)}${letter()}${letter()}`;
    default:
      return `${number(2)} ${pick(random, ['Pro', 'Max', 'Plus', 'Lite', 'Mini', 'Neo'])}`;
  }
}

/** What a maker calls one of its products. Series and code may be empty. */
export interface Model {
  brand: string;
  series: string;
  code: string;
  /** False for a maker of this one product: its name says nothing. */
  wellKnown: boolean;
}

/** The number-th product of a leaf: the same wherever it is asked for, so that a case fits a phone that is sold. */
export function modelOf(leaf: Leaf, number: number): Model {
  const id = leaf.path.join('>');
  const random = randomFrom(hash(`${id}#${number}`));
  // One product in eight is of a maker nobody knows.
  const wellKnown = random() >= 0.12;
  const brand = wellKnown ? pickEarly(random, brandsOf(leaf), 0.4) : invented(random);
  const [hasSeries, hasCode] = habits[leaf.sector] ?? [0.5, 0.3];
  // A brand has few series in a leaf, and they are its own there: the one thing that tells a bare "Elmeo Vento 300" apart.
  const line = Math.floor(random() * 12);
  const series = random() < hasSeries ? invented(randomFrom(hash(`${id}/${brand}/${line}`))) : '';
  return { brand, series, code: random() < hasCode ? code(random) : '', wellKnown };
}

const brandsByLeaf = new Map<Leaf, string[]>();

/** The brands of a leaf, the one that sells most there first. */
function brandsOf(leaf: Leaf): string[] {
  const known = brandsByLeaf.get(leaf);
  if (known !== undefined) return known;
  const order = (brand: string) => hash(`${leaf.path.join('>')}|${brand}`);
  const brands = [...(bySector.get(leaf.sector) ?? [])].sort((a, b) => order(a) - order(b));
  brandsByLeaf.set(leaf, brands);
  return brands;
}
