/** From the history of a training to a Vega-Lite chart: losses, learning rates or norms of gradients by step. */

import type { HistoryPlotInput, PlotChart } from '../../types/plot';
import { optionalChoice, optionalString, readOptions } from '../options';
import { columnsOf } from './reading';
import { POINTER, THEMES } from './theme';

/** Two places of the palette that forecasts have for history and hold-out. */
const GREYS = ['history', 'holdout'];

const VIEWS = { loss: 'Loss', learningRate: 'Learning rate', gradientNorm: 'Gradient norm' };
type View = keyof typeof VIEWS;
const COLUMNS: Readonly<Record<View, string>> = {
  loss: 'trainLoss',
  learningRate: 'learningRate',
  gradientNorm: 'gradientNorm',
};
const WEIGHT = 'gradientNorm:';
/** Norms have a line per weight; the others are told by their tooltips. */
const MOST_IN_LEGEND = 16;

/** A point of a line; short names, because they are repeated per point of the page. */
interface Point {
  /** Name of the line. */
  readonly n: string;
  readonly t: number;
  readonly v: number;
}

/** What follows the model in the name of a line; undefined: the column is not shown. */
function endingOf(column: string, view: View): string | undefined {
  if (column === COLUMNS[view]) return '';
  if (view === 'loss' && column === 'validLoss') return ' validation';
  const isWeight = view === 'gradientNorm' && column.startsWith(WEIGHT);
  return isWeight ? ` ${column.slice(WEIGHT.length)}` : undefined;
}

function pointsOf(history: HistoryPlotInput['history'], view: View): Point[] {
  const columns = columnsOf(history, ['model', 'step', COLUMNS[view]]);
  const steps = columns.get('step')!;
  const models = columns.get('model')!;
  const points: Point[] = [];
  for (const [name, values] of columns) {
    const ending = endingOf(name, view);
    if (ending === undefined) continue;
    for (let row = 0; row < values.length; row++) {
      const [t, v] = [Number(steps[row]), Number(values[row])];
      if (Number.isFinite(t) && Number.isFinite(v)) {
        points.push({ n: `${models[row]}${ending}`, t, v });
      }
    }
  }
  return points;
}

/** Builds the chart. */
export function historyChart(given: HistoryPlotInput): PlotChart {
  const input = readOptions('plot', given, ['history', 'show', 'title', 'subtitle']);
  const views = Object.keys(VIEWS) as View[];
  const view = optionalChoice('plot', 'show', input.show, views) ?? 'loss';
  const all = pointsOf(input.history as HistoryPlotInput['history'], view);
  // A logarithm has no place for what a likelihood may be; of rates and norms it leaves out those that are 0.
  const isLog = view !== 'loss' || all.every(({ v }) => v > 0);
  const points = isLog ? all.filter(({ v }) => v > 0) : all;
  const names = [...new Set(points.map(({ n }) => n))];
  const title = optionalString('plot', 'title', input.title) ?? 'Training';
  const subtitle = optionalString('plot', 'subtitle', input.subtitle) ?? `${VIEWS[view]} by step`;
  const spec = chartSpec({ points, names, isLog, value: VIEWS[view], title, subtitle });
  return { title, subtitle, spec, themes: THEMES };
}

interface Parts extends Pick<PlotChart, 'title' | 'subtitle'> {
  readonly points: readonly Point[];
  readonly names: readonly string[];
  readonly isLog: boolean;
  /** What the points are. */
  readonly value: string;
}

function chartSpec({ points, names, isLog, value, title, subtitle }: Parts) {
  const position = {
    x: { field: 't', type: 'quantitative', title: 'Step', scale: { zero: false, nice: false } },
    y: {
      field: 'v',
      type: 'quantitative',
      title: null,
      scale: isLog ? { type: 'log' } : { zero: false },
    },
    color: {
      field: 'n',
      type: 'nominal',
      scale: { domain: [...GREYS, ...names], range: 'category' },
      legend: {
        title: null,
        orient: 'top',
        symbolType: 'stroke',
        symbolOpacity: 1,
        values: names.slice(0, MOST_IN_LEGEND),
        columns: { expr: 'max(1, floor(width / 160))' },
      },
    },
  };
  const select = { type: 'point', nearest: true, on: 'pointerover', clear: 'pointerout' };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: { text: title, subtitle },
    width: 'container',
    height: 420,
    autosize: { type: 'fit', contains: 'padding' },
    datasets: { rows: points },
    data: { name: 'rows' },
    layer: [
      { mark: { type: 'line', strokeWidth: 1.8, tooltip: false }, encoding: position },
      {
        name: POINTER,
        params: [
          { name: 'near', select },
          { name: 'zoom', select: { type: 'interval', encodings: ['x'] }, bind: 'scales' },
        ],
        mark: { type: 'point', filled: true, size: 60, aria: false },
        encoding: {
          ...position,
          opacity: { condition: { param: 'near', empty: false, value: 1 }, value: 0 },
          tooltip: [
            { field: 'n', title: 'Line', type: 'nominal' },
            { field: 't', title: 'Step', type: 'quantitative' },
            { field: 'v', title: value, type: 'quantitative', format: ',.6~g' },
          ],
        },
      },
    ],
  };
}
