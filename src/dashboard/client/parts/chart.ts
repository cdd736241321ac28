import { h } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

/** A line chart, drawn in the page's colours; the same figures stand in a table beside it. */

const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

interface Line {
  label: string;
  /** A colour of style.css, without its dashes. */
  colour: string;
  width?: number;
  dashed?: boolean;
  /** Points without a line between them. */
  points?: boolean;
}

export interface ChartProps {
  /** What it shows, for whoever cannot see it. */
  label: string;
  x: readonly number[];
  lines: readonly Line[];
  /** A list a line, as long as x. */
  values: readonly (readonly (number | null)[])[];
  /** Between which two lines (from 1 on) an interval is filled. */
  band?: readonly [number, number];
  /** Marks: across at a height, and down at a place. */
  across?: { at: number; label: string };
  down?: { at: number; label: string };
  format: { x(value: number): string; y(value: number): string };
  height?: number;
  /** Whether x are seconds since 1970. */
  time?: boolean;
  bars?: boolean;
}

function options(props: ChartProps, width: number): uPlot.Options {
  const axis = (format: (value: number) => string, size: number): uPlot.Axis => ({
    stroke: colour('soft'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
    size,
    values: (_, splits) => splits.map(format),
  });
  const { across, down } = props;
  return {
    width,
    height: props.height ?? 260,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: {
      x: { time: props.time === true },
      y: { range: (_, __, top) => [0, Math.max(top, across === undefined ? 0 : across.at) * 1.1 || 1] },
    },
    axes: [
      props.time === true ? { ...axis(String, 32), values: undefined as never } : axis(props.format.x, 32),
      axis(props.format.y, 56),
    ],
    series: [
      {},
      ...props.lines.map(({ label, colour: name, width = 2, dashed, points }): uPlot.Series => {
        const series: uPlot.Series = {
          label,
          stroke: colour(name),
          width: points ? 0 : width,
          spanGaps: true,
        };
        series.points = { show: points === true, size: 6, fill: colour(name) };
        if (dashed) series.dash = [4, 4];
        if (props.bars && uPlot.paths.bars) {
          series.paths = uPlot.paths.bars({ size: [0.7, 40] });
          series.fill = colour(name);
        }
        return series;
      }),
    ],
    ...(props.band === undefined
      ? {}
      : { bands: [{ series: [props.band[1], props.band[0]], fill: colour('band') }] }),
    hooks: {
      draw: [
        (u) => {
          if (across !== undefined) mark(u, null, across.at, across.label);
          if (down !== undefined) mark(u, down.at, null, down.label);
        },
      ],
    },
  };
}

/** A dashed line with its name, across at y or down at x. */
function mark(u: uPlot, x: number | null, y: number | null, label: string): void {
  const { ctx, bbox } = u;
  const ratio = window.devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = colour('ink');
  ctx.fillStyle = colour('ink');
  ctx.font = `${12 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = 'left';
  ctx.lineWidth = ratio;
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  ctx.beginPath();
  if (y !== null) {
    const at = u.valToPos(y, 'y', true);
    ctx.moveTo(bbox.left, at);
    ctx.lineTo(bbox.left + bbox.width, at);
    ctx.fillText(label, bbox.left + 6 * ratio, at - 5 * ratio);
  } else if (x !== null) {
    const at = u.valToPos(x, 'x', true);
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
    const wide = ctx.measureText(label).width;
    const left = at + 6 * ratio + wide > bbox.left + bbox.width ? at - 6 * ratio - wide : at + 6 * ratio;
    ctx.fillText(label, left, bbox.top + 14 * ratio);
  }
  ctx.stroke();
  ctx.restore();
}

export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const facts = JSON.stringify([props.x, props.values, props.across, props.down]);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const data = [props.x, ...props.values] as unknown as uPlot.AlignedData;
    let chart = new uPlot(options(props, element.clientWidth), data, element);
    const redraw = () => {
      chart.destroy();
      chart = new uPlot(options(props, element.clientWidth), data, element);
    };
    const sized = new ResizeObserver(() =>
      chart.setSize({ width: element.clientWidth, height: props.height ?? 260 }),
    );
    sized.observe(element);
    dark.addEventListener('change', redraw);
    return () => {
      sized.disconnect();
      dark.removeEventListener('change', redraw);
      chart.destroy();
    };
    // `facts` are all that is drawn
  }, [facts]);
  return h(
    'figure',
    { class: 'chart' },
    h('div', {
      ref: box,
      role: 'img',
      'aria-label': props.label,
      style: { minHeight: `${props.height ?? 260}px` },
    }),
    h(
      'figcaption',
      { class: 'keys' },
      props.lines
        .filter(({ label }) => label !== '')
        .map(({ label, colour: name, dashed }) =>
          h(
            'span',
            { key: label, class: 'layer' },
            h('span', { class: `swatch line ${name}${dashed ? ' dashed' : ''}`, 'aria-hidden': 'true' }),
            label,
          ),
        ),
    ),
  );
}
