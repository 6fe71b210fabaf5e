/** How good forecasts were: metrics of a table of forecasts beside what happened, by model and by what else is asked. */

import type {
  ComparedOptions,
  EvaluateOptions,
  EvaluationKey,
  EvaluationTable as EvaluationContract,
  MetricName,
  TableInput,
} from '../../types/index';
import { BacktestTable } from '../forecast-table';
import {
  optionalChoice,
  optionalInteger,
  optionalString,
  optionError,
  readOptions,
} from '../options';
import { COLUMN_OPTIONS, MOST_MODELS } from '../requests';
import { oneOrMore } from '../values';
import { EvaluationTable } from './evaluation-table';
import { type Frame, namesFor, readFrame } from './frame';
import { History } from './history';
import { METRIC_NAMES, METRICS, type Scope, USUAL_METRICS } from './metrics';
import type { ModelForecast } from './models';
import { NAIVE } from './naive';
import { seasonOf } from './season';

const KEYS = ['model', 'series', 'window', 'step'] as const;
const BASELINES = Object.keys(NAIVE) as (keyof typeof NAIVE)[];
/** Options that say what is compared with what. */
export const COMPARED_OPTIONS = [
  ...COLUMN_OPTIONS,
  'models',
  'actual',
  'train',
  'seasonality',
  'baselines',
  'weights',
] as const;

/** A list of names out of `known`, given alone or in an array. */
export function choices<Name extends string>(
  place: string,
  name: string,
  value: unknown,
  known: readonly Name[],
): readonly Name[] | undefined {
  if (value === undefined) return undefined;
  const list = oneOrMore(value, MOST_MODELS);
  if (!list || list.length === 0) throw optionError(place, name, value, 'at least one name');
  return list.map((one) => optionalChoice(place, name, one ?? null, known)!);
}

/** Everything that metrics read, of one table. */
export interface Evaluated {
  readonly frame: Frame;
  readonly models: readonly ModelForecast[];
  readonly scope: Scope;
  /** Whether the panel before the forecasts is known. */
  readonly hasHistory: boolean;
  /** Rows with an actual value and a weight above 0. */
  readonly rows: readonly number[];
}

function baselineOf(name: keyof typeof NAIVE, frame: Frame, history: History, season: number) {
  const point = new Float64Array(frame.actual.length);
  for (const block of frame.blocks) {
    const forecast = NAIVE[name](history.values(block), season, block.rows.length);
    block.rows.forEach((row, h) => {
      point[row] = forecast[h]!;
    });
  }
  return { name, point, quantiles: [], intervals: [] };
}

function scalesOf(frame: Frame, history: History, season: number) {
  const absolute = new Float64Array(frame.actual.length);
  const squared = new Float64Array(frame.actual.length);
  for (const block of frame.blocks) {
    const scale = history.scales(block, season);
    for (const row of block.rows) {
      absolute[row] = scale.absolute;
      squared[row] = scale.squared;
    }
  }
  return { absolute, squared };
}

/** Reads the tables. `benchmark`: the model or baseline that others are divided by, where it is wanted. */
export function read(
  place: string,
  table: TableInput,
  options: ComparedOptions,
  benchmark: string | undefined,
): Evaluated {
  const frame = readFrame(place, table, options);
  const baselines = choices(place, 'baselines', options.baselines, BASELINES) ?? [];
  const given = optionalInteger(place, 'seasonality', options.seasonality, 1);
  const { train } = options;
  if (!train && baselines.length > 0) {
    throw optionError(place, 'baselines', baselines, 'none, or the panel as the option train');
  }
  const season = given ?? (table instanceof BacktestTable ? seasonOf(table.frequency) : undefined);
  if (train && season === undefined) {
    throw optionError(place, 'seasonality', given, 'the number of steps in a season, or 1');
  }
  const block = new Int32Array(frame.actual.length);
  frame.blocks.forEach(({ rows }, b) => {
    for (const row of rows) block[row] = b;
  });
  const history = train && new History(place, frame, train, namesFor(place, table, options));
  const extra = (name: keyof typeof NAIVE) => baselineOf(name, frame, history!, season!);
  const models = [...frame.models, ...baselines.map(extra)];
  const rows = Array.from(frame.actual.keys()).filter(
    (row) => frame.weights[row]! > 0 && !Number.isNaN(frame.actual[row]!),
  );
  const divisor = (): ModelForecast | undefined => {
    const known = models.find(({ name }) => name === benchmark);
    if (known?.point || benchmark === undefined) return known;
    const naive = BASELINES.find((name) => name === benchmark);
    if (naive) return history && extra(naive);
    const names = [...new Set([...models.map(({ name }) => name), ...BASELINES])];
    return optionalChoice(place, 'benchmark', benchmark ?? null, names) as never;
  };
  const compared = divisor();
  return {
    frame,
    models,
    hasHistory: history !== undefined,
    rows,
    scope: {
      actual: frame.actual,
      weights: frame.weights,
      block,
      ...(history ? { scale: scalesOf(frame, history, season!) } : {}),
      ...(compared ? { benchmark: compared } : {}),
    },
  };
}

const hasColumns: Readonly<Record<string, (model: ModelForecast) => boolean>> = {
  point: ({ point }) => point !== undefined,
  quantiles: ({ quantiles }) => quantiles.length > 0,
  intervals: ({ intervals }) => intervals.length > 0,
};

/** Throws E0010 where a metric cannot be computed for any model. */
export function checkMetric(
  place: string,
  name: MetricName,
  { models, hasHistory, scope }: Pick<Evaluated, 'models' | 'hasHistory' | 'scope'>,
): void {
  const { columns, history, benchmark } = METRICS[name];
  if (history && !hasHistory) {
    throw optionError(place, 'metrics', name, 'the panel before the forecasts as the option train');
  }
  if (benchmark && !scope.benchmark) {
    const expected =
      'a model of the table as the option benchmark, or the panel before the forecasts as the option train';
    throw optionError(place, 'metrics', name, expected);
  }
  if (models.some(hasColumns[columns]!)) return;
  const examples = {
    point: 'of points such as "NHITS" or "NHITS-median"',
    quantiles: 'of quantiles such as "NHITS-median" or "NHITS-lo-80"',
    intervals: 'of intervals such as "NHITS-lo-80" and "NHITS-hi-80"',
  };
  throw optionError(place, 'metrics', name, `a table with columns ${examples[columns]}`);
}

const isPossible = (name: MetricName, { models, hasHistory, scope }: Evaluated) => {
  const { columns, history, benchmark } = METRICS[name];
  return (
    (hasHistory || !history) &&
    (scope.benchmark !== undefined || !benchmark) &&
    models.some(hasColumns[columns]!)
  );
};

/** Names of the groups per row: series, window and step of `by`, in its order. */
function groupsOf({ frame, rows }: Evaluated, by: readonly EvaluationKey[]) {
  const windowOf = new Int32Array(frame.actual.length);
  const seriesOf = new Int32Array(frame.actual.length);
  for (const { series, window, rows: own } of frame.blocks) {
    for (const row of own) {
      windowOf[row] = window;
      seriesOf[row] = series;
    }
  }
  const numbers = { series: seriesOf, window: windowOf, step: frame.step };
  const keys = by.filter((key) => key !== 'model') as ('series' | 'window' | 'step')[];
  const groups = new Map<string, { place: number[]; rows: number[] }>();
  for (const row of rows) {
    const place = keys.map((key) => numbers[key][row]!);
    const group = groups.get(place.join());
    if (group) group.rows.push(row);
    else groups.set(place.join(), { place, rows: [row] });
  }
  const before = (a: readonly number[], b: readonly number[]) => {
    const i = a.findIndex((value, k) => value !== b[k]);
    return i < 0 ? 0 : a[i]! - b[i]!;
  };
  const sorted = [...groups.values()].sort((a, b) => before(a.place, b.place));
  const label = (key: EvaluationKey, number: number) =>
    key === 'series' ? frame.ids[number] : key === 'window' ? frame.cutoffs[number] : number;
  return sorted.map((group) => ({
    rows: group.rows,
    labels: keys.map((key, k) => label(key, group.place[k]!)),
  }));
}

/** See the declaration in types/metrics.d.ts. */
export function evaluate(table: TableInput, given: EvaluateOptions = {}): EvaluationContract {
  const place = 'evaluate';
  const options = readOptions(place, given, [...COMPARED_OPTIONS, 'metrics', 'by', 'benchmark']);
  const asked = choices(place, 'metrics', options.metrics, METRIC_NAMES);
  const keys = choices(place, 'by', options.by, KEYS) ?? ['model'];
  const by = keys.includes('model') ? keys : (['model', ...keys] as const);
  const benchmark = optionalString(place, 'benchmark', options.benchmark);
  const compares = asked ? asked.some((name) => METRICS[name].benchmark) : benchmark !== undefined;
  const evaluated = read(place, table, options, compares ? (benchmark ?? 'Naive2') : undefined);
  if (by.includes('window') && evaluated.frame.cutoffs[0] === undefined) {
    throw optionError(place, 'by', 'window', 'a table with the column "cutoff"');
  }
  for (const name of asked ?? []) checkMetric(place, name, evaluated);
  const usual = METRIC_NAMES.filter(
    (name) => USUAL_METRICS.includes(name) || (METRICS[name].benchmark && compares),
  );
  const names = asked ?? usual.filter((name) => isPossible(name, evaluated));
  const { models, scope } = evaluated;
  const columns = names.flatMap((name) => METRICS[name].of(name, models, scope));
  const groups = groupsOf(evaluated, by);
  const at = by.indexOf('model');
  const cells = models
    .flatMap((model) => {
      const summaries = columns.map((column) => column.of(model));
      return groups.map(({ rows, labels }, group) => ({
        group,
        labels: labels.toSpliced(at, 0, model.name),
        values: summaries.map((summary) => summary?.(rows) ?? Number.NaN),
      }));
    })
    .sort((a, b) => (at === 0 ? 0 : a.group - b.group));
  const titles = {
    model: 'model',
    series: evaluated.frame.idColumn,
    window: 'cutoff',
    step: 'step',
  };
  return new EvaluationTable({
    keys: by.map((key, k) => ({ name: titles[key], values: cells.map(({ labels }) => labels[k]) })),
    metrics: columns.map(({ name }, c) => ({
      name,
      values: Float64Array.from(cells, ({ values }) => values[c]!),
    })),
  });
}
