/** The metrics by name: which columns they make, and each as one number of some rows. */

import type { MetricName } from '../../types/index';
import type { ModelForecast } from './models';
import {
  crps,
  INTERVAL_TERMS,
  meanPinball,
  pinball,
  POINT_TERMS,
  squaredScaled,
  type Term,
  type Truth,
} from './terms';

/** What the metrics of one table read. */
export interface Scope extends Truth {
  readonly weights: Float64Array;
  /** Per row: number of its forecast. */
  readonly block: Int32Array;
  /** Forecasts that others are compared with. */
  readonly benchmark?: ModelForecast;
}

/** One number of some rows, each with an actual value and a weight above 0. */
type Summary = (rows: readonly number[]) => number;

export interface MetricColumn {
  readonly name: string;
  /** Undefined for a model that lacks what the metric reads. */
  readonly of: (model: ModelForecast) => Summary | undefined;
}

/** Weighted mean of a term; NaN where no row has it. */
const mean =
  (term: Term, { weights }: Scope): Summary =>
  (rows) => {
    let [sum, total] = [0, 0];
    for (const row of rows) {
      const value = term(row);
      if (value === undefined) continue;
      sum += weights[row]! * value;
      total += weights[row]!;
    }
    return sum / total;
  };

/** Σ w term / Σ w |y|. */
const perActual =
  (term: Term, factor: number, { weights, actual }: Scope): Summary =>
  (rows) => {
    let [sum, total] = [0, 0];
    for (const row of rows) {
      sum += weights[row]! * term(row)!;
      total += weights[row]! * Math.abs(actual[row]!);
    }
    return total === 0 ? Number.NaN : (factor * sum) / total;
  };

/** Weighted mean over forecasts of the root of the mean over their rows. */
const meanOfRoots =
  (term: Term, { weights, block }: Scope): Summary =>
  (rows) => {
    const blocks = new Map<number, { sum: number; weight: number }>();
    for (const row of rows) {
      const value = term(row);
      if (value === undefined) continue;
      const known = blocks.get(block[row]!) ?? { sum: 0, weight: 0 };
      known.sum += weights[row]! * value;
      known.weight += weights[row]!;
      blocks.set(block[row]!, known);
    }
    let [sum, total] = [0, 0];
    for (const one of blocks.values()) {
      sum += one.weight * Math.sqrt(one.sum / one.weight);
      total += one.weight;
    }
    return sum / total;
  };

/** What a metric needs: columns of a kind, the panel before the forecasts, forecasts to compare with. */
export interface Needs {
  readonly columns: 'point' | 'quantiles' | 'intervals';
  readonly history?: true;
  readonly benchmark?: true;
}

interface Metric extends Needs {
  readonly of: (name: MetricName, models: readonly ModelForecast[], scope: Scope) => MetricColumn[];
}

const point = (summary: (values: Float64Array, scope: Scope) => Summary): Metric => ({
  columns: 'point',
  of: (name, _, scope) => [
    { name, of: (model) => (model.point ? summary(model.point, scope) : undefined) },
  ],
});

const pointMean = (name: keyof typeof POINT_TERMS): Metric =>
  point((values, scope) => mean(POINT_TERMS[name](values, scope), scope));

const ofQuantiles = (
  summary: (model: ModelForecast, scope: Scope) => Summary,
  each?: Metric['of'],
): Metric => ({
  columns: 'quantiles',
  of: (name, models, scope) => [
    {
      name,
      of: (model) => (model.quantiles.length > 0 ? summary(model, scope) : undefined),
    },
    ...(each?.(name, models, scope) ?? []),
  ],
});

const distinct = (values: readonly number[]) => [...new Set(values)].sort((a, b) => a - b);

/** One column per level that any model has. */
const perLevel = (term: keyof typeof INTERVAL_TERMS): Metric => ({
  columns: 'intervals',
  of: (name, models, scope) =>
    distinct(models.flatMap((model) => model.intervals.map(({ level }) => level))).map((level) => ({
      name: `${name}-${level}`,
      of: (model) => {
        const interval = model.intervals.find((known) => known.level === level);
        return interval && mean(INTERVAL_TERMS[term](interval, scope), scope);
      },
    })),
});

/** One column per quantile that any model has. */
const perQuantile: Metric['of'] = (name, models, scope) =>
  distinct(models.flatMap((model) => model.quantiles.map(({ q }) => q))).map((q) => ({
    name: `${name}-${q}`,
    of: (model) => {
      const quantile = model.quantiles.find((known) => known.q === q);
      return quantile && mean(pinball(quantile, scope), scope);
    },
  }));

const owa = point((values, scope) => {
  const relative = (['smape', 'mase'] as const).map((name) => {
    const [own, other] = [values, scope.benchmark!.point!].map((forecast) =>
      mean(POINT_TERMS[name](forecast, scope), scope),
    );
    return (rows: readonly number[]) => own!(rows) / other!(rows);
  });
  return (rows) => (relative[0]!(rows) + relative[1]!(rows)) / 2;
});

const relativeSquare = point((values, scope) => {
  const [own, other] = [values, scope.benchmark!.point!].map((forecast) =>
    mean(POINT_TERMS.mse(forecast, scope), scope),
  );
  return (rows) => own!(rows) / other!(rows);
});

/** In the order in which they are shown. */
export const METRICS: Readonly<Record<MetricName, Metric>> = {
  mae: pointMean('mae'),
  mse: pointMean('mse'),
  rmse: point((values, scope) => {
    const square = mean(POINT_TERMS.mse(values, scope), scope);
    return (rows) => Math.sqrt(square(rows));
  }),
  bias: pointMean('bias'),
  mape: pointMean('mape'),
  smape: pointMean('smape'),
  wape: point((values, scope) => perActual(POINT_TERMS.mae(values, scope), 100, scope)),
  mase: { ...pointMean('mase'), history: true },
  rmsse: {
    ...point((values, scope) => meanOfRoots(squaredScaled(values, scope), scope)),
    history: true,
  },
  relmse: { ...relativeSquare, benchmark: true },
  owa: { ...owa, history: true, benchmark: true },
  accuracy: pointMean('accuracy'),
  pinball: ofQuantiles((model, scope) => mean(meanPinball(model, scope), scope), perQuantile),
  wql: ofQuantiles((model, scope) => perActual(meanPinball(model, scope), 2, scope)),
  crps: ofQuantiles((model, scope) => mean(crps(model, scope), scope)),
  coverage: perLevel('coverage'),
  intervalScore: perLevel('intervalScore'),
  msis: { ...perLevel('msis'), history: true },
};

export const METRIC_NAMES = Object.keys(METRICS) as readonly MetricName[];

/** Shown where nothing is asked for, as far as the table and the options allow. */
export const USUAL_METRICS: readonly MetricName[] = METRIC_NAMES.filter(
  (name) => !METRICS[name].benchmark && !['mse', 'mape', 'accuracy'].includes(name),
);
