/** Is one forecast more accurate than another, or was it chance? */

import { jStat } from 'jstat';
import type {
  DieboldMarianoOptions,
  DieboldMarianoResult,
  ErrorLoss,
  NumberArray,
} from '../../types/index';
import { ForecastError } from '../errors';
import { readFloats } from '../numbers';
import { optionalChoice, optionalInteger, optionError, readOptions } from '../options';
import { isArray } from '../values';

const LOSSES = {
  squared: (error: number) => error * error,
  absolute: Math.abs,
} as const;
const ALTERNATIVES = ['two-sided', 'less', 'greater'] as const;
type Alternative = (typeof ALTERNATIVES)[number];

function lossOf(place: string, loss: ErrorLoss | undefined): (error: number) => number {
  if (typeof loss === 'function') return loss;
  const name = optionalChoice(place, 'loss', loss, ['squared', 'absolute']) ?? 'squared';
  return LOSSES[name];
}

/** Where t-distributed values are at least as far out as the statistic, as often. */
function probability(statistic: number, freedom: number, alternative: Alternative): number {
  const below = (x: number) =>
    Number.isFinite(x) ? jStat.studentt.cdf(x, freedom) : x < 0 ? 0 : 1;
  if (alternative === 'less') return below(statistic);
  if (alternative === 'greater') return below(-statistic);
  return Math.min(1, 2 * below(-Math.abs(statistic)));
}

/** The test on differences of losses in order of time. */
export function testDifferences(
  place: string,
  differences: Float64Array,
  horizon: number,
  alternative: Alternative,
): DieboldMarianoResult {
  const n = differences.length;
  if (n <= horizon) {
    throw new ForecastError(
      'ERR_ND_EMPTY',
      `[${place}] received ${n} pairs of losses, expected more than the ${horizon} that overlap`,
      { pairs: n, horizon },
    );
  }
  const mean = differences.reduce((sum, d) => sum + d, 0) / n;
  const covariance = (lag: number) => {
    let sum = 0;
    for (let t = lag; t < n; t++) sum += (differences[t]! - mean) * (differences[t - lag]! - mean);
    return sum / n;
  };
  const covariances = Array.from({ length: horizon }, (_, lag) => covariance(lag));
  const variance = (weight: (lag: number) => number) =>
    covariances.reduce((sum, c, lag) => sum + (lag === 0 ? 1 : 2 * weight(lag)) * c, 0) / n;
  // Differences that are all the same have rounding for a variance.
  const scale = differences.reduce((most, d) => Math.max(most, Math.abs(d)), 0);
  const isConstant = Math.sqrt(covariances[0]!) <= 1e-14 * scale;
  const rectangular = variance(() => 1);
  const usesBartlett = !isConstant && rectangular <= 0;
  const chosen = usesBartlett ? variance((lag) => 1 - lag / horizon) : rectangular;
  const correction = Math.sqrt((n + 1 - 2 * horizon + (horizon * (horizon - 1)) / n) / n);
  const statistic = isConstant
    ? mean === 0
      ? 0
      : mean * Infinity
    : (correction * mean) / Math.sqrt(chosen);
  return {
    statistic,
    pValue: probability(statistic, n - 1, alternative),
    meanDifference: mean,
    observations: n,
    horizon,
    variance: usesBartlett ? 'bartlett' : 'rectangular',
  };
}

/** See the declaration in types/metrics.d.ts. */
export function dieboldMariano(
  errorsA: NumberArray,
  errorsB: NumberArray,
  given: DieboldMarianoOptions = {},
): DieboldMarianoResult {
  const place = 'dieboldMariano';
  const options = readOptions(place, given, ['horizon', 'loss', 'alternative']);
  const horizon = optionalInteger(place, 'horizon', options.horizon, 1) ?? 1;
  const loss = lossOf(place, options.loss);
  const alternative =
    optionalChoice(place, 'alternative', options.alternative, ALTERNATIVES) ?? 'two-sided';
  const read = (name: string, errors: unknown) => {
    const expected = 'an array of forecast errors in order of time';
    if (isArray(errors) || ArrayBuffer.isView(errors)) return readFloats(place, errors, expected);
    throw optionError(place, name, errors, expected);
  };
  const [a, b] = [read('errorsA', errorsA), read('errorsB', errorsB)];
  if (a.length !== b.length) {
    throw new ForecastError(
      'ERR_ND_SHAPE',
      `[${place}] received ${a.length} and ${b.length} errors, expected as many of both forecasts`,
      { a: a.length, b: b.length },
    );
  }
  const differences = a.map((error, t) => Number(loss(error)) - Number(loss(b[t]!)));
  const missing = differences.findIndex((d) => !Number.isFinite(d));
  if (missing >= 0) {
    throw new ForecastError(
      'ERR_ND_DATA',
      `[${place}] the losses at ${missing} are of the errors ${a[missing]} and ${b[missing]}, expected finite numbers`,
      { index: missing },
    );
  }
  return testDifferences(place, differences, horizon, alternative);
}
