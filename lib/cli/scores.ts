/** Accuracy on held-out values beside the seasonal naive, the forecast that repeats the last season. */

export interface Score {
  readonly model: string;
  /** Mean absolute error, in the unit of the target. */
  readonly mae: number;
  /** Symmetric mean absolute percentage error, 0 … 200. */
  readonly smape: number;
}

/** Scores of one forecast over all series together; the arrays run in parallel. */
export function score(
  model: string,
  actual: readonly number[],
  forecast: readonly number[],
): Score {
  let absolute = 0;
  let relative = 0;
  actual.forEach((y, i) => {
    const f = forecast[i] ?? Number.NaN;
    const error = Math.abs(y - f);
    absolute += error;
    relative += error === 0 ? 0 : (2 * error) / (Math.abs(y) + Math.abs(f));
  });
  return { model, mae: absolute / actual.length, smape: (100 * relative) / actual.length };
}

/** The next `horizon` values if the last season repeats; a history shorter than a season repeats its last value. */
export function seasonalNaive(
  history: readonly number[],
  horizon: number,
  season: number,
): number[] {
  const period = history.length >= season ? season : 1;
  return Array.from(
    { length: horizon },
    (_, h) => history[history.length - period + (h % period)] as number,
  );
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
