/**
 * The whole native surface, in one interface: everything else is TypeScript. Values cross the border as JSON text,
 * typed arrays (JavaScript allocates, native copies) and strings. A call that takes `done` runs on another thread and
 * calls `done` exactly once, never synchronously, on the JavaScript thread. Every function may throw a
 * {@link NativeFailure}. A test proves that every member exists in the binary.
 */

/** What native reports instead of an Error; the facade builds that. */
export interface NativeFailure {
  readonly code: string;
  readonly number: string;
  readonly message: string;
  /** JSON text of an object. */
  readonly details: string;
}

/** A running or queued job. */
export interface NativeJob {
  /** Asks the job to stop; `done` then reports the code 'AbortError', mostly before its thread has. Harmless after the end. */
  cancel(): void;
}

export type NativeDone<Result> = (failure: NativeFailure | null, result: Result | null) => void;

/** One column beside the target. */
export interface NativeFeature {
  readonly name: string;
  /** Per row, or per series: a number, or the place of a text in `categories`. */
  readonly values: Float64Array;
  /** Texts in UTF-8, one after the other; empty = numbers. */
  readonly categories: Uint8Array;
  /** Where each of them ends. */
  readonly categoryEnds: Int32Array;
}

/** Rows that may follow the ends of a panel's series. */
export interface NativeFuture {
  /** Distinct series names, as those of a panel. */
  readonly names: Uint8Array;
  readonly nameEnds: Int32Array;
  /** Per row: which of them. */
  readonly series: Int32Array;
  /** Per row, as those of the panel. */
  readonly times: BigInt64Array;
  readonly features: readonly NativeFeature[];
}

export interface NativePanelInput {
  /** Distinct series names in UTF-8, in order of first appearance, one after the other. */
  readonly names: Uint8Array;
  /** Where each of them ends in `names`. */
  readonly nameEnds: Int32Array;
  /** Per row: which of them. */
  readonly series: Int32Array;
  /** Per row: integer time, or milliseconds since 1970-01-01 UTC. */
  readonly times: BigInt64Array;
  readonly target: Float64Array;
  readonly features: readonly NativeFeature[];
  /** Values per series, in order of their names. */
  readonly statics: readonly NativeFeature[];
  /** Whether `times` are calendar milliseconds. */
  readonly calendar: boolean;
  /** '' = infer. */
  readonly frequency: string;
  /** Whether a target may be NaN: missing. */
  readonly missing: boolean;
}

/** A checked panel in native memory, immutable, shared by jobs. */
export interface NativePanel {
  /** JSON text: {series, rows, frequency, calendar, sorted, shortest, longest}. */
  describe(): string;
  dispose(): void;
}

/** A computed forecast, to be copied into arrays of JavaScript: blocks of `horizon` rows. */
export interface NativeTable {
  /** JSON text: {series, horizon, blocks, columns, paths, calendar}. */
  describe(): string;
  /** Names of the series `begin` … `end` - 1. */
  ids(begin: number, end: number): string[];
  /**
   * Fills `series` [blocks] with indices into the ids, `times` [blocks · horizon] and per column a Float64Array
   * [blocks · horizon]; of forecasts of known rows also `cutoffs` [blocks] and `actual` [blocks · horizon], else null.
   */
  copyTo(
    series: Int32Array,
    times: BigInt64Array,
    columns: readonly Float64Array[],
    cutoffs: BigInt64Array | null,
    actual: Float64Array | null,
  ): void;
  dispose(): void;
}

/** Names in native memory, to be read in pieces. */
export interface NativeNames {
  count(): number;
  /** Those from `begin` to `end` - 1. */
  read(begin: number, end: number): string[];
  dispose(): void;
}

/** A trial training: `options` is JSON text {model?, threads, …}, the result too. */
type NativeTrial = (
  panel: NativePanel,
  options: string,
  progress: ((event: string) => void) | null,
  done: NativeDone<string>,
) => NativeJob;

export interface NativeForecaster {
  /**
   * `options` is JSON text {valSize, fromScratch, initialWeights, freeze, distill, monitorGradients, intervals, threads};
   * `weights`: the forecaster whose weights the fit begins from; `teacher`: the one of `distill`. The result is a JSON array
   * of summaries, one per model.
   */
  fit(
    panel: NativePanel,
    options: string,
    progress: ((event: string) => void) | null,
    done: NativeDone<string>,
    weights: NativeForecaster | null,
    teacher: NativeForecaster | null,
  ): NativeJob;
  /** `panel` null = the fitted one; `options` is JSON text {horizon, threads, refitSeriesScaler, levels, quantiles}. */
  predict(
    panel: NativePanel | null,
    options: string,
    future: NativeFuture | null,
    done: NativeDone<NativeTable>,
  ): NativeJob;
  /** `options` is JSON text {paths, seed, method, horizon, threads, refitSeriesScaler}; per series `paths` blocks. */
  simulate(
    panel: NativePanel | null,
    options: string,
    future: NativeFuture | null,
    done: NativeDone<NativeTable>,
  ): NativeJob;
  /** The rows that a future table needs, without columns of models; `options` is JSON text {horizon}. */
  futureFrame(panel: NativePanel | null, options: string, done: NativeDone<NativeTable>): NativeJob;
  /** `options` is JSON text {stepSize, threads, levels, quantiles}. */
  predictInsample(
    panel: NativePanel | null,
    options: string,
    done: NativeDone<NativeTable>,
  ): NativeJob;
  /**
   * `options` is JSON text {windows, stepSize, horizon, refit, fromScratch, useFitted, valSize, threads, levels, quantiles,
   * initialWeights, freeze}; `weights`: the forecaster whose weights the fits begin from.
   */
  crossValidation(
    panel: NativePanel | null,
    options: string,
    progress: ((event: string) => void) | null,
    done: NativeDone<NativeTable>,
    weights: NativeForecaster | null,
  ): NativeJob;
  /** {…, from, to, steps}; the result {model, suggestion, rates, losses, smoothed, diverged}. */
  findLearningRate: NativeTrial;
  /** {…, steps, tolerance, windows}; the result {model, passed, initialLoss, finalLoss, steps, losses}. */
  checkOneBatch: NativeTrial;
  /** {…, from, to, steps}; the result {model, suggestion, measurements, outOfMemory}. */
  findBatchSize: NativeTrial;
  /** `options` is JSON text {includeData, note}; summary() gives the note back after load. */
  save(path: string, options: string, done: NativeDone<null>): NativeJob;
  loadWeights(alias: string, path: string, done: NativeDone<null>): NativeJob;
  /** JSON text {fitted, frequency, columns, aliases, note}: small, for every call. */
  summary(): string;
  /** JSON text {fitted, horizon, columns, aliases, frequency, seriesCount, models: […], …}. */
  info(): string;
  /** Of the series of the fitted panel, as they are now. */
  names(): NativeNames;
  /** JSON text {shared: per model [[other name of a tensor, its name]], times: of the rows that save() writes}. */
  exportParts(): string;
  /** `alias` '' = the only model. */
  predictor(alias: string, done: NativeDone<NativePredictor>): NativeJob;
  /** `options` is JSON text {levels, rate}; the radii begin at the errors of a fit with intervals. */
  adaptiveIntervals(alias: string, options: string): NativeAdaptiveIntervals;
  /** Shares weights and data until one of the two is fitted again. */
  clone(): NativeForecaster;
  dispose(): void;
}

/** Columns beside windows. */
export interface NativeWindowColumns {
  /** Values [count · (length + horizon)] of future columns, [count · length] of historic ones. */
  readonly features: readonly NativeFeature[];
  /** Values [count], or [series] of a model of several series. */
  readonly statics: readonly NativeFeature[];
}

export interface NativePredictor {
  /** JSON text {inputSize, horizon, outputs, columns, exogenous: {futrExog, histExog, statExog}}. */
  describe(): string;
  /** `windows` [count · length] → `out` [count · horizon · outputs]. */
  predictSync(
    windows: Float64Array,
    count: number,
    out: Float64Array,
    columns: NativeWindowColumns | null,
  ): void;
  predict(
    windows: Float64Array,
    count: number,
    out: Float64Array,
    columns: NativeWindowColumns | null,
    done: NativeDone<null>,
  ): NativeJob;
  dispose(): void;
}

/** Intervals of streams; every call is synchronous and takes microseconds. */
export interface NativeAdaptiveIntervals {
  /** JSON text {horizon, levels}. */
  describe(): string;
  /** `point` [steps] → `bounds` [levels · 2 · steps], low before high. */
  forecast(series: string, point: Float64Array, bounds: Float64Array): void;
  /** NaN = a missing value. */
  update(series: string, value: number): void;
  /** JSON text that createAdaptiveIntervals() reads. */
  save(): string;
  dispose(): void;
}

export interface NativeBinding {
  /** JSON text {version, target, targets, threads, napi, compiler}. */
  runtimeInfo(): string;
  /** JSON text of the registry: models, losses, scalers, training options, errors. */
  registry(): string;
  /** JSON text {inFlight, capacity} of this environment's job queue. */
  stats(): string;
  /** Copies and checks the columns on another thread: nothing may change them until `done`. */
  createPanel(input: NativePanelInput, done: NativeDone<NativePanel>): NativeJob;
  /** `config` is JSON text. */
  createForecaster(config: string): NativeForecaster;
  loadForecaster(path: string, done: NativeDone<NativeForecaster>): NativeJob;
  /** `path` of a description: configuration and data, without the weights, which loadWeights() brings. */
  importForecaster(path: string, done: NativeDone<NativeForecaster>): NativeJob;
  /** `state` is JSON text {horizon, levels, rate, series}, as save() gives it. */
  createAdaptiveIntervals(state: string): NativeAdaptiveIntervals;
  /** Cancels and joins every job of this environment; no callback comes afterwards. */
  shutDown(): void;
}
