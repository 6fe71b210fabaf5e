/** Which models are better than which, beyond chance: mean metrics, and a test of every pair. */

import type {
  CompareOptions,
  ComparisonMetric,
  ModelComparison as Contract,
  ModelPair,
  ModelRank,
  TableInput,
} from '../../types/index';
import { ForecastError } from '../errors';
import { optionalChoice, optionError, readOptions } from '../options';
import { testDifferences } from './diebold-mariano';
import { checkMetric, COMPARED_OPTIONS, type Evaluated, read } from './evaluate';
import { markdown } from './evaluation-table';
import type { ModelForecast } from './models';
import { crps, meanPinball, POINT_TERMS, type Term, type Truth } from './terms';

const METRICS = ['mae', 'mse', 'mape', 'smape', 'mase', 'pinball', 'crps'] as const;
const ACROSS = ['windows', 'series'] as const;

function termOf(metric: ComparisonMetric, model: ModelForecast, truth: Truth): Term | undefined {
  if (metric === 'crps' || metric === 'pinball') {
    if (model.quantiles.length === 0) return undefined;
    return metric === 'crps' ? crps(model, truth) : meanPinball(model, truth);
  }
  return model.point && POINT_TERMS[metric](model.point, truth);
}

/** What is compared: one mean loss per model, of the rows of one window or one series. */
interface Units {
  readonly across: 'windows' | 'series';
  /** Rows of each unit; windows in order of time. */
  readonly rows: readonly (readonly number[])[];
  /** Neighbours, itself included, that forecast the same moments. */
  readonly overlap: number;
}

function windowsOf({ frame, rows }: Evaluated): Units {
  const windows = frame.cutoffs.map(() => ({
    rows: [] as number[],
    cutoff: Number.NaN,
    end: -Infinity,
  }));
  const counts = new Set(rows);
  for (const block of frame.blocks) {
    const window = windows[block.window]!;
    window.rows.push(...block.rows.filter((row) => counts.has(row)));
    window.cutoff = block.cutoff ?? 0;
    window.end = Math.max(window.end, block.end);
  }
  const used = windows.filter((window) => window.rows.length > 0);
  const overlap = used.map(
    ({ end }, i) => used.filter(({ cutoff }, j) => j >= i && cutoff < end).length,
  );
  return { across: 'windows', rows: used.map((w) => w.rows), overlap: Math.max(1, ...overlap) };
}

function seriesOf({ frame, rows }: Evaluated): Units {
  const counts = new Set(rows);
  const bySeries: number[][] = frame.ids.map(() => []);
  for (const block of frame.blocks) {
    bySeries[block.series]!.push(...block.rows.filter((row) => counts.has(row)));
  }
  return { across: 'series', rows: bySeries.filter((own) => own.length > 0), overlap: 1 };
}

/** The way to cut the rows that gives more units beside the overlapping ones. */
function unitsOf(evaluated: Evaluated, across: 'windows' | 'series' | undefined): Units {
  if (across === 'windows') return windowsOf(evaluated);
  const series = seriesOf(evaluated);
  if (across === 'series') return series;
  const windows = windowsOf(evaluated);
  return windows.rows.length / windows.overlap >= series.rows.length ? windows : series;
}

/** Mean loss of every unit, all of whose rows have one. */
function lossesOf(
  place: string,
  { frame, scope }: Evaluated,
  units: Units,
  model: string,
  term: Term,
): number[] {
  return units.rows.map((rows) => {
    let [sum, total] = [0, 0];
    for (const row of rows) {
      const value = term(row)!;
      if (!Number.isFinite(value)) {
        const id = frame.ids[frame.blocks[scope.block[row]!]!.series];
        throw new ForecastError(
          'ERR_ND_DATA',
          `[${place}] series "${id}", row ${row}: the forecast of ${model} is missing or not finite; leave out the model or the row (weight 0)`,
          { series: id, row, model },
        );
      }
      sum += scope.weights[row]! * value;
      total += scope.weights[row]!;
    }
    return sum / total;
  });
}

/** Holm (1979): each p-value as it counts among all of them. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted: number[] = [];
  let least = 0;
  order.forEach((i, rank) => {
    least = Math.max(least, Math.min(1, (pValues.length - rank) * pValues[i]!));
    adjusted[i] = least;
  });
  return adjusted;
}

/** The result of `compareModels`. */
export class ModelComparison implements Contract {
  readonly metric: ComparisonMetric;
  readonly alpha: number;
  readonly across: 'windows' | 'series';
  readonly observations: number;
  readonly overlap: number;
  readonly models: readonly ModelRank[];
  readonly pairs: readonly ModelPair[];

  constructor(parts: Omit<Contract, 'pair' | 'toMarkdown' | 'toString'>) {
    this.metric = parts.metric;
    this.alpha = parts.alpha;
    this.across = parts.across;
    this.observations = parts.observations;
    this.overlap = parts.overlap;
    this.models = parts.models;
    this.pairs = parts.pairs;
  }

  pair(a: string, b: string): ModelPair | undefined {
    const found = this.pairs.find((p) => (p.a === a && p.b === b) || (p.a === b && p.b === a));
    if (found === undefined || found.a === a) return found;
    const { difference, statistic, ...rest } = found;
    return { ...rest, a, b, difference: -difference, statistic: -statistic };
  }

  toMarkdown(): string {
    const names = this.models.map(({ model }) => model);
    const cell = (a: string, b: string) => {
      const pair = this.pair(a, b);
      if (!pair) return '';
      const p = pair.adjustedPValue;
      return `${p < 1e-4 ? '<0.0001' : p.toPrecision(2)}${pair.significant ? (pair.difference < 0 ? ' better' : ' worse') : ''}`;
    };
    const rows = this.models.map(({ model, mean, rank }) => [
      rank,
      model,
      mean,
      ...names.map((other) => cell(model, other)),
    ]);
    return markdown(['rank', 'model', this.metric, ...names.map((name) => `vs ${name}`)], rows);
  }

  toString(): string {
    const { observations, overlap, across, alpha } = this;
    const overlapping = overlap > 1 ? `, ${overlap} of which overlap` : '';
    return `${this.toMarkdown()}p-values (Diebold-Mariano, Holm) over ${observations} ${across}${overlapping}; better, worse: below ${alpha}\n`;
  }
}

/** See the declaration in types/metrics.d.ts. */
export function compareModels(table: TableInput, given: CompareOptions = {}): ModelComparison {
  const place = 'compareModels';
  const options = readOptions(place, given, [...COMPARED_OPTIONS, 'metric', 'alpha', 'across']);
  const metric = optionalChoice(place, 'metric', options.metric, METRICS) ?? 'mae';
  const across = optionalChoice(place, 'across', options.across, ACROSS);
  const { alpha = 0.05 } = options;
  if (typeof alpha !== 'number' || !(alpha > 0 && alpha < 1)) {
    throw optionError(place, 'alpha', alpha, 'a number between 0 and 1');
  }
  const evaluated = read(place, table, options, undefined);
  checkMetric(place, metric, evaluated);
  const terms = evaluated.models.map(({ name }, m) => ({
    name,
    term: termOf(metric, evaluated.models[m]!, evaluated.scope),
  }));
  const compared = terms.filter((one): one is { name: string; term: Term } => !!one.term);
  if (compared.length < 2) {
    const names = compared.map(({ name }) => name);
    throw optionError(place, 'models', names, `at least two models that have ${metric}`);
  }
  // A row that one of them leaves out is left out of all, so that all are judged on the same rows.
  const rows = evaluated.rows.filter((row) =>
    compared.every(({ term }) => term(row) !== undefined),
  );
  const units = unitsOf({ ...evaluated, rows }, across);
  const losses = compared.map(({ name, term }) => lossesOf(place, evaluated, units, name, term));
  const means = losses.map((own) => own.reduce((sum, loss) => sum + loss, 0) / own.length);
  const order = means.map((_, m) => m).sort((a, b) => means[a]! - means[b]!);
  const tests = order.flatMap((a, rank) =>
    order.slice(rank + 1).map((b) => {
      const differences = Float64Array.from(losses[a]!, (loss, u) => loss - losses[b]![u]!);
      const test = testDifferences(place, differences, units.overlap, 'two-sided');
      return { a: compared[a]!.name, b: compared[b]!.name, ...test };
    }),
  );
  const adjusted = holm(tests.map(({ pValue }) => pValue));
  return new ModelComparison({
    metric,
    alpha,
    across: units.across,
    observations: units.rows.length,
    overlap: units.overlap,
    models: order.map((m, i) => ({ model: compared[m]!.name, mean: means[m]!, rank: i + 1 })),
    pairs: tests.map(({ a, b, meanDifference, statistic, pValue }, i) => ({
      a,
      b,
      difference: meanDifference,
      statistic,
      pValue,
      adjustedPValue: adjusted[i]!,
      significant: adjusted[i]! < alpha,
    })),
  });
}
