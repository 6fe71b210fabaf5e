/** What each row adds to a metric: errors of points, of quantiles and of intervals. */

import type { Interval, ModelForecast, Quantile } from './models';

/** Of rows that have an actual value and a weight above 0; undefined: the metric does not exist there, the row is left out. */
export type Term = (row: number) => number | undefined;

/** What a term reads besides the forecast. */
export interface Truth {
  readonly actual: Float64Array;
  /** Per row, of its series before its forecast: mean |change| and mean change² over a season. Absent without history. */
  readonly scale?: { readonly absolute: Float64Array; readonly squared: Float64Array };
}

export type PointTerm = (point: Float64Array, truth: Truth) => Term;

const error =
  (of: (difference: number, actual: number) => number | undefined): PointTerm =>
  (point, { actual }) =>
  (row) =>
    of(point[row]! - actual[row]!, actual[row]!);

/** A constant history has no scale: its rows are left out. */
const scaled = (value: number, scale: number) => (scale > 0 ? value / scale : undefined);

/** Metrics of points that are means over rows. */
export const POINT_TERMS = {
  mae: error((e) => Math.abs(e)),
  mse: error((e) => e * e),
  bias: error((e) => e),
  mape: error((e, y) => (y === 0 ? undefined : (100 * Math.abs(e)) / Math.abs(y))),
  smape:
    (point, { actual }) =>
    (row) => {
      const e = Math.abs(point[row]! - actual[row]!);
      return e === 0 ? 0 : (200 * e) / (Math.abs(actual[row]!) + Math.abs(point[row]!));
    },
  accuracy: error((e) => (Number.isNaN(e) ? Number.NaN : e === 0 ? 100 : 0)),
  mase:
    (point, { actual, scale }) =>
    (row) =>
      scaled(Math.abs(point[row]! - actual[row]!), scale!.absolute[row]!),
} as const satisfies Record<string, PointTerm>;

/** (e / scale)², whose root is taken per forecast. */
export const squaredScaled: PointTerm =
  (point, { actual, scale }) =>
  (row) =>
    scaled((point[row]! - actual[row]!) ** 2, scale!.squared[row]!);

/** Pinball loss ρ_q(y - f) = max(q (y - f), (q - 1)(y - f)). */
export const pinball =
  ({ q, values }: Quantile, { actual }: Truth): Term =>
  (row) => {
    const e = actual[row]! - values[row]!;
    return Math.max(q * e, (q - 1) * e);
  };

/** Mean of the pinball losses of all quantiles. */
export function meanPinball({ quantiles }: ModelForecast, truth: Truth): Term {
  const losses = quantiles.map((quantile) => pinball(quantile, truth));
  return (row) => losses.reduce((sum, loss) => sum + loss(row)!, 0) / losses.length;
}

/**
 * CRPS = 2 ∫ ρ_q dq, each quantile standing for the q that are nearer to it than to any other: exact for a forecast of
 * equally likely values, whose quantiles are (i - ½) / n.
 */
export function crps({ quantiles }: ModelForecast, truth: Truth): Term {
  const border = (i: number) =>
    i === 0 ? 0 : i === quantiles.length ? 1 : (quantiles[i - 1]!.q + quantiles[i]!.q) / 2;
  const parts = quantiles.map((quantile, i) => {
    const width = border(i + 1) - border(i);
    const loss = pinball(quantile, truth);
    return (row: number) => 2 * width * loss(row)!;
  });
  return (row) => parts.reduce((sum, part) => sum + part(row), 0);
}

export type IntervalTerm = (interval: Interval, truth: Truth) => Term;

const intervalScore: IntervalTerm =
  ({ level, low, high }, { actual }) =>
  (row) => {
    const [y, l, u] = [actual[row]!, low[row]!, high[row]!];
    const miss = y < l ? l - y : y > u ? y - u : 0;
    return u - l + (2 / (1 - level / 100)) * miss;
  };

/** Metrics of intervals that are means over rows. */
export const INTERVAL_TERMS = {
  coverage:
    ({ low, high }, { actual }) =>
    (row) => {
      const [y, l, u] = [actual[row]!, low[row]!, high[row]!];
      if (Number.isNaN(l + u)) return Number.NaN;
      return y >= l && y <= u ? 100 : 0;
    },
  intervalScore,
  msis: (interval, truth) => {
    const score = intervalScore(interval, truth);
    return (row) => scaled(score(row)!, truth.scale!.absolute[row]!);
  },
} as const satisfies Record<string, IntervalTerm>;
