/** Forecasts that need no model: what every other one has to beat. */

export type Naive = (history: Float64Array, season: number, horizon: number) => Float64Array;

const fill = (horizon: number, at: (h: number) => number) =>
  Float64Array.from({ length: horizon }, (_, h) => at(h));

/** Repeats the last value. */
const naive: Naive = (history, _, horizon) => fill(horizon, () => history.at(-1)!);

/** Repeats the last season; of a history shorter than that, the last value. */
const seasonalNaive: Naive = (history, season, horizon) => {
  const period = history.length >= season ? season : 1;
  return fill(horizon, (h) => history[history.length - period + (h % period)]!);
};

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Whether the autocorrelation at one season is beyond its 90 % bound (Bartlett), as in the M4 competition. */
function isSeasonal(history: Float64Array, season: number): boolean {
  const n = history.length;
  if (season < 2 || n < 3 * season || season > Math.floor(10 * Math.log10(n))) return false;
  const level = mean(Array.from(history));
  const covariance = (lag: number) => {
    let sum = 0;
    for (let t = lag; t < n; t++) sum += (history[t]! - level) * (history[t - lag]! - level);
    return sum;
  };
  const variance = covariance(0);
  const correlation = (lag: number) => covariance(lag) / variance;
  let sum = 1;
  for (let lag = 1; lag < season; lag++) sum += 2 * correlation(lag) ** 2;
  return Math.abs(correlation(season)) > (1.645 / Math.sqrt(n)) * Math.sqrt(sum);
}

/** Factors of a classical multiplicative decomposition, by place in the season from the start of the history. */
function seasonalFactors(history: Float64Array, season: number): number[] {
  const half = Math.floor(season / 2);
  const ratios: number[][] = Array.from({ length: season }, () => []);
  for (let t = half; t + half < history.length; t++) {
    let sum = 0;
    for (let k = -half; k <= half; k++) {
      const isHalf = season % 2 === 0 && Math.abs(k) === half;
      sum += history[t + k]! * (isHalf ? 0.5 : 1);
    }
    ratios[t % season]!.push(history[t]! / (sum / season));
  }
  const factors = ratios.map(mean);
  const average = mean(factors);
  return factors.map((factor) => factor / average);
}

/**
 * Naive2 of the M competitions: where the series is seasonal by a test of its autocorrelation, the last value without its
 * season, times the season to come; else the last value (Makridakis, Spiliotis and Assimakopoulos 2020).
 */
const naive2: Naive = (history, season, horizon) => {
  if (!isSeasonal(history, season)) return naive(history, season, horizon);
  const factors = seasonalFactors(history, season);
  const n = history.length;
  const level = history[n - 1]! / factors[(n - 1) % season]!;
  return fill(horizon, (h) => level * factors[(n + h) % season]!);
};

/** By the name that they have in results. */
export const NAIVE = { Naive: naive, SeasonalNaive: seasonalNaive, Naive2: naive2 } as const;
