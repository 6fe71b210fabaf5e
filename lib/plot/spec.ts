/**
 * From tables to a Vega-Lite chart: history, what was held out, every model's forecast and its interval bands.
 * One row per time stamp holds everything that is known at that time; each line of the chart is one field of it.
 */

import type { PlotChart, PlotInput, PlotTable } from '../../types/plot';
import {
  optionalChoice,
  optionalInteger,
  optionalString,
  optionError,
  readOptions,
} from '../options';
import { columnNames, STANDARD_NAMES } from '../requests';
import { isArray } from '../values';
import { type Reading, readForecast, readObserved } from './reading';
import { POINTER, THEMES } from './theme';

const OPTIONS: readonly (keyof PlotInput)[] = [
  'history',
  'forecast',
  'holdout',
  'title',
  'subtitle',
  'series',
  'maxSeries',
  'maxHistory',
  'valueTitle',
  'idColumn',
  'timeColumn',
  'targetColumn',
];

const HISTORY = 'History';
const HOLDOUT = 'Hold-out';

/** One row of the chart's data; short names, because they are repeated per row of the page. */
type Row = Record<string, number | string>;

/** Builds the chart. */
export function forecastChart(given: PlotInput): PlotChart {
  const input = readOptions('plot', given, OPTIONS);
  const { idColumn, timeColumn, targetColumn } = {
    ...STANDARD_NAMES,
    ...columnNames('plot', input),
  };
  const names = { id: idColumn, time: timeColumn, target: targetColumn };
  const forecast = readForecast(input.forecast as PlotTable, names);
  const history = input.history ? readObserved(input.history, names) : undefined;
  const holdout = input.holdout ? readObserved(input.holdout, names) : undefined;

  const known = [...forecast.series.keys()];
  const maxSeries = optionalInteger('plot', 'maxSeries', input.maxSeries, 1) ?? 50;
  const maxHistory = optionalInteger('plot', 'maxHistory', input.maxHistory, 1) ?? 2000;
  const chosen = chosenSeries(input.series, known).slice(0, maxSeries);
  const rows = chosen.flatMap((id) => seriesRows(id, { forecast, history, holdout }, maxHistory));
  const lines = [
    { field: 'history', name: HISTORY, shown: rows.some((row) => 'history' in row) },
    { field: 'holdout', name: HOLDOUT, shown: rows.some((row) => 'holdout' in row) },
    ...forecast.models.map((name, i) => ({ field: `m${i}`, name, shown: true })),
  ];
  const title = text('title', input.title) ?? 'Forecast';
  const subtitle =
    text('subtitle', input.subtitle) ?? describe(forecast.models, chosen, known.length);
  return {
    title,
    subtitle,
    spec: chartSpec({
      rows,
      lines,
      forecast,
      chosen,
      title,
      subtitle,
      valueTitle: text('valueTitle', input.valueTitle) ?? '',
    }),
    themes: THEMES,
  };
}

/** A text that may be empty. */
const text = (name: string, value: unknown) =>
  value === '' ? '' : optionalString('plot', name, value);

function chosenSeries(series: unknown, known: readonly string[]): readonly string[] {
  if (series === undefined) return known;
  if (!isArray(series)) throw optionError('plot', 'series', series, 'an array of names');
  return Array.from(series, (id) => {
    const name = optionalChoice('plot', 'series', id, known);
    if (name === undefined) throw optionError('plot', 'series', id, 'an array of names');
    return name;
  });
}

function describe(models: readonly string[], chosen: readonly string[], known: number): string {
  const series = known === 1 ? (chosen[0] ?? '') : `${chosen.length} of ${known} series`;
  return [series, models.join(', ')].filter(Boolean).join(' · ');
}

/** Merges what is known of one series into rows in order of time. */
function seriesRows(
  id: string,
  tables: { forecast: Reading; history?: Reading | undefined; holdout?: Reading | undefined },
  maxHistory: number,
): Row[] {
  const byTime = new Map<number, Row>();
  const row = (time: number, label: string): Row => {
    const existing = byTime.get(time);
    if (existing) return existing;
    const created: Row = { u: id, t: time, d: label };
    byTime.set(time, created);
    return created;
  };
  const observe = (field: string, reading: Reading | undefined, limit: number) => {
    const points = reading?.series.get(id) ?? [];
    for (const point of points.slice(-limit)) {
      const [value] = point.values;
      if (value !== undefined && Number.isFinite(value))
        row(point.time, point.label)[field] = value;
    }
  };
  observe('history', tables.history, maxHistory);
  // The hold-out continues the history's line instead of beginning after a gap.
  const last = [...byTime.values()].at(-1);
  observe('holdout', tables.holdout, Number.POSITIVE_INFINITY);
  if (last?.history !== undefined && tables.holdout?.series.has(id)) last.holdout ??= last.history;

  const { fields } = tables.forecast;
  const points = tables.forecast.series.get(id) ?? [];
  for (const point of points) {
    const target = row(point.time, point.label);
    if (point === points[0]) target.s = 1;
    fields.forEach((field, i) => {
      const value = point.values[i];
      if (value !== undefined && Number.isFinite(value)) target[field] = value;
    });
  }
  return [...byTime.values()].sort((a, b) => (a.t as number) - (b.t as number));
}

interface ChartParts {
  readonly rows: readonly Row[];
  readonly lines: readonly { field: string; name: string; shown: boolean }[];
  readonly forecast: Reading;
  readonly chosen: readonly string[];
  readonly title: string;
  readonly subtitle: string;
  readonly valueTitle: string;
}

function chartSpec({ rows, lines, forecast, chosen, title, subtitle, valueTitle }: ChartParts) {
  const shown = lines.filter((line) => line.shown);
  // Drawn last, the truth stays visible between forecasts that are close to it.
  const order = [...shown].sort(
    (a, b) => Number(a.field === 'holdout') - Number(b.field === 'holdout'),
  );
  const x = {
    field: 't',
    title: null,
    ...(forecast.calendar
      ? {
          type: 'temporal',
          scale: { type: 'utc' },
          axis: {
            labelOverlap: 'greedy',
            labelSeparation: 10,
            tickCount: { expr: 'ceil(width / 80)' },
          },
        }
      : { type: 'quantitative', scale: { zero: false, nice: false } }),
  };
  // Every name has its place in the palette whether or not it is drawn, so that colours mean the same everywhere.
  const color = {
    type: 'nominal',
    scale: { domain: lines.map((line) => line.name), range: 'category' },
    legend: {
      title: null,
      orient: 'top',
      symbolType: 'stroke',
      symbolOpacity: 1,
      values: shown.map((line) => line.name),
      columns: { expr: 'max(1, floor(width / 120))' },
    },
  };
  const y = (field: string) => ({
    field,
    type: 'quantitative',
    title: valueTitle || null,
    scale: { zero: false },
  });

  const bands = forecast.bands.map((band) => ({
    mark: {
      type: 'area',
      opacity: bandOpacity(band.level, forecast),
      interpolate: 'monotone',
      tooltip: false,
    },
    encoding: {
      x,
      y: y(band.low),
      y2: { field: band.high },
      color: { datum: band.model, ...color },
    },
    transform: [{ filter: `isValid(datum.${band.low}) && isValid(datum.${band.high})` }],
  }));
  const drawn = order.map((line) => ({
    mark: {
      type: 'line',
      strokeWidth: line.field.startsWith('m') ? 2.2 : 1.6,
      ...(line.field === 'holdout' ? { strokeDash: [4, 3], point: { size: 16 } } : {}),
      ...(rows.length === 1 ? { point: true } : {}),
    },
    encoding: { x, y: y(line.field), color: { datum: line.name, ...color } },
    transform: [{ filter: `isValid(datum.${line.field})` }],
  }));
  const start = {
    transform: [{ filter: 'datum.s' }],
    mark: { type: 'rule', strokeDash: [2, 3], opacity: 0.7 },
    encoding: { x },
  };
  const facts = tooltip(shown, forecast);
  const pointer = {
    name: POINTER,
    transform: facts.transform,
    params: [
      {
        name: 'near',
        select: {
          type: 'point',
          fields: ['t'],
          nearest: true,
          on: 'pointerover',
          clear: 'pointerout',
        },
      },
      { name: 'zoom', select: { type: 'interval', encodings: ['x'] }, bind: 'scales' },
    ],
    mark: { type: 'rule', strokeWidth: 1, aria: false },
    encoding: {
      x,
      opacity: { condition: { param: 'near', empty: false, value: 0.5 }, value: 0 },
      tooltip: facts.fields,
    },
  };
  const several = chosen.length > 1;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: { text: title, subtitle },
    width: 'container',
    height: 420,
    autosize: { type: 'fit', contains: 'padding' },
    datasets: { rows },
    data: { name: 'rows' },
    ...(several
      ? {
          params: [
            {
              name: 'series',
              value: chosen[0],
              bind: { input: 'select', options: chosen, name: 'Series ' },
            },
          ],
          transform: [{ filter: 'datum.u === series' }],
        }
      : {}),
    layer: [...bands, ...(forecast.models.length > 0 ? [start] : []), ...drawn, pointer],
  };
}

/** The widest band is the faintest, so that nested bands add up to a readable core. */
function bandOpacity(level: number, { bands }: Reading): number {
  const levels = [...new Set(bands.map((band) => band.level))].sort((a, b) => b - a);
  return 0.12 + 0.08 * levels.indexOf(level);
}

/** What the pointer shows at a time stamp: texts, because a number that is missing would read as NaN. */
function tooltip(shown: readonly { field: string; name: string }[], { bands }: Reading) {
  const facts = shown.flatMap((line) => [
    { field: line.field, title: line.name },
    ...bands
      .filter((band) => band.model === line.name)
      .flatMap(({ low, high, model, level }) => [
        { field: low, title: `${model} lo ${level}` },
        { field: high, title: `${model} hi ${level}` },
      ]),
  ]);
  return {
    transform: facts.map(({ field }) => ({
      calculate: `isValid(datum.${field}) ? format(datum.${field}, ',.6~g') : '–'`,
      as: `${field}_text`,
    })),
    fields: [
      { field: 'd', title: 'Time', type: 'nominal' },
      ...facts.map(({ field, title }) => ({ field: `${field}_text`, title, type: 'nominal' })),
    ],
  };
}
