import { levels, type ModelReport } from '../model/report.ts';
import { frame, tableOf } from './frame.ts';
import { heatMap } from './heat-map.ts';
import { type Html, html } from './html.ts';
import { lineChart } from './line-chart.ts';
import { type Shown, sectionsOf } from './tables.ts';
import { number, percent } from './words.ts';

function figures(report: ModelReport): Html {
  const of: [string, string][] = [
    ['whole path right', percent(report.path)],
    ...levels.map((level): [string, string] => [level, percent(report.levels[level].top1)]),
    ['coverage at 5 % error', percent(report.coverage.at5.share)],
    ['coverage at 10 % error', percent(report.coverage.at10.share)],
  ];
  return html`<dl class="figures">${of.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value || '–'}</dd></div>`)}</dl>`;
}

function calibrationChart({ calibration }: ModelReport): Html {
  return lineChart({
    description: 'Calibration: confidence against the share that is right, for each level',
    x: { title: 'confidence', from: 0, to: 1 },
    y: { title: 'right', from: 0, to: 1 },
    lines: [
      {
        name: 'perfect',
        guide: true,
        points: [
          [0, 0],
          [1, 1],
        ],
      },
      ...levels.map((level) => ({
        name: level,
        points: calibration[level].bins.map(({ confidence, right }): [number, number] => [confidence, right]),
      })),
    ],
  });
}

function coverageChart({ coverage }: ModelReport): Html {
  const worst = Math.max(0.1, ...coverage.points.map(({ error }) => error));
  const level = (error: number): [number, number][] => [
    [0, error],
    [1, error],
  ];
  return lineChart({
    description: 'Coverage: share of names answered, the surest first, against the error among them',
    x: { title: 'answered', from: 0, to: 1 },
    y: { title: 'wrong among them', from: 0, to: worst },
    lines: [
      { name: '5 % and 10 % error', guide: true, points: level(0.05) },
      { name: '', guide: true, points: level(0.1) },
      { name: 'this model', points: coverage.points.map(({ share, error }) => [share, error]) },
    ],
  });
}

function learningChart({ learningCurve }: ModelReport): Html {
  const shown = { path: 'all three', passedOn: 'passed on to the LLM' };
  const lines = ([...levels, 'path', 'passedOn'] as const).map((of) => ({
    name: of === 'path' || of === 'passedOn' ? shown[of] : of,
    points: learningCurve.flatMap((point): [number, number][] => {
      const y = point[of];
      return y === null ? [] : [[point.names, y]];
    }),
  }));
  const all = lines.flatMap(({ points }) => points.map(([, y]) => y));
  return lineChart({
    description: 'Learning curve: names trained on against the share that is right, and the share passed on',
    x: {
      title: 'names trained on',
      from: 0,
      to: Math.max(...learningCurve.map(({ names }) => names)),
      show: number,
    },
    y: {
      title: 'share of held-out names',
      from: Math.floor(Math.min(...all) * 10) / 10,
      to: Math.min(1, Math.ceil(Math.max(...all) * 10 + 1e-9) / 10),
    },
    lines: lines.filter(({ points }) => points.length > 0),
  });
}

/** What a picture adds to a section; under its sentences, above its table. */
function picture(id: string, report: ModelReport): Html | '' {
  if (id === 'headline') return figures(report);
  if (id === 'levels')
    return html`<div class="charts"><div><h3>Calibration</h3>${calibrationChart(report)}</div>
<div><h3>Coverage</h3>${coverageChart(report)}</div></div>`;
  if (id === 'learning') return learningChart(report);
  return id === 'confusion' ? heatMap(report.matrix) : '';
}

/** The report as one HTML page that needs nothing else: no network, no script, no font. */
export function reportPage(shown: Shown): string {
  const { model, report } = shown;
  const sections = sectionsOf(shown);
  const title = model === null ? 'Evaluation' : `Model ${model.model_id}`;
  const made = `${model === null ? '' : `${model.state}, stored ${model.created_at.slice(0, 16).replace('T', ' ')} UTC; `}method "${report.method}"`;
  const body = sections.map(
    (section) => html`<section id="${section.id}"><h2>${section.title}</h2>
${section.says.map((sentence) => html`<p>${sentence}</p>\n`)}${picture(section.id, report)}
${section.rows.length === 0 ? '' : tableOf(section.title, section.rows, (row) => row.method === report.method)}</section>
`,
  );
  return frame({ title, of: 'pgtaxon report', made, nav: 'Parts of the report' }, sections, body);
}
