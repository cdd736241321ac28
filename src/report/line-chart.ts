import { type Html, html } from './html.ts';
import { percent } from './words.ts';

interface Line {
  name: string;
  /** x and y in the units of the axes, x ascending. */
  points: readonly (readonly [number, number])[];
  /** Drawn thin and dashed, without dots: something to compare with. */
  guide?: boolean;
}

export interface LineChart {
  /** What a person who does not see it is told. */
  description: string;
  x: Axis;
  y: Axis;
  lines: readonly Line[];
}

export interface Axis {
  title: string;
  from: number;
  to: number;
  /** How a tick is written; default a percentage. */
  show?: (value: number) => string;
}

const width = 460;
const height = 300;
const left = 52;
const right = 24;
const top = 12;
const bottom = 44;
const dotsUpTo = 20;

/** About five round ticks within an axis. */
export function ticks({ from, to }: Axis): number[] {
  const rough = (to - from) / 5;
  if (!(rough > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) as number) * power;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

const wholePercent = (value: number) => `${Number((value * 100).toFixed(1))} %`;

/** Lines over two linear axes as inline SVG, coloured by the page's style. */
export function lineChart({ description, x, y, lines }: LineChart): Html {
  const span = ({ from, to }: Axis) => (to > from ? to - from : 1);
  const atX = (value: number) =>
    Number((left + ((value - x.from) / span(x)) * (width - left - right)).toFixed(1));
  const atY = (value: number) =>
    Number((height - bottom - ((value - y.from) / span(y)) * (height - top - bottom)).toFixed(1));
  const grid = [
    ...ticks(y).map(
      (
        value,
      ) => html`<line class="grid" x1="${left}" x2="${width - right}" y1="${atY(value)}" y2="${atY(value)}"/>
<text x="${left - 6}" y="${atY(value) + 4}" text-anchor="end">${(y.show ?? wholePercent)(value)}</text>`,
    ),
    ...ticks(x).map(
      (
        value,
      ) => html`<line class="grid" x1="${atX(value)}" x2="${atX(value)}" y1="${top}" y2="${height - bottom}"/>
<text x="${atX(value)}" y="${height - bottom + 16}" text-anchor="middle">${(x.show ?? wholePercent)(value)}</text>`,
    ),
  ];
  let colour = 0;
  const drawn = lines.map((line) => {
    const kind = line.guide === true ? 'guide' : `c${colour++}`;
    const path = line.points.map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${atX(px)} ${atY(py)}`).join('');
    const dots =
      line.guide === true || line.points.length > dotsUpTo
        ? []
        : line.points.map(
            ([px, py]) =>
              html`<circle class="${kind}" cx="${atX(px)}" cy="${atY(py)}" r="3.5"><title>${line.name}: ${(x.show ?? percent)(px)}, ${(y.show ?? percent)(py)}</title></circle>`,
          );
    return { kind, name: line.name, svg: html`<path class="line ${kind}" d="${path}"/>${dots}` };
  });
  return html`<figure><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${description}">
${grid}
<text x="${(left + width - right) / 2}" y="${height - 6}" text-anchor="middle">${x.title}</text>
<text transform="translate(12 ${(top + height - bottom) / 2}) rotate(-90)" text-anchor="middle">${y.title}</text>
${drawn.map(({ svg }) => svg)}
</svg><figcaption>${drawn.filter(({ name }) => name !== '').map(({ kind, name }) => html`<span class="key"><i class="${kind}"></i>${name}</span> `)}</figcaption></figure>`;
}
