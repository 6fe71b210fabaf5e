/** Metrics of forecasts: how good they were, and which differences between models are more than chance. */

import type { ColumnNames, NumberArray, TableInput, TimeColumn } from './index';

/**
 * Metrics of {@link evaluate}, with e = forecast - actual, w the weight of a row and means over the rows of a group:
 *
 * | name | |
 * |---|---|
 * | `mae` | mean of abs(e), in the unit of the target |
 * | `mse`, `rmse` | mean of e², and its root |
 * | `bias` | mean of e: above 0 the forecasts are too high |
 * | `mape` | mean of 100 · abs(e) / abs(actual), percent; rows whose actual value is 0 are left out |
 * | `smape` | mean of 200 · abs(e) / (abs(actual) + abs(forecast)), 0 … 200; 0 where both are 0 |
 * | `wape` | 100 · Σ w abs(e) / Σ w abs(actual), percent |
 * | `mase` | mean of abs(e) / scale, scale = mean of abs(y[t] - y[t-season]) over the history before the forecast (Hyndman and Koehler 2006) |
 * | `rmsse` | per forecast √(mean of e² / mean of (y[t] - y[t-season])² over the history before it); mean over forecasts (M5 competition) |
 * | `relmse` | mse / mse of the benchmark: below 1 is better |
 * | `owa` | half of smape / smape of the benchmark + half of mase / mase of the benchmark (M4 competition): below 1 is better |
 * | `accuracy` | percent of forecasts that are exactly what happened, for classes and counts |
 * | `pinball` | per quantile q the mean of max(q (y - f), (q - 1)(y - f)): 'pinball-0.1' …; 'pinball' is their mean |
 * | `wql` | 2 · Σ w (mean of the pinball losses over quantiles) / Σ w abs(actual) |
 * | `crps` | continuous ranked probability score from the quantiles: 2 ∫ pinball dq, each quantile standing for its neighbourhood; of one median it is the mae |
 * | `coverage` | percent of actual values inside the interval, borders included: 'coverage-80' should be 80 |
 * | `intervalScore` | mean of width + 2/α · distance to the interval, α = 1 - level/100 (Winkler; Gneiting and Raftery 2007): 'intervalScore-80' |
 * | `msis` | intervalScore / scale of mase (M4 competition): 'msis-95' |
 */
export type MetricName =
  | 'mae'
  | 'mse'
  | 'rmse'
  | 'bias'
  | 'mape'
  | 'smape'
  | 'wape'
  | 'mase'
  | 'rmsse'
  | 'relmse'
  | 'owa'
  | 'accuracy'
  | 'pinball'
  | 'wql'
  | 'crps'
  | 'coverage'
  | 'intervalScore'
  | 'msis';

/** What a row of an {@link EvaluationTable} is about: always a model, and a series, a cutoff or a step of the horizon. */
export type EvaluationKey = 'model' | 'series' | 'window' | 'step';

/**
 * Forecasts that need no model, from the history before each forecast: its last value, its last season, or that of the
 * M4 competition (last value, seasonally adjusted where a test finds a season).
 */
export type Baseline = 'Naive' | 'SeasonalNaive' | 'Naive2';

/** What forecasts are compared with. */
export interface ComparedOptions extends ColumnNames {
  /** Models to look at: 'NHITS' means all its columns. @default all columns of numbers */
  readonly models?: readonly string[];
  /** What happened, where the table does not say: series and stamps are looked up in it. */
  readonly actual?: TableInput;
  /**
   * The panel that the models learned from, for `mase`, `rmsse`, `msis`, `owa` and baselines. It may go on after the
   * forecasts: only what is before the cutoff of a forecast is read for it.
   */
  readonly train?: TableInput;
  /** Steps in a season. @default by the frequency of a {@link BacktestTable}; required for other tables with `train` */
  readonly seasonality?: number;
  /** Further models, computed from `train`. @default none */
  readonly baselines?: Baseline | readonly Baseline[];
  /**
   * Weight of each row, at least 0: the name of a column, one number per row, or one per series by its name. A row of
   * weight 0 counts nowhere. @default 1
   */
  readonly weights?: string | NumberArray | Readonly<Record<string, number>>;
}

/** Options of {@link evaluate}. */
export interface EvaluateOptions extends ComparedOptions {
  /** Which metrics. @default all but `mse`, `mape` and `accuracy` that the table and `train` allow; with `benchmark` also those that divide by it */
  readonly metrics?: MetricName | readonly MetricName[];
  /** One row per model and … @default 'model' */
  readonly by?: EvaluationKey | readonly EvaluationKey[];
  /** Model or baseline that `owa` and `relmse` divide by; a baseline needs `train`. @default 'Naive2' */
  readonly benchmark?: string;
}

/** A row of an evaluation: what it is about, and one number per metric. */
export type EvaluationRecord = Record<string, string | number | bigint | Date>;

/** Metrics: one row per group, columns `model`, id, `cutoff` or `step` as asked for, then one per metric. */
export declare class EvaluationTable implements Iterable<EvaluationRecord> {
  private constructor();
  /** Number of rows. */
  readonly length: number;
  /** All column names. */
  readonly columns: readonly string[];
  /** Names of the columns with metrics. */
  readonly metrics: readonly string[];
  /** Values of one metric, NaN where it does not exist. Throws a RangeError for an unknown name. */
  column(name: string): Float64Array;
  /** The rows as plain records. */
  toRecords(): EvaluationRecord[];
  /** The columns by name, without copying. */
  toColumns(): Record<string, readonly string[] | TimeColumn | Float64Array>;
  /** The table as CSV text with a header line. */
  toCsv(): string;
  /** The table for people, five significant digits. */
  toMarkdown(): string;
  /** The same as `toMarkdown`. */
  toString(): string;
  /** The rows as plain records, one at a time. */
  [Symbol.iterator](): IterableIterator<EvaluationRecord>;
}

/**
 * How good forecasts were. `table`: what `crossValidation` gave, or any table with ids, stamps, forecast columns named as
 * `predict` names them ('NHITS', 'NHITS-median', 'NHITS-lo-80' …) and what happened; with several cutoffs a column
 * `cutoff`.
 *
 * A row without an actual value (NaN, missing) counts nowhere. A missing forecast makes its metrics NaN: no model gains by
 * silence. A series whose history never changes has no scale and is left out of scaled metrics. A metric that no row has is
 * NaN. The point of a model is its column without suffix, else its median.
 *
 * Computes on the calling thread: about a second for a million rows of `train`.
 *
 * Throws E0003 (no rows), E0010 (options, metrics that the table does not allow) or E0011 (cells, missing history).
 */
export declare function evaluate(table: TableInput, options?: EvaluateOptions): EvaluationTable;

/** Loss of one forecast error. */
export type ErrorLoss = 'squared' | 'absolute' | ((error: number) => number);

/** Options of {@link dieboldMariano}. */
export interface DieboldMarianoOptions {
  /** Steps ahead of the forecasts: errors fewer than that apart are taken to be correlated. @default 1 */
  readonly horizon?: number;
  /** How much an error costs. @default 'squared' */
  readonly loss?: ErrorLoss;
  /** What is tested against equal accuracy: 'less' that the losses of A are lower, 'greater' that they are higher. @default 'two-sided' */
  readonly alternative?: 'two-sided' | 'less' | 'greater';
}

/** What {@link dieboldMariano} found. */
export interface DieboldMarianoResult {
  /** Below 0: A is better. ±Infinity where every difference is the same. */
  readonly statistic: number;
  /** How probable a statistic at least as far out is if both are equally accurate, 0 … 1. */
  readonly pValue: number;
  /** Mean loss of A - mean loss of B. */
  readonly meanDifference: number;
  /** Number of pairs. */
  readonly observations: number;
  /** As given. */
  readonly horizon: number;
  /** Weights of the autocovariances: all 1, or those of Bartlett where the sum would not be above 0. */
  readonly variance: 'rectangular' | 'bartlett';
}

/**
 * Test of equal accuracy of two forecasts (Diebold and Mariano 1995) with the correction for few observations and
 * Student's t distribution of Harvey, Leybourne and Newbold (1997). `errorsA`, `errorsB`: errors of both forecasts of the
 * same moments, in order of time.
 *
 * Throws E0002 (lengths differ), E0003 (no more pairs than `horizon`), E0010 or E0011 (a loss that is not finite).
 */
export declare function dieboldMariano(
  errorsA: NumberArray,
  errorsB: NumberArray,
  options?: DieboldMarianoOptions,
): DieboldMarianoResult;

/** Metrics that {@link compareModels} can test: means over rows. */
export type ComparisonMetric = 'mae' | 'mse' | 'mape' | 'smape' | 'mase' | 'pinball' | 'crps';

/** Options of {@link compareModels}. */
export interface CompareOptions extends ComparedOptions {
  /** What is compared. Of series of different sizes take a relative one, such as 'mase'. @default 'mae' */
  readonly metric?: ComparisonMetric;
  /** A difference is significant when its adjusted p-value is below it, 0 … 1. @default 0.05 */
  readonly alpha?: number;
  /**
   * What counts as one observation: the mean over all series of one window, or over all windows of one series (which are
   * then taken to be independent). @default whichever gives more of them that do not overlap
   */
  readonly across?: 'windows' | 'series';
}

/** A model in a {@link ModelComparison}. */
export interface ModelRank {
  /** Its name. */
  readonly model: string;
  /** Mean of the metric over the observations. */
  readonly mean: number;
  /** From 1, the best. */
  readonly rank: number;
}

/** Two models in a {@link ModelComparison}. */
export interface ModelPair {
  /** Name of the one. */
  readonly a: string;
  /** Name of the other. */
  readonly b: string;
  /** Mean of a - mean of b: below 0, a is better. */
  readonly difference: number;
  /** Of Diebold and Mariano, corrected. */
  readonly statistic: number;
  /** Of this pair alone, two-sided. */
  readonly pValue: number;
  /** Among all pairs (Holm 1979). */
  readonly adjustedPValue: number;
  /** Whether `adjustedPValue` is below `alpha`. */
  readonly significant: boolean;
}

/** Models in order of their mean, and which differences are more than chance. */
export declare class ModelComparison {
  private constructor();
  /** What was compared. */
  readonly metric: ComparisonMetric;
  /** As given. */
  readonly alpha: number;
  /** What one observation is. */
  readonly across: 'windows' | 'series';
  /** Number of observations. */
  readonly observations: number;
  /** How many neighbouring windows forecast the same moments; 1: none does. */
  readonly overlap: number;
  /** The best first. */
  readonly models: readonly ModelRank[];
  /** All pairs, the better model as `a`. */
  readonly pairs: readonly ModelPair[];
  /** One pair, seen from `a`; undefined where there is none. */
  pair(a: string, b: string): ModelPair | undefined;
  /** A row per model: rank, mean, and the adjusted p-value against every other one. */
  toMarkdown(): string;
  /** `toMarkdown` and a line that says how it was tested. */
  toString(): string;
}

/**
 * Which models are better than which: the mean of a metric and, for every pair, a Diebold-Mariano test with Holm's
 * correction. All models are judged on the same rows. `table` as in {@link evaluate}; a missing forecast is E0011.
 */
export declare function compareModels(table: TableInput, options?: CompareOptions): ModelComparison;
