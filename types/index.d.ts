/**
 * Train and serve neural time-series forecasters inside Node.js.
 * This file is the reviewed public contract; `lib/` implements it, and a test compares the two.
 *
 * @module neuro-divergent
 */

import type { LossDescription, ModelDescription } from './models';

export * from './metrics';
export * from './models';

// ── Tables ──────────────────────────────────────────────────────────────────────────────────────

/** One time stamp: a Date, an ISO 8601 string (without a zone: UTC), or an integer. */
export type TimeValue = Date | string | number | bigint;

/** Time stamps of a table, all of one kind. */
export type TimeColumn = readonly Date[] | readonly string[] | Float64Array | BigInt64Array;

/** A row of a table; columns that are not asked for are ignored. */
export type TableRecord = Readonly<Record<string, unknown>>;

/** Columns of equal length by name: arrays or typed arrays. */
export type TableColumns = Readonly<Record<string, unknown>>;

/**
 * What `fit` and `predict` accept: an array of records, an object of columns, the result of `readCsv`, or anything
 * with `toColumns()`. Without the id column it is one series, named `'1'`.
 *
 * Time stamps are all of one kind. Numbers and bigints are integer time (1, 2, 3 …), unless `frequency` is that of a
 * calendar ('15min'): then they are milliseconds since 1970-01-01 UTC. Rows may come in any order.
 */
export type TableInput =
  | readonly TableRecord[]
  | TableColumns
  | {
      /** The columns, as a data frame of another library gives them. */
      toColumns(): TableColumns;
    };

/** How the columns of the caller's tables are called. */
export interface ColumnNames {
  /** Column with the name of the series. @default 'unique_id', and a table without it is one series */
  readonly idColumn?: string;
  /** Column with the time stamp. @default 'ds' */
  readonly timeColumn?: string;
  /** Column with the value to forecast. @default 'y' */
  readonly targetColumn?: string;
}

/** A row of a forecast: id, time stamp and one number per model output. */
export type ForecastRecord = Record<string, string | number | bigint | Date>;

/** A forecast: `horizon` rows per series, one column per model output ('NHITS', 'NHITS-lo-80' …). */
export declare class ForecastTable implements Iterable<ForecastRecord> {
  protected constructor();
  /** Steps per forecast: rows [b·horizon, (b+1)·horizon) are one forecast of one series. */
  readonly horizon: number;
  /** Number of rows. */
  readonly length: number;
  /** All column names: id, time, then `modelColumns`. */
  readonly columns: readonly string[];
  /** Names of the forecast columns. */
  readonly modelColumns: readonly string[];
  /** Names of the series, in order. */
  readonly series: readonly string[];
  /** Name of the series, per row. */
  get unique_id(): readonly string[];
  /** Time stamp per row, in the kind in which the panel's stamps came. */
  get ds(): TimeColumn;
  /** Values of one forecast column, in the unit of the target. Throws a RangeError for an unknown name. */
  column(name: string): Float64Array;
  /** The rows as plain records. */
  toRecords(): ForecastRecord[];
  /** The columns by name, without copying. */
  toColumns(): Record<string, readonly string[] | TimeColumn | Float64Array>;
  /** The table as CSV text with a header line. */
  toCsv(): string;
  /** The rows as plain records, one at a time. */
  [Symbol.iterator](): IterableIterator<ForecastRecord>;
}

/**
 * Forecasts of rows that are known, beside what happened. Rows are in order of series, cutoff and time; columns are id,
 * time, `cutoff`, the models' and the target.
 */
export declare class BacktestTable extends ForecastTable {
  private constructor();
  /** Given or inferred step of time. */
  readonly frequency: string;
  /** Per row: time stamp of the last row that its forecast could read. */
  get cutoff(): TimeColumn;
  /** Per row: what happened. */
  get y(): Float64Array;
}

/** Sample paths of the steps to come: one row per series, path and step, in this order. */
export declare class PathsTable extends ForecastTable {
  private constructor();
  /** Paths per series. */
  readonly paths: number;
  /** Per row: which path, from 0. The steps of one path belong together. */
  get path(): Float64Array;
}

/** Where CSV text comes from: a path, a `file:` URL, the text itself, its bytes, or a stream of either; gzip is recognised. */
export type CsvSource =
  | string
  | URL
  | Uint8Array
  | {
      /** CSV text itself, header included. */
      readonly text: string;
    }
  | AsyncIterable<string | Uint8Array>;

/** How the columns of the file are called, and how to read it. */
export interface CsvOptions extends ColumnNames {
  /**
   * What a row is: a moment of a series; one still to come, without a target, for `predict({ future })`; or a series as a
   * whole, without times, for the option `statics`. @default 'panel'
   */
  readonly rows?: 'panel' | 'future' | 'statics';
  /** What happens where the cell of a target is empty: an error, or NaN for a forecaster with `missing: 'mask'`. @default 'error' */
  readonly missing?: 'error' | 'mask';
  /** Between two cells. @default ',' */
  readonly separator?: string;
  /** Stops reading. */
  readonly signal?: AbortSignal;
}

/**
 * The columns of a CSV file, under the standard names whatever they are called in the file. `fit` and `predict` take it
 * as it is, also where other names are configured.
 */
export interface CsvPanel {
  /** Absent when the file has no such column: it is one series. */
  readonly unique_id?: string[];
  /** Text as written; numbers where every stamp is an integer (bigint above 2^53). */
  readonly ds: string[] | number[] | bigint[];
  /** Values to forecast. */
  readonly y: Float64Array;
  /** Any other column: numbers (empty cells are NaN) or text. */
  readonly [column: string]: string[] | number[] | bigint[] | Float64Array | undefined;
}

/** Reads a CSV file with a header line, piece by piece. Rejects with E0006 (file), E0010 (options, columns) or E0011 (cells). */
export declare function readCsv(
  source: CsvSource,
  options?: CsvOptions & { readonly rows?: 'panel' },
): Promise<CsvPanel>;
export declare function readCsv(source: CsvSource, options: CsvOptions): Promise<Partial<CsvPanel>>;

// ── Forecasting ─────────────────────────────────────────────────────────────────────────────────

export interface NeuralForecastOptions extends ColumnNames {
  /** One or more models, made by factories such as `nhits()`. */
  readonly models: readonly ModelDescription[];
  /** Steps to forecast, at least 1; the same for all models. Required here or in every model. */
  readonly horizon?: number;
  /** Steps of history that a network reads, for models that do not say. @default 3 · horizon */
  readonly inputSize?: number;
  /**
   * Step of time: 'MS', 'M', 'QS', 'Q', 'YS', 'Y', 'W', 'D', 'B', 'h', 'min', 's', multiples such as '15min', or an
   * integer. @default inferred from the panel
   */
  readonly frequency?: string | number;
  /**
   * IANA time zone such as 'Europe/Berlin'. Days and longer steps are then counted by its clocks, midnight to midnight
   * (23 to 25 hours); shorter ones by elapsed time. Stamps without an offset are what its clocks show; forecasts are
   * written as the panel's stamps were. @default UTC
   */
  readonly timeZone?: string;
  /** Scaling of each whole series before training; 'boxcox' needs positive values. @default 'none' */
  readonly localScaler?: 'none' | 'standard' | 'minmax' | 'robust' | 'robust-iqr' | 'boxcox';
  /**
   * Scaling of each numeric static column (`statExog`) over the series of the fit; 'boxcox' needs positive values. Other series
   * are scaled as those of the fit; with `compat` anew, by themselves, unless `refitSeriesScaler` is false. @default 'none'
   */
  readonly localStaticScaler?: 'none' | 'standard' | 'minmax' | 'robust' | 'robust-iqr' | 'boxcox';
  /**
   * Column of the panel with the weight of each row's error in the losses of training and validation, a finite number of at
   * least 0. Read by `fit` and by a `crossValidation` that trains. @default none: all rows weigh 1
   */
  readonly sampleWeight?: string;
  /**
   * What happens where a target is NaN, null or undefined: 'error' refuses the panel (E0011); 'mask' takes it for a step
   * that was not observed, which no scaler, loss or score counts and for which a network reads the last observed value of its
   * window, at its start the first. Every stamp still has its row, and columns beside the target their values. @default 'error'
   */
  readonly missing?: 'error' | 'mask';
  /**
   * What happens where a column of `catExog` has a value that the fit did not see: a forecast by the mean of all categories, or
   * E0011. @default 'mean'
   */
  readonly unseenCategory?: 'mean' | 'error';
  /** Restores the behaviour of the Python reference where it differs from ours (docs/compatibility.md). */
  readonly compat?: 'neuralforecast';
}

/**
 * Training progress of one model. Events are coalesced: only the latest is delivered. Models that train at the same time
 * take turns.
 */
export interface FitProgress {
  /** Alias of the model that trains. */
  readonly model: string;
  /** Steps done. */
  readonly step: number;
  /** Steps that the training will take at most. */
  readonly maxSteps: number;
  /** Loss of the latest step. */
  readonly trainLoss: number;
  /** Loss of the latest validation; absent before the first. */
  readonly validLoss?: number;
  /** Milliseconds since `fit` was called. */
  readonly elapsedMs: number;
  /** With {@link FitOptions.monitorGradients}: the norm of each weight's gradient at the latest step; null: not finite. */
  readonly gradientNorms?: Readonly<Record<string, number | null>>;
  /** With {@link FitOptions.monitorGradients}: the warnings of all steps so far. */
  readonly gradientWarnings?: readonly GradientWarning[];
}

/**
 * Conformal intervals: bounds from the errors of forecasts of rows that were not learned from. They contain the truth as
 * often as they say, whatever the model, as long as errors to come are like those of the calibration (docs/intervals.md).
 */
export interface IntervalOptions {
  /**
   * How bounds are made. 'error': forecast ± a quantile of |y - forecast|; of a quantile or distribution model both bounds
   * move by a quantile of how far y left them (conformalised quantile regression, Romano, Patterson and Candès 2019).
   * 'distribution': each bound by the signed errors on its side, so that intervals need not be symmetric; needs twice the
   * windows. 'adaptive': as 'distribution', and the radius follows what happens (quantile tracking; Angelopoulos, Candès
   * and Tibshirani 2023): coverage holds under drift in {@link NeuralForecast.crossValidation}.
   * @default 'error'; 'distribution' with `compat`
   */
  readonly method?: 'error' | 'distribution' | 'adaptive';
  /**
   * Forecasts per series whose errors are kept. A level of 80 % needs 4 of them, 90 % 9, 95 % 19, 99 % 99; 'distribution'
   * twice as many + 1. @default 20; 2 with `compat`
   */
  readonly windows?: number;
  /** Rows between two of them. @default 1 */
  readonly stepSize?: number;
  /**
   * Intervals of quantile and distribution models that are calibrated, in percent. Around the forecast of any other model
   * every level can be asked for later. @default those of their losses
   */
  readonly levels?: number | readonly number[];
  /**
   * True takes the errors of all series together, in units of each series' mean absolute step: for many or short series,
   * and series that the fit did not see. Not with 'adaptive'. @default false
   */
  readonly pooled?: boolean;
}

/** Where a fit keeps what it needs to go on after an interruption. */
export interface CheckpointOptions {
  /**
   * A file, replaced as a whole each time: a kill at any moment leaves the one before or the new one. `load` reads it as
   * any other, without the rows of the fit.
   */
  readonly path: string;
  /** Steps of each model between two checkpoints. There is one when the fit begins and when a model is finished. @default 100 */
  readonly everySteps?: number;
}

/** Options of {@link NeuralForecast.fit}. */
export interface FitOptions {
  /** Steps at the end of every series that are held out for validation. @default 0 */
  readonly valSize?: number;
  /** True begins from initial weights; false goes on from those of an earlier fit, if any. @default false */
  readonly fromScratch?: boolean;
  /**
   * Weights to begin from, instead of initial ones or those of an earlier fit: those of a saved file, of another object, or
   * of a part of it. Each model takes those of the model with its alias, or of the only one where both sides have one.
   * What a fit learns besides (scaling, categories) is learned anew. Rejects with E0010, which lists all of them, where
   * names or shapes do not fit, or a category has another place. A resumed fit needs none; if it has some, they must be the
   * same. @default none
   */
  readonly initialWeights?: string | NeuralForecast | InitialWeights;
  /**
   * Weights that stay as they are, to the last bit: patterns over their names (`info().models[0].weights`), in which * stands
   * for any characters and ? for one: `'blocks.0.*'`, or of one of several models `'NHITS/blocks.0.*'`. No gradient is
   * computed for them and no optimiser touches them; running statistics have names, too. Rejects with E0010 for a pattern
   * that matches nothing. @default none
   */
  readonly freeze?: string | readonly string[];
  /**
   * Measures the gradient of every weight at every step: norms in progress, result and {@link NeuralForecast.history}, and
   * warnings, as data, below 1e-7 and above 100. It is the same fit to the last bit, and takes little longer. When it diverges
   * (E0009), the error's `details.gradientWarnings` has the warnings. @default false
   */
  readonly monitorGradients?: boolean;
  /**
   * A fitted forecaster whose forecasts every model learns beside the targets: a small student of a large teacher.
   * Validation judges by the targets alone. @default none
   */
  readonly distill?: Distillation;
  /**
   * Calibrates intervals for `levels` and `quantiles` of later forecasts: one more fit, before the last
   * `horizon + stepSize · (windows - 1)` rows, whose forecasts are compared with them; the fit of all rows follows
   * (`onProgress` reports that one). @default none
   */
  readonly intervals?: IntervalOptions;
  /**
   * Whether optimisers go on from what they remember of an earlier fit (moments, number of steps). Files have it where
   * they were saved with `includeOptimizer`. @default true, and false with `compat`
   */
  readonly keepOptimizer?: boolean;
  /** Writes where the fit is to a file while it goes on; see `resume`. @default none */
  readonly checkpoint?: CheckpointOptions;
  /**
   * Goes on where an interrupted fit was when it wrote its checkpoint: the path of that file, or true for
   * `checkpoint.path`, if there is such a file (else the fit begins). The result has the bits of a fit that was never
   * interrupted, for any `threads`; what was finished is not trained again. Rejects with E0006 for a file that is
   * missing, damaged or no checkpoint, with E0010 for one of other options, another `valSize`, teacher or other data.
   * @default false
   */
  readonly resume?: boolean | string;
  /**
   * Milliseconds after which no further step begins; the models that are left then are validated and kept as they are
   * (`outOfTime`). Models that wait for each other get equal shares. A fit whose time was up can be resumed from its
   * checkpoint. @default none
   */
  readonly timeBudgetMs?: number;
  /** One row per series with the columns of `statExog`; rows of other series are not read. */
  readonly statics?: TableInput;
  /** Aborts the fit: it rejects with the signal's reason, and the earlier state stays. */
  readonly signal?: AbortSignal;
  /** Called on the event loop; when it throws, the fit stops and rejects with that error. */
  readonly onProgress?: (progress: FitProgress) => void;
  /**
   * Threads to compute with; the result does not depend on it. Several models train at the same time, as many as there are
   * threads, and each then holds its own memory of a step: 1 trains them one after the other.
   * @default what the cgroup allows, or ND_NUM_THREADS
   */
  readonly threads?: number;
}

/** A step of a training. */
export type HistoryRecord = Record<string, string | number | bigint | Date>;

/**
 * How trainings went: columns `model`, `step`, `trainLoss` (in the scale in which the network learns), `validLoss` (in that
 * of the panel) and `learningRate`; of fits with `monitorGradients` also `gradientNorm` (of all weights together) and one per
 * weight, `gradientNorm:` and its name. NaN where a value is not known. For a plot see `plotHistory` of
 * `neuro-divergent/plot`.
 */
export declare class HistoryTable implements Iterable<HistoryRecord> {
  private constructor();
  /** Number of rows. */
  readonly length: number;
  /** All column names. */
  readonly columns: readonly string[];
  /** The rows as plain records. */
  toRecords(): HistoryRecord[];
  /** The columns by name, without copying. */
  toColumns(): Record<string, readonly string[] | TimeColumn | Float64Array>;
  /** The table as CSV text with a header line. */
  toCsv(): string;
  /** The rows as plain records, one at a time. */
  [Symbol.iterator](): IterableIterator<HistoryRecord>;
}

/** That the gradient of a weight vanished or exploded: all steps at which it did, together. */
export interface GradientWarning {
  /** Name of the weight. */
  readonly weight: string;
  /** 'vanishing': a Euclidean norm below 1e-7; 'exploding': above 100, or not finite. */
  readonly kind: 'vanishing' | 'exploding';
  /** First step at which it did, from 1. */
  readonly firstStep: number;
  /** Last step at which it did. */
  readonly lastStep: number;
  /** Number of steps at which it did. */
  readonly steps: number;
  /** The smallest norm, or the largest; null when it was not finite. */
  readonly norm: number | null;
}

/** Gradients of a fit with {@link FitOptions.monitorGradients}. */
export interface GradientHistory {
  /** Steps of `trainHistory` that were monitored. */
  readonly steps: readonly number[];
  /** Per weight that learns: the Euclidean norm of its gradient at each of `steps`, before clipping; null: not finite. */
  readonly norms: Readonly<Record<string, readonly (number | null)[]>>;
  /** Weights that have no gradient: those of {@link FitOptions.freeze}. */
  readonly frozen: readonly string[];
  /** What was too small or too large at any step, recorded or not, in the order of first steps. */
  readonly warnings: readonly GradientWarning[];
}

/**
 * Distillation (Hinton, Vinyals and Dean 2015) for {@link FitOptions.distill}: the loss of a student is
 * (1 − weight) · its own + weight · its distance from the teacher's forecasts of the same steps, counted where a target is.
 * Points and quantiles: the squared distance of each output from the teacher's at the same probability (a point: from its
 * mean or median), in the scale in which the student learns. Distributions: the mean of the student's own loss over the
 * teacher's distribution, the cross-entropy of the two.
 *
 * Rejects with E0001 for a teacher that is not fitted, E0005 and E0011 for one of another horizon or frequency, E0004 for
 * columns that it reads and the table lacks, E0010 for one whose loss says less than the student learns (quantiles need
 * quantiles or a distribution), and for students of iqLoss() or with `recurrent` that train on several steps at a time.
 */
export interface Distillation {
  /**
   * What it has learned as of the call; it can be used, fitted and disposed meanwhile. Its panel may be another one: it
   * forecasts the table of this fit as `predict(table)` would. Its forecasts are computed for each batch.
   */
  readonly teacher: NeuralForecast;
  /** Alias of the model that teaches. @default the only one */
  readonly model?: string;
  /** Share of the teacher in the loss, above 0; 1 learns nothing else. @default 0.5 */
  readonly weight?: number;
}

/** Part of the weights of a file or an object, for {@link FitOptions.initialWeights}. */
export interface InitialWeights {
  /** The path of a saved file, or an object. */
  readonly from: string | NeuralForecast;
  /**
   * Patterns of the names of those to take, as in {@link FitOptions.freeze}; the others begin as they do without. Such as all
   * but the last layer, for another horizon. @default all, and none may be missing or left over
   */
  readonly weights?: string | readonly string[];
}

/** How the training of one model went. */
export interface ModelFit {
  /** Name of the model in the columns of a forecast. */
  readonly alias: string;
  /** Which network it is: 'NHITS'. */
  readonly type: string;
  /** Optimiser steps taken. */
  readonly steps: number;
  /** Step whose weights were kept. */
  readonly bestStep: number;
  /** Whether validation stopped the training before `maxSteps`. */
  readonly stoppedEarly: boolean;
  /** Whether `timeBudgetMs` ended the training before `maxSteps`. */
  readonly outOfTime: boolean;
  /** Loss of the last step; null when there was none. */
  readonly trainLoss: number | null;
  /** Loss of the kept weights on the validation rows; null without validation. */
  readonly validLoss: number | null;
  /** [step, loss] pairs. */
  readonly trainHistory: readonly (readonly [step: number, loss: number | null])[];
  /** [step, loss] pairs of every validation. */
  readonly validHistory: readonly (readonly [step: number, loss: number | null])[];
  /** Learning rates at the steps of `trainHistory`; null where it went on from a checkpoint of before they were kept. */
  readonly learningRates: readonly (number | null)[];
  /** With {@link FitOptions.monitorGradients}. */
  readonly gradients?: GradientHistory;
}

/** What {@link NeuralForecast.fit} did. */
export interface FitResult {
  /** Number of series. */
  readonly series: number;
  /** Number of rows of all series. */
  readonly rows: number;
  /** Given or inferred step of time. */
  readonly frequency: string;
  /** False when rows were out of order and have been sorted. */
  readonly sorted: boolean;
  /** One entry per model, in their order. */
  readonly models: readonly ModelFit[];
}

/** What the trials of a training have in common: {@link NeuralForecast.findLearningRate} and its neighbours. */
export interface TrialOptions {
  /** Alias of the model to try; may be left out when there is only one. */
  readonly model?: string;
  /** One row per series with the columns of `statExog`; rows of other series are not read. */
  readonly statics?: TableInput;
  /** Aborts the trial: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called on the event loop; when it throws, the trial stops and rejects with that error. */
  readonly onProgress?: (progress: FitProgress) => void;
  /** Threads to compute with. @default what the cgroup allows, or ND_NUM_THREADS */
  readonly threads?: number;
}

/** Options of {@link NeuralForecast.findLearningRate}. */
export interface LearningRateOptions extends TrialOptions {
  /** Rate of the first step, above 0 and at most 1000. @default 1e-7 */
  readonly from?: number;
  /** Rate of the last step, above `from` and at most 1000. @default 1 */
  readonly to?: number;
  /** Steps, whose rates grow by a constant factor: from 10 to 1 000 000. @default 100 */
  readonly steps?: number;
}

/** What a range test of learning rates found. */
export interface LearningRateCurve {
  /** Alias of the model that was tried. */
  readonly model: string;
  /** The rate at which `smoothed` falls most per factor of the rate, to new lows; null where it never does. */
  readonly suggestion: number | null;
  /** Rates of the steps that were taken, ascending. */
  readonly rates: readonly number[];
  /** Training loss before each of these steps. */
  readonly losses: readonly number[];
  /**
   * `losses` without the noise of batches: a Gaussian mean over neighbours on both sides, whose deviation is a twentieth
   * of the steps.
   */
  readonly smoothed: readonly number[];
  /**
   * Whether the test ended before `to`: the loss was not finite, or a running mean of it had lost all that was gained (where
   * nothing was gained, doubled).
   */
  readonly diverged: boolean;
}

/** Options of {@link NeuralForecast.checkOneBatch}. */
export interface OneBatchOptions extends TrialOptions {
  /** Most updates: from 1 to 1 000 000. @default 2000 */
  readonly steps?: number;
  /** The normalised loss below which the check is passed: above 0, at most 1. @default 0.01 */
  readonly tolerance?: number;
  /** Windows of the batch. @default 8 */
  readonly windows?: number;
}

/**
 * Whether a network can learn one batch by heart. Losses are normalised: a network that forecasts the mean of the batch's
 * targets has 1, a perfect one 0. Of a distribution, the loss is the squared error of its mean.
 */
export interface OneBatchResult {
  /** Alias of the model that was tried. */
  readonly model: string;
  /** Whether `finalLoss` is below the tolerance. */
  readonly passed: boolean;
  /** Before the first update; null where it is not finite. */
  readonly initialLoss: number | null;
  /** After the last update; null where it is not finite. */
  readonly finalLoss: number | null;
  /** Updates that were made: the check ends as soon as it is passed. */
  readonly steps: number;
  /** Before the first update and after each of them; null where a loss is not finite, which ends the check. */
  readonly losses: readonly (number | null)[];
}

/** Options of {@link NeuralForecast.findBatchSize}. */
export interface BatchSizeOptions extends TrialOptions {
  /** Windows of the smallest batch. @default 16 */
  readonly from?: number;
  /** Windows of the largest batch; sizes between are `from` doubled. @default 256, or `from` where that is more */
  readonly to?: number;
  /** Steps that are measured per size, after two that are not. @default 10 */
  readonly steps?: number;
}

/** How fast steps of one size of batch are. */
export interface BatchSizeMeasurement {
  /** `windowsBatchSize`. */
  readonly size: number;
  /** `size` over the median time of a step. */
  readonly windowsPerSecond: number;
  /** Median, in milliseconds. */
  readonly msPerStep: number;
  /** Memory of a step, without weights and optimiser. */
  readonly memoryBytes: number;
}

/** What a search for the batch size found. */
export interface BatchSizeResult {
  /** Alias of the model that was tried. */
  readonly model: string;
  /** The smallest size that reaches nine tenths of the most windows per second. */
  readonly suggestion: number;
  /** In order of size. */
  readonly measurements: readonly BatchSizeMeasurement[];
  /** The smallest size for which the system refused memory; null where it never did. */
  readonly outOfMemory: number | null;
}

/** Quantiles to forecast instead of those of the losses: at most one of the two. */
export interface QuantileOptions {
  /**
   * Prediction intervals by their coverage in percent, each in (0, 100); the median comes with them
   * (columns `-median`, `-lo-80`, `-hi-80`). A model with a distribution loss gives any; one with a quantile loss those
   * between its trained quantiles, interpolated linearly in the quantiles of the normal distribution; any other model
   * needs a fit with `intervals` (else E0010) and gives bounds around its forecast. After such a fit those of a quantile or
   * distribution model are calibrated too.
   */
  readonly levels?: number | readonly number[];
  /** Quantiles, each in (0, 1), as columns `_ql0.1`; otherwise as `levels`. */
  readonly quantiles?: number | readonly number[];
}

/** Options of {@link NeuralForecast.predict}. */
export interface PredictOptions extends QuantileOptions {
  /**
   * Steps to forecast. Beyond the trained horizon, a recurrent network goes on and any other one reads its own point
   * forecasts (the mean of a distribution, the median of a quantile loss) as history, again and again: errors add up.
   * @default the trained horizon
   */
  readonly horizon?: number;
  /**
   * The columns of `futrExog` at each step to come of each series, as {@link NeuralForecast.makeFutureFrame} lists them;
   * other rows and columns are not read. Needed where a model has such columns: E0004 names what is missing.
   */
  readonly future?: TableInput;
  /** One row per series with the columns of `statExog`; with another panel than the fitted one. */
  readonly statics?: TableInput;
  /** Aborts the call: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
  /** Threads to compute with. @default what the cgroup allows, or ND_NUM_THREADS */
  readonly threads?: number;
  /**
   * With `localScaler` and another panel: true computes the scaling anew, false uses that of the fit (the series must
   * have the same names). @default true
   */
  readonly refitSeriesScaler?: boolean;
}

/** Options of {@link NeuralForecast.simulate}. */
export interface SimulateOptions extends Omit<PredictOptions, 'levels' | 'quantiles'> {
  /** Paths per series. @default 100 */
  readonly paths?: number;
  /** The same seed gives the same paths, whatever the number of threads. @default 1 */
  readonly seed?: number;
  /**
   * How the steps of a path hang together. 'gaussianCopula': as those of an autoregression whose correlation is that of
   * successive changes of the series. 'schaakeShuffle': as in pieces of the series' history, of which it needs at least as
   * many rows as steps (Clark et al. 2004). 'ancestral': as a recurrent model with a distribution loss has learned them, which
   * reads every draw back before it gives the next step (Salinas et al. 2020); E0010 where a model is none.
   * @default 'gaussianCopula'
   */
  readonly method?: 'gaussianCopula' | 'schaakeShuffle' | 'ancestral';
}

/** Options of {@link NeuralForecast.makeFutureFrame} and {@link NeuralForecast.missingFuture}. */
export interface FutureFrameOptions {
  /** Steps after each series, at least the trained horizon. @default the trained horizon */
  readonly horizon?: number;
  /** Aborts the call: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/** Rows that a table of steps to come lacks. */
export interface MissingFuture {
  /** Series of each row. */
  readonly unique_id: readonly string[];
  /** Time stamp of each row. */
  readonly ds: readonly (number | bigint | string | Date)[];
}

/** Options of {@link NeuralForecast.predictInsample}. */
export interface PredictInsampleOptions extends QuantileOptions {
  /** Rows between two forecasts. @default 1 */
  readonly stepSize?: number;
  /** One row per series with the columns of `statExog`; with another panel than the fitted one. */
  readonly statics?: TableInput;
  /** Aborts the call: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
  /** Threads to compute with. @default what the cgroup allows, or ND_NUM_THREADS */
  readonly threads?: number;
}

/** Training progress within a cross-validation. */
export interface CrossValidationProgress extends FitProgress {
  /** Window before which the model trains, from 0. */
  readonly window: number;
  /** Fold that it does not see, from 0; absent without folds. */
  readonly fold?: number;
}

/** Options of {@link NeuralForecast.crossValidation}. */
export interface CrossValidationOptions extends QuantileOptions {
  /** Forecasts per series, each from a cutoff of its own; the last one ends with the series. @default 1 */
  readonly windows?: number;
  /** Rows between two cutoffs. @default 1 */
  readonly stepSize?: number;
  /** Steps of each forecast, as in {@link PredictOptions.horizon}. @default the trained horizon */
  readonly horizon?: number;
  /** False trains once, before the first cutoff; true before each one; k before every k-th. @default false */
  readonly refit?: boolean | number;
  /**
   * True begins every fit from initial weights, so that no window has trained longer than another; false goes on from
   * the fit before, as NeuralForecast does. @default true
   */
  readonly fromScratch?: boolean;
  /** Trains nothing: forecasts with the weights of the fitted object. @default false */
  readonly useFitted?: boolean;
  /** Steps before the cutoff that are held out for validation. @default 0 */
  readonly valSize?: number;
  /**
   * Rows at the end of every series that the windows forecast, instead of `windows`: horizon + a multiple of `stepSize`,
   * and windows = (testSize - horizon) / stepSize + 1. @default horizon + stepSize · (windows - 1)
   */
  readonly testSize?: number;
  /**
   * Rows before a cutoff that its fit does not learn from, for targets that overlap what comes after it (the return of the
   * next 5 days: 5). Forecasts still read them. @default 0
   */
  readonly purge?: number;
  /** Rows after a block that its fit does not learn from (`foldsOver: 'time'`). @default 0 */
  readonly embargo?: number;
  /**
   * Number of folds, at least 2: each is forecast by models that have not seen it. Not for multivariate models.
   * @default no folds
   */
  readonly folds?: number;
  /**
   * 'series': fold i holds series i, i + folds, …, whose windows are forecast by what was learned from the other series
   * before the cutoff. 'time': fold i is the i-th of equal blocks of every series; every `stepSize`-th row of it that has
   * `horizon` rows of the block after it is forecast, by what was learned from the rows before and after the block.
   * @default 'series'
   */
  readonly foldsOver?: 'series' | 'time';
  /**
   * Folder for what is finished: the same call goes on where it was stopped, with the same result. E0010 where it holds
   * the parts of a call with other options, models, initial weights or data. @default none
   */
  readonly checkpoint?: string;
  /**
   * Weights that every fit begins from, as {@link FitOptions.initialWeights}: those of the moment of the call, the same for
   * all windows and folds. With `fromScratch: false` the first fit begins from them. Weights that have seen the rows after a
   * cutoff know more than its forecasts should. @default none
   */
  readonly initialWeights?: string | NeuralForecast | InitialWeights;
  /** Weights that stay as they are in every fit, as {@link FitOptions.freeze}. @default none */
  readonly freeze?: string | readonly string[];
  /** Calibrates intervals in every fit, as {@link FitOptions.intervals}: `levels` then have their coverage. @default none */
  readonly intervals?: IntervalOptions;
  /** One row per series with the columns of `statExog`; with another panel than the fitted one. */
  readonly statics?: TableInput;
  /** Aborts the call: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
  /** Called on the event loop; when it throws, the call stops and rejects with that error. */
  readonly onProgress?: (progress: CrossValidationProgress) => void;
  /**
   * Threads to compute with; the result does not depend on it. As many fits as threads run at the same time, each with its
   * own memory of a step (not with `fromScratch: false`). @default what the cgroup allows, or ND_NUM_THREADS
   */
  readonly threads?: number;
}

/** Options of {@link NeuralForecast.save}. */
export interface SaveOptions {
  /** Keep the last window of every series in the file, so that `predict()` works after `load`. @default true */
  readonly includeData?: boolean;
  /** Keep what the optimisers remember, for a `fit` that goes on: with Adam twice the size of the weights. @default false */
  readonly includeOptimizer?: boolean;
  /** Aborts the call: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/** How the columns of the caller's tables are called, where not as in the saved object; and a signal. */
export interface LoadOptions extends ColumnNames {
  /** Aborts the call: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/** Options of {@link NeuralForecast.importCheckpoint}. */
export interface ImportOptions {
  /** Names of the models to import, as in the columns of forecasts. @default all of them */
  readonly models?: readonly string[];
  /**
   * `'neuralforecast'` computes as the library that trained the weights, also where it is wrong, so that forecasts are the
   * same; false computes as other objects do. See {@link NeuralForecastOptions.compat}. @default 'neuralforecast'
   */
  readonly compat?: 'neuralforecast' | false;
  /** Whether the rows of the fit are read, where they were saved: without them `predict` needs a panel. @default true */
  readonly includeData?: boolean;
  /** Aborts the call: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/** Options of {@link NeuralForecast.exportCheckpoint}. */
export interface ExportOptions {
  /** Whether the last window of every series is written, so that `predict()` works there without data. @default true */
  readonly includeData?: boolean;
  /**
   * Whether the errors of `fit({ intervals })` are written, so that `predict(level=[80])` works there. It has no intervals that
   * are adaptive, pooled or around quantiles, none of less than two windows or of a part of the series or rows: E0010, false leaves
   * them out. Those of an object with `compat` are the same there. @default true
   */
  readonly includeIntervals?: boolean;
  /** Whether a folder that is not empty is replaced. @default false */
  readonly overwrite?: boolean;
  /** Aborts the call: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/** What every call accepts. */
export interface CallOptions {
  /** Aborts the call: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/** One model inside a {@link NeuralForecast}. */
export interface ModelInfo {
  /** Name of the model in the columns of a forecast. */
  readonly alias: string;
  /** Which network it is: 'NHITS'. */
  readonly type: string;
  /** Steps of history that the network reads. */
  readonly inputSize: number;
  /** Number of trainable weights. */
  readonly parameters: number;
  /** Name and shape of each weight, and of running statistics: what `freeze` and `initialWeights` of a fit choose from. */
  readonly weights: Readonly<Record<string, readonly number[]>>;
  /** Its forecast columns. */
  readonly columns: readonly string[];
  /** Every option with its value, defaults included. */
  readonly options: Readonly<Record<string, unknown>>;
  /** How its last training went; null before the first fit. */
  readonly history: ModelFit | null;
}

/** What a {@link NeuralForecast} holds. */
export interface ForecastInfo {
  /** Version of this package. */
  readonly packageVersion: string;
  /** Whether `predict` can be called. */
  readonly fitted: boolean;
  /** Of the fitted panel, else as configured ('' = to be inferred). */
  readonly frequency: string;
  /** Steps of a forecast. */
  readonly horizon: number;
  /** Longest history that any model reads. */
  readonly inputSize: number;
  /** Scaling of whole series. */
  readonly localScaler: string;
  /** Scaling of static columns. */
  readonly localStaticScaler: string;
  /** Column with the weights of rows; absent when all weigh 1. */
  readonly sampleWeight?: string;
  /** What happens where a target is missing. */
  readonly missing: 'error' | 'mask';
  /** What happens where a category was not seen by the fit. */
  readonly unseenCategory: 'mean' | 'error';
  /** Whether the behaviour of the Python reference is restored. */
  readonly compat: boolean;
  /** How the fit calibrated intervals, every default filled in; null when it did not. */
  readonly intervals: Required<IntervalOptions> | null;
  /** Forecast columns of all models, in order. */
  readonly columns: readonly string[];
  /** Names of the models, in order. */
  readonly aliases: readonly string[];
  /** Number of series of the fitted panel. */
  readonly seriesCount: number;
  /** Their names, in order: read when first asked for, 100 000 of them in about 10 ms. */
  readonly series: readonly string[];
  /** Whether `predict()` works without a panel. */
  readonly hasData: boolean;
  /** The models, in order. */
  readonly models: readonly ModelInfo[];
  /** How the columns of the caller's tables are called, as given, as loaded, or the standard names. */
  readonly idColumn: string;
  /** Column with the time stamp. */
  readonly timeColumn: string;
  /** Column with the value to forecast. */
  readonly targetColumn: string;
  /** As given; absent when not. */
  readonly timeZone?: string;
}

/**
 * Several models over one panel: fitted, asked, saved and loaded together. Every method rejects with a
 * {@link ForecastError}, or with `signal.reason` after an abort, and leaves the object usable. Forecasts that are asked
 * for during a fit come from the state before it.
 */
export declare class NeuralForecast {
  /** Validates every option; throws E0010 naming the closest known option. */
  constructor(options: NeuralForecastOptions);
  /** Reads a file written by `save`. Names of columns and the kind of time stamps are those of the saved object, unless given. */
  static load(path: string, options?: LoadOptions): Promise<NeuralForecast>;

  /**
   * Reads a folder that NeuralForecast (Python) saved, with `save(…, save_dataset=…)` of 3.3 (safetensors and JSON) or of
   * 3.2 and before (pickles, of which nothing is executed): weights, options, losses, scalers, columns beside the target,
   * categories, step of time and, where saved, the rows. Models are called as in the columns of forecasts there. Rejects
   * with E0006 for files that are damaged, name what no checkpoint needs, or hold a model, loss or option that this
   * version does not have; settings that only further training reads and that have no counterpart are left out.
   */
  static importCheckpoint(folder: string, options?: ImportOptions): Promise<NeuralForecast>;

  /** Whether `predict` can be called. */
  get fitted(): boolean;
  /** Forecast columns, in order. */
  get columns(): readonly string[];
  /** Trains all models, as many at a time as there are threads, none of them that of JavaScript. */
  fit(panel: TableInput, options?: FitOptions): Promise<FitResult>;
  /**
   * Range test of learning rates (Smith, "Cyclical learning rates for training neural networks", WACV 2017): trains a
   * throwaway copy of one model from initial weights while the rate grows from `from` to `to`, and suggests the rate at
   * which the smoothed loss falls fastest. The object stays as it is.
   */
  findLearningRate(panel: TableInput, options?: LearningRateOptions): Promise<LearningRateCurve>;
  /**
   * Whether one model can learn a few windows by heart: a throwaway copy is trained from initial weights on one batch,
   * without dropout, at the model's learning rate, which falls by a cosine. A network that fails will not learn the panel:
   * rate, scaler or inputs are wrong. The object stays as it is. Rejects with E0011 when all targets of the batch are the
   * same.
   */
  checkOneBatch(panel: TableInput, options?: OneBatchOptions): Promise<OneBatchResult>;
  /**
   * The `windowsBatchSize` with which this machine trains one model fastest: measures throwaway copies for sizes that
   * double, until the system refuses memory (then no larger size is tried; where it refuses `from` already, halves of it
   * are). The object stays as it is. Rejects with E0008 when there is no memory for a single window.
   */
  findBatchSize(panel: TableInput, options?: BatchSizeOptions): Promise<BatchSizeResult>;
  /** The next `horizon` steps of the fitted panel, or of any other panel without a refit. */
  predict(panel?: TableInput | null, options?: PredictOptions): Promise<ForecastTable>;
  /**
   * Joint sample paths of the next steps: what the sum, the maximum or the longest run of several steps will be is a question
   * about paths. One column per model. Steps are distributed as the model's quantiles or distribution say, those of a model
   * with one forecast per step as its errors: E0010 without `fit({ intervals })` (docs/intervals.md). The table has
   * `paths · horizon` rows per series.
   */
  simulate(panel?: TableInput | null, options?: SimulateOptions): Promise<PathsTable>;
  /**
   * Forecasts of the last rows of a panel (or of the fitted one) from before them, beside what happened: how good the
   * models would have been. Trains copies; the object stays as it is. What comes after a cutoff influences nothing, the
   * series scaler included. A series takes part in the windows before which a fit had at least one of its rows.
   */
  crossValidation(
    panel?: TableInput | null,
    options?: CrossValidationOptions,
  ): Promise<BacktestTable>;
  /**
   * Forecasts of the rows that the models learned from (or of another panel), from every `stepSize`-th row that has
   * `horizon` rows after it. They show how well the models fit, not how well they forecast. A loaded file holds too few
   * rows for it: pass the panel.
   */
  predictInsample(
    panel?: TableInput | null,
    options?: PredictInsampleOptions,
  ): Promise<BacktestTable>;
  /**
   * The rows that `predict({ future })` needs: each series of the fitted panel (or of another one) at each step to come,
   * without columns of values. Rejects with E0001 before a fit.
   */
  makeFutureFrame(panel?: TableInput | null, options?: FutureFrameOptions): Promise<ForecastTable>;
  /** Which of those rows a table does not have; nothing when `predict` can take it. */
  missingFuture(
    future: TableInput,
    panel?: TableInput | null,
    options?: FutureFrameOptions,
  ): Promise<MissingFuture>;
  /**
   * Writes a folder that `NeuralForecast.load` of NeuralForecast (Python) 3.3 reads, and that forecasts there what this
   * object does with `compat: 'neuralforecast'`: safetensors and JSON, the same bytes for the same object. Names of series
   * become texts; stamps of a `timeZone` are written as its clocks show them. Rejects with E0001 before a fit and with
   * E0006 when the folder is not empty or cannot be written.
   */
  exportCheckpoint(folder: string, options?: ExportOptions): Promise<void>;
  /** Writes one safetensors file, atomically: a kill leaves the old file or the new one. */
  save(path: string, options?: SaveOptions): Promise<void>;
  /** One fitted model for serving; a later fit does not change it. `alias` may be left out when there is only one. */
  predictor(alias?: string, options?: CallOptions): Promise<Predictor>;
  /**
   * Intervals for streams of one model's forecasts, those of {@link NeuralForecast.predictor} or of repeated `predict`s.
   * Radii begin at the errors of `fit({ intervals })`, else at nothing. Throws E0001 before a fit, E0010 for an unknown alias.
   */
  adaptiveIntervals(alias?: string, options?: Omit<AdaptiveOptions, 'horizon'>): AdaptiveIntervals;
  /** Replaces the weights of one fitted model by those of a safetensors file with the reference's tensor names. */
  loadWeights(alias: string, path: string, options?: CallOptions): Promise<void>;
  /** What the object holds. */
  info(): ForecastInfo;
  /**
   * How the latest fit of each model went, also out of a file: at most about 1000 steps per model, evenly spaced, and those
   * of every validation. Empty before a fit.
   */
  history(): HistoryTable;
  /**
   * An object of its own with the same options, weights and data: to fit further while this one serves. Costs next to
   * nothing until one of them is fitted again.
   */
  clone(): NeuralForecast;
  /** Waits for calls in flight, then frees the memory; later calls fail with E0012. Harmless when repeated. */
  dispose(): Promise<void>;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

// ── Serving ─────────────────────────────────────────────────────────────────────────────────────

/** Numbers in any array but a BigInt one. */
export type NumberArray =
  | readonly number[]
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray;

/**
 * One window of raw values, oldest first, or several of equal length in one array, one after the other. For a model of
 * several series (`nSeries`) one of each series, in the order of the fit.
 */
export type WindowInput =
  | NumberArray
  | {
      /** The values of all windows, one window after the other. */
      readonly windows: NumberArray;
      /** Number of windows. @default 1 */
      readonly count?: number;
      /**
       * The columns that the model reads ({@link Predictor.exogenous}), by name, one window after the other: of `futrExog` the
       * values of the steps of each window and of the `horizon` steps after it, of `histExog` those of its steps. A column that is
       * missing, that lacks the steps to come or that the model does not read is E0004, another number of values E0002, a value
       * that is not finite or not of the column's kind E0011.
       */
      readonly exogenous?: Readonly<Record<string, WindowColumn>>;
      /** Of `statExog` one value for each window; for a model of several series one for each series. */
      readonly statics?: Readonly<Record<string, WindowColumn>>;
    };

/** Values of one column: numbers (`true` and `false` count as 1 and 0), or texts that are categories. */
export type WindowColumn = NumberArray | readonly (number | string | boolean)[];

/** Names of the columns that a model reads beside the target. */
export interface PredictorColumns {
  /** Known before they happen. */
  readonly futrExog: readonly string[];
  /** Known up to the forecast. */
  readonly histExog: readonly string[];
  /** Of a series as a whole. */
  readonly statExog: readonly string[];
}

/** Options of {@link AdaptiveIntervals}. */
export interface AdaptiveOptions {
  /** Steps of a forecast, at least 1. */
  readonly horizon: number;
  /** Coverage of each interval in percent, each in (0, 100). @default [80, 95] */
  readonly levels?: number | readonly number[];
  /** How far a radius moves after an error, as a share of the largest recent one, in (0, 1]. @default 0.1 */
  readonly rate?: number;
}

/** One interval of a forecast. */
export interface AdaptiveBounds {
  /** Coverage in percent. */
  readonly level: number;
  /** Lower bound of each step. */
  readonly lo: Float64Array;
  /** Upper bound of each step. */
  readonly hi: Float64Array;
}

/** What {@link AdaptiveIntervals.toJSON} gives: JSON, to be kept and read back. */
export interface AdaptiveState {
  /** Steps of a forecast, at most. */
  readonly horizon: number;
  /** Coverage of each interval in percent. */
  readonly levels: readonly number[];
  /** As {@link AdaptiveOptions.rate}. */
  readonly rate: number;
  /** What was learned of each series, by name. */
  readonly series: Readonly<Record<string, object>>;
}

/**
 * Bounds around forecasts of streams. Each value that arrives moves the radii of its series, per step, level and side
 * (quantile tracking, docs/intervals.md), so that coverage holds while the series changes. Everything happens at once, in
 * microseconds, in constant memory per series. For each moment: `update` with the new value, then `forecast`.
 */
export declare class AdaptiveIntervals {
  /** Radii begin at 0: throws E0010. {@link NeuralForecast.adaptiveIntervals} begins at known errors. */
  constructor(options: AdaptiveOptions);
  /** One that goes on from a state; throws E0006 for what is none, E0010 for what is no plain data. */
  static fromJSON(state: AdaptiveState): AdaptiveIntervals;
  /** Steps of a forecast, at most. */
  readonly horizon: number;
  /** Coverage of each interval in percent, ascending. */
  readonly levels: readonly number[];
  /**
   * Bounds of a forecast of the next steps of a series, 1 to `horizon` numbers: one entry per level. It is kept until their
   * values have arrived; a second one before the next value replaces it. Throws E0002 for more steps, E0011 for what is no
   * finite number.
   */
  forecast(series: string, point: NumberArray): AdaptiveBounds[];
  /** The next value of a series; null or NaN is a step whose value is missing. */
  update(series: string, value: number | null): void;
  /** Everything learned, and forecasts that still wait: for `JSON.stringify` and {@link AdaptiveIntervals.fromJSON}. */
  toJSON(): AdaptiveState;
}

/** Options of {@link Predictor.predict}. */
export interface PredictorCallOptions {
  /** Aborts the call: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/** One fitted model, resident in memory: raw history in, forecast out. */
export declare class Predictor {
  private constructor();
  /** Steps that the network reads: of longer windows only the last, shorter ones are padded. */
  readonly inputSize: number;
  /** Steps of a forecast. */
  readonly horizon: number;
  /** Names of the outputs per step. */
  readonly columns: readonly string[];
  /** The columns that windows bring along. */
  readonly exogenous: PredictorColumns;
  /** Forecast at once, on this thread: [count · horizon · columns], steps before columns, in the unit of the target. */
  predictSync(windows: WindowInput): Float64Array;
  /** The same on another thread. */
  predict(windows: WindowInput, options?: PredictorCallOptions): Promise<Float64Array>;
  /** Waits for calls in flight, then frees the memory; later calls fail with E0012. */
  dispose(): Promise<void>;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

// ── Errors and environment ──────────────────────────────────────────────────────────────────────

/** What kind of error it is, for programs. */
export type ErrorCode =
  | 'ERR_ND_NOT_FITTED'
  | 'ERR_ND_SHAPE'
  | 'ERR_ND_EMPTY'
  | 'ERR_ND_FEATURES'
  | 'ERR_ND_HORIZON'
  | 'ERR_ND_FILE'
  | 'ERR_ND_DEVICE'
  | 'ERR_ND_MEMORY'
  | 'ERR_ND_DIVERGED'
  | 'ERR_ND_CONFIG'
  | 'ERR_ND_DATA'
  | 'ERR_ND_BUSY'
  | 'ERR_ND_BINARY'
  | 'ERR_ND_INTERNAL';

/** The number of an error, for people: a section of docs/errors.md. */
export type ErrorNumber =
  | 'E0001'
  | 'E0002'
  | 'E0003'
  | 'E0004'
  | 'E0005'
  | 'E0006'
  | 'E0007'
  | 'E0008'
  | 'E0009'
  | 'E0010'
  | 'E0011'
  | 'E0012'
  | 'E0013'
  | 'E0014';

/** The one error of this package. Its message says where, what was received, what was expected, and what to do. */
export declare class ForecastError extends Error {
  constructor(
    code: ErrorCode,
    message: string,
    details?: Readonly<Record<string, unknown>>,
    options?: ErrorOptions,
  );
  /** Always the same; `code` tells errors apart. */
  override readonly name: 'ForecastError';
  /** For programs: stable over versions. */
  readonly code: ErrorCode;
  /** For people: the number under which docs/errors.md explains it. */
  readonly number: ErrorNumber;
  /** The facts of the message, such as { series, row, column, value }. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Where it is explained: page and section of this package, such as 'docs/errors.md#e0011'. */
  readonly help: string;
}

/** What {@link runtimeInfo} knows about this process. */
export interface RuntimeInfo {
  /** Version of this package. */
  readonly version: string;
  /** Instruction set that the kernels run on, e.g. 'AVX3_ZEN4'. */
  readonly target: string;
  /** Instruction sets that this machine and this binary both have, best first. */
  readonly targets: readonly string[];
  /** What multiplies in bfloat16 here (`precision: 'bf16'`): 'AMX', 'AVX512_BF16', 'BF16' (ARM) or 'none'. Only AMX is much faster than single precision. */
  readonly bf16: string;
  /** Default number of threads. */
  readonly threads: number;
  /** Node-API version of the binary. */
  readonly napi: number;
  /** Compiler that built the binary. */
  readonly compiler: string;
  /** Version of Node.js, or of the one that this runtime stands for. */
  readonly node: string;
  /** Folder of the prebuilt binary, e.g. 'linux-x64'. */
  readonly prebuild: string;
  /** C library of this process, e.g. 'glibc 2.36'; '' except on Linux. */
  readonly libc: string;
}

/** What runs here: version, instruction set, threads, prebuilt binary. */
export declare function runtimeInfo(): RuntimeInfo;

export type { LossDescription, ModelDescription };

export * from './registry';
