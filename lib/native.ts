/**
 * The whole native surface, in one interface: everything else is TypeScript. Values cross the border as JSON text,
 * typed arrays (JavaScript allocates, native copies) and strings; long calls take `done`, which is called exactly
 * once, never synchronously, on the JavaScript thread. A test proves that every member exists in the binary.
 */

/** What native reports instead of throwing; the facade builds the Error. */
export interface NativeFailure {
  readonly code: string;
  readonly number: string;
  readonly message: string;
  /** JSON text of an object. */
  readonly details: string;
}

/** A running or queued job. */
export interface NativeJob {
  /** Asks the job to stop; `done` then reports the code 'AbortError'. Harmless after the end. */
  cancel(): void;
}

/** A checked panel in native memory, immutable, shared by jobs. */
export interface NativePanel {
  /** JSON text: {"series": n, "rows": n, "frequency": "MS", "calendar": true, "sorted": true, "shortest": n, "longest": n}. */
  describe(): string;
  dispose(): void;
}

export interface NativePanelInput {
  /** Distinct series names, in order of first appearance. */
  readonly ids: readonly string[];
  /** Per row: index into `ids`. */
  readonly series: Int32Array;
  /** Per row: integer time, or milliseconds since 1970-01-01 UTC. */
  readonly times: BigInt64Array;
  readonly target: Float64Array;
  /** Whether `times` are calendar milliseconds. */
  readonly calendar: boolean;
  /** '' = infer. */
  readonly frequency: string;
}

/** Shape of a forecast, known before it is computed, so that JavaScript can allocate it. */
export interface NativeForecastOutput {
  /** One Float64Array [series · horizon] per column. */
  readonly columns: readonly Float64Array[];
  /** [series · horizon]. */
  readonly times: BigInt64Array;
}

export type NativeDone = (failure: NativeFailure | null, result: string | null) => void;

export interface NativeForecaster {
  /** `options` is JSON text {valSize, threads}; `result` of done is a JSON array of summaries, one per model. */
  fit(panel: NativePanel, options: string, progress: ((event: string) => void) | null, done: NativeDone): NativeJob;
  /** `panel` null = the fitted one; `options` {threads, refitSeriesScaler}; fills `output` before done. */
  predict(panel: NativePanel | null, options: string, output: NativeForecastOutput, done: NativeDone): NativeJob;
  save(path: string, options: string, done: NativeDone): NativeJob;
  loadWeights(alias: string, path: string, done: NativeDone): NativeJob;
  /** JSON text {fitted, horizon, columns, aliases, series: ids of the fitted panel, frequency, calendar, models: […]}; throws NativeFailure. */
  info(): string;
  predictor(alias: string): NativePredictor;
  dispose(): void;
}

export interface NativePredictor {
  /** JSON text {inputSize, horizon, columns}. */
  describe(): string;
  /** `windows` [count · length] → `out` [count · horizon · outputs]; throws a NativeFailure-shaped error. */
  predictSync(windows: Float64Array, count: number, out: Float64Array): void;
  predict(windows: Float64Array, count: number, out: Float64Array, done: NativeDone): NativeJob;
  dispose(): void;
}

export interface NativeBinding {
  /** JSON text {version, target, targets, threads, napi, compiler}. */
  runtimeInfo(): string;
  /** JSON text of the registry: models, losses, scalers, training options, errors. */
  registry(): string;
  /** Checks and copies a panel; a NativeFailure comes back as the value, never thrown. */
  createPanel(input: NativePanelInput): NativePanel | NativeFailure;
  /** `config` is JSON text; a NativeFailure comes back as the value. */
  createForecaster(config: string): NativeForecaster | NativeFailure;
  /** Loads a saved file; done's second argument is the forecaster. */
  loadForecaster(path: string, done: (failure: NativeFailure | null, forecaster: NativeForecaster | null) => void): NativeJob;
}
