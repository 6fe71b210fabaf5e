/** From the history of a training to a Vega-Lite chart: losses by step. */

import type { HistoryPlotInput, PlotChart } from '../../types/plot';
import { optionalString, readOptions } from '../options';
import { columnsOf } from './reading';
import { POINTER, THEMES } from './theme';

/** Two places of the palette that forecasts have for history and hold-out. */
const GREYS = ['history', 'holdout'];

/** A point of a line; short names, because they are repeated per point of the page. */
interface Point {
  /** Name of the line. */
  readonly n: string;
  readonly t: number;
  readonly v: number;
}

function pointsOf(history: HistoryPlotInput['history']): Point[] {
  const columns = columnsOf(history, ['model', 'step', 'trainLoss']);
  const steps = columns.get('step')!;
  const models = columns.get('model')!;
  const points: Point[] = [];
  for (const [name, ending] of [
    ['trainLoss', ''],
    ['validLoss', ' validation'],
  ] as const) {
    const losses = columns.get(name) ?? [];
    for (let row = 0; row < losses.length; row++) {
      const [t, v] = [Number(steps[row]), Number(losses[row])];
      if (Number.isFinite(t) && Number.isFinite(v)) {
        points.push({ n: `${models[row]}${ending}`, t, v });
      }
    }
  }
  return points;
}

/** Builds the chart. */
export function historyChart(given: HistoryPlotInput): PlotChart {
  const input = readOptions('plot', given, ['history', 'title', 'subtitle']);
  const points = pointsOf(input.history as HistoryPlotInput['history']);
  const names = [...new Set(points.map(({ n }) => n))];
  const title = optionalString('plot', 'title', input.title) ?? 'Training';
  const subtitle = optionalString('plot', 'subtitle', input.subtitle) ?? 'Loss by step';
  return { title, subtitle, spec: chartSpec(points, names, { title, subtitle }), themes: THEMES };
}

function chartSpec(
  points: readonly Point[],
  names: readonly string[],
  { title, subtitle }: Pick<PlotChart, 'title' | 'subtitle'>,
) {
  // A logarithm has no place for what a likelihood may be.
  const isLog = points.every(({ v }) => v > 0);
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
        values: names,
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
            { field: 'v', title: 'Loss', type: 'quantitative', format: ',.6~g' },
          ],
        },
      },
    ],
  };
}
