/** Accuracy on known values beside the seasonal naive, the forecast that repeats the last season. */

export interface Score {
  readonly model: string;
  /** Mean absolute error, in the unit of the target. */
  readonly mae: number;
  /** Root of the mean squared error, in the unit of the target. */
  readonly rmse: number;
  /** Symmetric mean absolute percentage error, 0 … 200. */
  readonly smape: number;
  /**
   * Mean absolute error divided by that of the seasonal naive on the history before each forecast (Hyndman and Koehler
   * 2006): below 1 is better than repeating the last season was. Series whose history repeats exactly count nowhere;
   * NaN when there is no other.
   */
  readonly mase: number;
}

/** A forecast of known values: a stretch of one series. */
export interface Stretch {
  /** The whole series in order of time. */
  readonly values: readonly number[];
  /** Where in it the forecast begins. */
  readonly start: number;
  /** How many of its steps are known. */
  readonly steps: number;
  /** Row of the first step in the table of forecasts. */
  readonly row: number;
}

/** Steps after which the history before `start` repeats: a season, or 1 where it is shorter than one. */
const periodOf = (start: number, season: number) => (start >= season ? season : 1);

/** Step `h` after `start` if the last season repeats. */
function naive({ values, start }: Stretch, h: number, season: number): number {
  const period = periodOf(start, season);
  return values[start - period + (h % period)] as number;
}

/** Mean absolute error of the seasonal naive, one season ahead, on the history before a stretch. */
function scaleOf({ values, start }: Stretch, season: number): number {
  const period = start > season ? season : 1;
  let sum = 0;
  for (let t = period; t < start; t++) {
    sum += Math.abs((values[t] as number) - (values[t - period] as number));
  }
  return sum / (start - period);
}

/** Scores of one forecast over all stretches together. */
function score(
  model: string,
  stretches: readonly Stretch[],
  scales: readonly number[],
  forecastOf: (stretch: Stretch, h: number) => number,
): Score {
  let [count, absolute, squared, relative, scaledCount, scaled] = [0, 0, 0, 0, 0, 0];
  stretches.forEach((stretch, i) => {
    const scale = scales[i] as number;
    for (let h = 0; h < stretch.steps; h++) {
      const y = stretch.values[stretch.start + h] as number;
      const f = forecastOf(stretch, h);
      const error = Math.abs(y - f);
      count += 1;
      absolute += error;
      squared += error * error;
      relative += error === 0 ? 0 : (2 * error) / (Math.abs(y) + Math.abs(f));
      if (scale > 0) {
        scaledCount += 1;
        scaled += error / scale;
      }
    }
  });
  return {
    model,
    mae: absolute / count,
    rmse: Math.sqrt(squared / count),
    smape: (100 * relative) / count,
    mase: scaled / scaledCount,
  };
}

/** Every forecast column and the seasonal naive against the known values of the stretches. */
export function scoresOf(
  columns: readonly { readonly name: string; readonly values: Float64Array }[],
  stretches: readonly Stretch[],
  season: number,
): Score[] {
  const scales = stretches.map((stretch) => scaleOf(stretch, season));
  return [
    ...columns.map(({ name, values }) =>
      score(name, stretches, scales, ({ row }, h) => values[row + h] as number),
    ),
    score('SeasonalNaive', stretches, scales, (stretch, h) => naive(stretch, h, season)),
  ];
}

/** Steps per season of one time step. */
const SEASONS: Readonly<Record<string, number>> = {
  s: 60,
  min: 1440,
  h: 24,
  D: 7,
  B: 5,
  W: 52,
  M: 12,
  MS: 12,
  Q: 4,
  QS: 4,
  Y: 1,
  YS: 1,
};

/** Steps in a season of a frequency: 12 for months, 96 for '15min'; 1 where there is no usual one. */
export function seasonOf(frequency: string): number {
  const [, count, unit] = /^(\d*)([A-Za-z]+)/.exec(frequency) ?? [];
  const season = SEASONS[unit ?? ''] ?? 1;
  const every = Number(count || 1);
  return season % every === 0 ? season / every : 1;
}
