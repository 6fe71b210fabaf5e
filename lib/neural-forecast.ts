import type {
  BacktestTable as BacktestContract,
  CallOptions,
  ColumnNames,
  NeuralForecast as Contract,
  CrossValidationOptions,
  CrossValidationProgress,
  FitOptions,
  FitProgress,
  FitResult,
  ForecastInfo,
  LoadOptions,
  NeuralForecastOptions,
  PredictInsampleOptions,
  PredictOptions,
  SaveOptions,
  TableInput,
} from '../types/index';
import { binding } from './binding';
import { readPanel } from './columns';
import { ForecastError, guarded } from './errors';
import { BacktestTable, ForecastTable, type TableParts } from './forecast-table';
import { runJob } from './job';
import type {
  NativeDone,
  NativeForecaster,
  NativeJob,
  NativePanel,
  NativePanelInput,
  NativePredictor,
  NativeTable,
} from './native';
import { type Note, readNote, writeNote } from './note';
import {
  checkedJson,
  checkNames,
  optionalBoolean,
  optionalChoice,
  optionalFunction,
  optionalInteger,
  optionalSignal,
  optionalString,
  optionError,
} from './options';
import { Predictor } from './predictor';
import { type TimeForm, writeTimes } from './times';
import { optionalZone } from './zones';

const COLUMN_OPTIONS = ['idColumn', 'timeColumn', 'targetColumn'] as const;
const STANDARD_NAMES = { idColumn: 'unique_id', timeColumn: 'ds', targetColumn: 'y' };
const ENGINE_OPTIONS = [
  'models',
  'horizon',
  'inputSize',
  'frequency',
  'localScaler',
  'compat',
] as const;

const CROSS_VALIDATION_OPTIONS = [
  'windows',
  'stepSize',
  'horizon',
  'refit',
  'fromScratch',
  'useFitted',
  'valSize',
  'signal',
  'onProgress',
  'threads',
] as const;

/** A native forecaster that `load` read; the constructor takes it over. */
class Loaded {
  constructor(
    readonly native: NativeForecaster,
    readonly note: Note,
  ) {}
}

function columnNames(place: string, options: Partial<ColumnNames>): Partial<ColumnNames> {
  const given = COLUMN_OPTIONS.filter((name) => options[name] !== undefined);
  return Object.fromEntries(
    given.map((name) => [name, optionalString(place, name, options[name])]),
  );
}

/** Integer time may give its step as a number; native code checks the text. */
function frequencyText(frequency: string | number | undefined): string {
  return typeof frequency === 'number' ? String(frequency) : (frequency ?? '');
}

/** The configuration that native code validates further, as JSON text. */
function engineConfig(place: string, options: NeuralForecastOptions): string {
  if (!Array.isArray(options.models) || options.models.length === 0) {
    throw optionError(
      place,
      'models',
      options.models,
      'an array of at least one model such as nhits()',
    );
  }
  options.models.forEach((model: unknown, i) => {
    if (typeof model === 'object' && model !== null && 'type' in model) return;
    const hint = typeof model === 'function' ? '; call the factory' : '';
    throw optionError(place, `models[${i}]`, model, `a model such as nhits()${hint}`);
  });
  if (typeof options.compat === 'string') {
    optionalChoice(place, 'compat', options.compat, ['neuralforecast']);
  }
  const frequency = frequencyText(options.frequency);
  const engine = { ...options, ...(frequency === '' ? {} : { frequency }) };
  const given = ENGINE_OPTIONS.filter((name) => engine[name] !== undefined);
  return JSON.stringify(
    Object.fromEntries(given.map((name) => [name, checkedJson(place, name, engine[name])])),
  );
}

function createPanel(input: NativePanelInput, signal?: AbortSignal): Promise<NativePanel> {
  return runJob<NativePanel>((done) => binding().createPanel(input, done), signal);
}

type TableJob = (done: NativeDone<NativeTable>) => NativeJob;

/** 0 = that of the models. */
function horizonOption(place: string, horizon: unknown): number {
  return optionalInteger(place, 'horizon', horizon, 1) ?? 0;
}

function threadsOption(place: string, threads: unknown): number {
  return optionalInteger(place, 'threads', threads, 1) ?? 0;
}

function pathOption(place: string, path: unknown): string {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw optionError(place, 'path', path, 'the path of a file');
  }
  return path;
}

/** Several models over one panel: fitted, asked, saved and loaded together. */
export class NeuralForecast implements Contract {
  readonly #native: NativeForecaster;
  readonly #names: Partial<ColumnNames>;
  readonly #frequency: string;
  readonly #timeZone: string | undefined;
  readonly #pending = new Set<Promise<unknown>>();
  /** How the stamps of the fitted panel were written. */
  #form: TimeForm | undefined;
  #disposed = false;

  constructor(options: NeuralForecastOptions);
  constructor(options: NeuralForecastOptions | Loaded) {
    if (options instanceof Loaded) {
      this.#native = options.native;
      this.#names = options.note.columns;
      this.#frequency = options.note.frequency;
      this.#timeZone = options.note.timeZone;
      this.#form = options.note.time;
      return;
    }
    const place = 'NeuralForecast';
    checkNames(place, options, [...ENGINE_OPTIONS, ...COLUMN_OPTIONS, 'timeZone']);
    this.#names = columnNames(place, options);
    const config = engineConfig(place, options);
    this.#native = guarded(() => binding().createForecaster(config));
    this.#frequency = frequencyText(options.frequency);
    this.#timeZone = optionalZone(place, 'timeZone', options.timeZone);
  }

  static async load(path: string, options: LoadOptions = {}): Promise<NeuralForecast> {
    const place = 'load';
    checkNames(place, options, [...COLUMN_OPTIONS, 'signal']);
    const file = pathOption(place, path);
    const names = columnNames(place, options);
    const native = await runJob<NativeForecaster>(
      (done) => binding().loadForecaster(file, done),
      optionalSignal(place, options.signal),
    );
    const note = readNote(JSON.parse(guarded(() => native.info())).note);
    return NeuralForecast.#from(native, { ...note, columns: { ...note.columns, ...names } });
  }

  static #from(native: NativeForecaster, note: Note): NeuralForecast {
    return new NeuralForecast(new Loaded(native, note) as unknown as NeuralForecastOptions);
  }

  get fitted(): boolean {
    return this.info().fitted;
  }

  get columns(): readonly string[] {
    return this.info().columns;
  }

  fit(panel: TableInput, options: FitOptions = {}): Promise<FitResult> {
    return this.#track('fit', () => this.#fit(panel, options));
  }

  predict(panel?: TableInput | null, options: PredictOptions = {}): Promise<ForecastTable> {
    return this.#track('predict', () => this.#predict(panel ?? undefined, options));
  }

  predictInsample(
    panel?: TableInput | null,
    options: PredictInsampleOptions = {},
  ): Promise<BacktestContract> {
    return this.#track('predictInsample', () => this.#predictInsample(panel ?? undefined, options));
  }

  crossValidation(
    panel?: TableInput | null,
    options: CrossValidationOptions = {},
  ): Promise<BacktestContract> {
    return this.#track('crossValidation', () => this.#crossValidation(panel ?? undefined, options));
  }

  save(path: string, options: SaveOptions = {}): Promise<void> {
    return this.#track('save', async () => {
      checkNames('save', options, ['includeData', 'signal']);
      const file = pathOption('save', path);
      const includeData = optionalBoolean('save', 'includeData', options.includeData) ?? true;
      const request = JSON.stringify({ includeData, note: writeNote(this.#note()) });
      const signal = optionalSignal('save', options.signal);
      await runJob<null>((done) => this.#native.save(file, request, done), signal);
    });
  }

  predictor(alias?: string, options: CallOptions = {}): Promise<Predictor> {
    return this.#track('predictor', async () => {
      checkNames('predictor', options, ['signal']);
      const name = this.#aliasOption('predictor', alias);
      const signal = optionalSignal('predictor', options.signal);
      return new Predictor(
        await runJob<NativePredictor>((done) => this.#native.predictor(name, done), signal),
      );
    });
  }

  loadWeights(alias: string, path: string, options: CallOptions = {}): Promise<void> {
    return this.#track('loadWeights', async () => {
      checkNames('loadWeights', options, ['signal']);
      const name = this.#aliasOption('loadWeights', alias);
      const file = pathOption('loadWeights', path);
      const signal = optionalSignal('loadWeights', options.signal);
      await runJob<null>((done) => this.#native.loadWeights(name, file, done), signal);
    });
  }

  info(): ForecastInfo {
    this.#checkLive('info');
    const { note: _, ...info } = JSON.parse(guarded(() => this.#native.info()));
    const { idColumn, timeColumn, targetColumn } = { ...STANDARD_NAMES, ...this.#names };
    const timeZone = this.#timeZone === undefined ? {} : { timeZone: this.#timeZone };
    return { ...info, idColumn, timeColumn, targetColumn, ...timeZone };
  }

  clone(): NeuralForecast {
    this.#checkLive('clone');
    return NeuralForecast.#from(
      guarded(() => this.#native.clone()),
      this.#note(),
    );
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    guarded(() => this.#native.dispose());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** How the caller's tables are written. */
  #note(): Note {
    return {
      columns: this.#names,
      frequency: this.#frequency,
      timeZone: this.#timeZone,
      time: this.#form,
    };
  }

  async #fit(table: TableInput, options: FitOptions): Promise<FitResult> {
    const place = 'fit';
    checkNames(place, options, ['valSize', 'fromScratch', 'signal', 'onProgress', 'threads']);
    const request = JSON.stringify({
      valSize: optionalInteger(place, 'valSize', options.valSize, 0) ?? 0,
      fromScratch: optionalBoolean(place, 'fromScratch', options.fromScratch) ?? false,
      threads: threadsOption(place, options.threads),
    });
    const signal = optionalSignal(place, options.signal);
    const onProgress = optionalFunction(place, 'onProgress', options.onProgress);
    const started = performance.now();
    signal?.throwIfAborted();
    const { input, form } = await readPanel(place, table, this.#names, {
      frequency: this.#frequency,
      timeZone: this.#timeZone,
      signal,
    });
    const panel = await createPanel(input, signal);
    try {
      const summaries = await runJob<string>(
        (done, stop) =>
          this.#native.fit(panel, request, progressReport(onProgress, started, stop), done),
        signal,
      );
      this.#form = form;
      const { series, rows, frequency, sorted } = JSON.parse(panel.describe());
      return { series, rows, frequency, sorted, models: JSON.parse(summaries) };
    } catch (error) {
      // The weights before the divergence were kept, and with them the panel.
      if (error instanceof ForecastError && error.code === 'ERR_ND_DIVERGED') this.#form = form;
      throw error;
    } finally {
      panel.dispose();
    }
  }

  async #predict(table: TableInput | undefined, options: PredictOptions): Promise<ForecastTable> {
    const place = 'predict';
    checkNames(place, options, ['horizon', 'signal', 'threads', 'refitSeriesScaler']);
    const request = JSON.stringify({
      horizon: horizonOption(place, options.horizon),
      threads: threadsOption(place, options.threads),
      refitSeriesScaler:
        optionalBoolean(place, 'refitSeriesScaler', options.refitSeriesScaler) ?? true,
    });
    const signal = optionalSignal(place, options.signal);
    return this.#withPanel(place, table, signal, async (panel, form) => {
      const start: TableJob = (done) => this.#native.predict(panel, request, done);
      const native = await runJob(start, signal);
      return new ForecastTable(this.#tableParts(native, form).parts);
    });
  }

  async #predictInsample(
    table: TableInput | undefined,
    options: PredictInsampleOptions,
  ): Promise<BacktestTable> {
    const place = 'predictInsample';
    checkNames(place, options, ['stepSize', 'signal', 'threads']);
    const request = JSON.stringify({
      stepSize: optionalInteger(place, 'stepSize', options.stepSize, 1) ?? 1,
      threads: threadsOption(place, options.threads),
    });
    const signal = optionalSignal(place, options.signal);
    return this.#withPanel(place, table, signal, async (panel, form) => {
      const start: TableJob = (done) => this.#native.predictInsample(panel, request, done);
      return this.#backtestTable(await runJob(start, signal), panel, form);
    });
  }

  async #crossValidation(
    table: TableInput | undefined,
    options: CrossValidationOptions,
  ): Promise<BacktestTable> {
    const place = 'crossValidation';
    checkNames(place, options, CROSS_VALIDATION_OPTIONS);
    const { refit = false } = options;
    const useFitted = optionalBoolean(place, 'useFitted', options.useFitted) ?? false;
    if (useFitted && refit !== false) {
      throw optionError(place, 'refit', refit, 'false, because useFitted: true trains nothing');
    }
    const request = JSON.stringify({
      windows: optionalInteger(place, 'windows', options.windows, 1) ?? 1,
      stepSize: optionalInteger(place, 'stepSize', options.stepSize, 1) ?? 1,
      horizon: horizonOption(place, options.horizon),
      refit: typeof refit === 'boolean' ? Number(refit) : optionalInteger(place, 'refit', refit, 1),
      fromScratch: optionalBoolean(place, 'fromScratch', options.fromScratch) ?? true,
      useFitted,
      valSize: optionalInteger(place, 'valSize', options.valSize, 0) ?? 0,
      threads: threadsOption(place, options.threads),
    });
    const signal = optionalSignal(place, options.signal);
    const onProgress = optionalFunction(place, 'onProgress', options.onProgress);
    const started = performance.now();
    return this.#withPanel(place, table, signal, async (panel, form) => {
      const native = await runJob<NativeTable>((done, stop) => {
        const report = progressReport<CrossValidationProgress>(onProgress, started, stop);
        return this.#native.crossValidation(panel, request, report, done);
      }, signal);
      return this.#backtestTable(native, panel, form);
    });
  }

  /** Calls `use` with the panel of a table (null = the fitted one), which is freed afterwards. */
  async #withPanel<Result>(
    place: string,
    table: TableInput | undefined,
    signal: AbortSignal | undefined,
    use: (panel: NativePanel | null, form: TimeForm | undefined) => Promise<Result>,
  ): Promise<Result> {
    signal?.throwIfAborted();
    if (!table) return use(null, this.#form);
    const { frequency, fitted } = this.info();
    const read = await readPanel(place, table, this.#names, {
      frequency: fitted ? frequency : this.#frequency,
      timeZone: this.#timeZone,
      signal,
    });
    const panel = await createPanel(read.input, signal);
    try {
      return await use(panel, read.form);
    } finally {
      panel.dispose();
    }
  }

  /** Takes the values out of a native table, which is then disposed of. */
  #tableParts(native: NativeTable, known: TimeForm | undefined, isKnown = false) {
    const { ids, horizon, blocks, columns, calendar } = JSON.parse(
      guarded(() => native.describe()),
    );
    const rows = blocks * horizon;
    const series = new Int32Array(blocks);
    const times = new BigInt64Array(rows);
    const values: Float64Array[] = columns.map(() => new Float64Array(rows));
    const cutoffs = new BigInt64Array(isKnown ? blocks : 0);
    const actual = new Float64Array(isKnown ? rows : 0);
    guarded(() =>
      native.copyTo(series, times, values, isKnown ? cutoffs : null, isKnown ? actual : null),
    );
    native.dispose();
    const form: TimeForm =
      known && known.calendar === calendar
        ? known
        : { kind: calendar ? 'date' : 'number', calendar };
    const { idColumn, timeColumn, targetColumn } = { ...STANDARD_NAMES, ...this.#names };
    const parts: TableParts = {
      ids,
      series,
      horizon,
      times: () => writeTimes(times, form),
      names: columns,
      values,
      idColumn,
      timeColumn,
    };
    return { parts, actual, targetColumn, cutoffs: () => writeTimes(cutoffs, form) };
  }

  #backtestTable(
    native: NativeTable,
    panel: NativePanel | null,
    form: TimeForm | undefined,
  ): BacktestTable {
    const { parts, ...known } = this.#tableParts(native, form, true);
    const { frequency } = panel
      ? JSON.parse(guarded(() => panel.describe()))
      : { frequency: this.info().frequency };
    return new BacktestTable({ ...parts, ...known, frequency });
  }

  /** Remembers a call in flight, so that dispose() can wait for it; every failure is a rejection. */
  async #track<Result>(place: string, call: () => Promise<Result>): Promise<Result> {
    this.#checkLive(place);
    const running = call();
    this.#pending.add(running);
    try {
      return await running;
    } finally {
      this.#pending.delete(running);
    }
  }

  /** '' = the only model. */
  #aliasOption(place: string, alias: unknown): string {
    return optionalChoice(place, 'alias', alias, this.info().aliases) ?? '';
  }

  #checkLive(place: string): void {
    if (this.#disposed) {
      throw new ForecastError('ERR_ND_BUSY', `[${place}] the forecaster was disposed`);
    }
  }
}

/** Passes progress on; what the caller's function throws stops the job. */
function progressReport<Progress extends FitProgress>(
  onProgress: ((progress: Progress) => void) | undefined,
  started: number,
  stop: (reason: unknown) => void,
): ((event: string) => void) | null {
  if (!onProgress) return null;
  return (event) => {
    try {
      const { validLoss, ...rest } = JSON.parse(event);
      const elapsedMs = performance.now() - started;
      onProgress({ ...rest, ...(validLoss === null ? {} : { validLoss }), elapsedMs });
    } catch (error) {
      stop(error);
    }
  };
}
