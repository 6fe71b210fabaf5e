import type {
  AdaptiveOptions,
  BatchSizeOptions,
  BatchSizeResult,
  BacktestTable as BacktestContract,
  CallOptions,
  ColumnNames,
  NeuralForecast as Contract,
  CrossValidationOptions,
  ExportOptions,
  FitOptions,
  FitProgress,
  FitResult,
  ForecastInfo,
  FutureFrameOptions,
  ImportOptions,
  LearningRateCurve,
  LearningRateOptions,
  LoadOptions,
  MissingFuture,
  NeuralForecastOptions,
  OneBatchOptions,
  OneBatchResult,
  PredictInsampleOptions,
  PathsTable as PathsContract,
  PredictOptions,
  SaveOptions,
  SimulateOptions,
  TableInput,
} from '../types/index';
import { AdaptiveIntervals, adaptiveOptions } from './adaptive';
import { binding } from './binding';
import { exportForecaster } from './checkpoint/export';
import { importForecaster } from './checkpoint/import';
import { readFuture, readPanel, type ReadOptions } from './columns';
import { ForecastError, guarded } from './errors';
import { fitRequest } from './fit-request';
import { withNames } from './forecast-info';
import { BacktestTable, ForecastTable, PathsTable } from './forecast-table';
import { progressReport, runJob } from './job';
import type {
  NativeDone,
  NativeForecaster,
  NativeFuture,
  NativeJob,
  NativePanel,
  NativePredictor,
  NativeTable,
} from './native';
import { missingRows } from './future';
import { HistoryTable } from './history-table';
import { createPanel, packFuture } from './native-panel';
import { takeBacktest, takeForecast, takePaths } from './native-table';
import { type Note, readNote, writeNote } from './note';
import { optionalChoice, optionalSignal, optionError, readOptions } from './options';
import { Predictor } from './predictor';
import { checkSameKind, type PanelCall, type Reading, readingOf } from './reading';
import { registry } from './registry';
import {
  COLUMN_OPTIONS,
  columnNames,
  configuration,
  crossValidationRequest,
  futureFrameRequest,
  insampleRequest,
  pathOption,
  predictRequest,
  type Request,
  simulateRequest,
  STANDARD_NAMES,
} from './requests';
import { saveRequest } from './save-request';
import type { TimeForm } from './times';
import { WEIGHTS_EXPECTED } from './transfer';
import {
  batchSizeRequest,
  learningRateRequest,
  oneBatchRequest,
  runTrial,
  type TrialName,
} from './trials';
import { isObject } from './values';

/** A native forecaster that `load` read; the constructor takes it over. */
class Loaded {
  constructor(
    readonly native: NativeForecaster,
    readonly note: Note,
  ) {}
}

type TableJob = (done: NativeDone<NativeTable>) => NativeJob;

/** Several models over one panel: fitted, asked, saved and loaded together. */
export class NeuralForecast implements Contract {
  readonly #native: NativeForecaster;
  readonly #names: Partial<ColumnNames>;
  readonly #frequency: string;
  readonly #timeZone: string | undefined;
  readonly #reads: Reading;
  readonly #pending = new Set<Promise<unknown>>();
  /** How the stamps of the fitted panel were written. */
  #form: TimeForm | undefined;
  #disposed = false;
  /** Resolves when the latest call that changes the object has been handed to native code. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: NeuralForecastOptions);
  constructor(options: NeuralForecastOptions | Loaded) {
    if (isObject(options) && options instanceof Loaded) {
      this.#native = options.native;
      this.#reads = readingOf(options.native);
      this.#names = options.note.columns;
      this.#frequency = options.note.frequency;
      this.#timeZone = options.note.timeZone;
      this.#form = options.note.time;
      return;
    }
    const { engine, names, frequency, timeZone } = configuration('NeuralForecast', options);
    this.#native = guarded(() => binding().createForecaster(engine));
    this.#reads = readingOf(this.#native);
    this.#names = names;
    this.#frequency = frequency;
    this.#timeZone = timeZone;
    this.#checkColumns('NeuralForecast');
  }

  static async load(path: string, given: LoadOptions = {}): Promise<NeuralForecast> {
    const place = 'load';
    const options = readOptions(place, given, [...COLUMN_OPTIONS, 'signal']);
    const file = pathOption(place, path);
    const names = columnNames(place, options);
    const native = await runJob<NativeForecaster>(
      (done) => binding().loadForecaster(file, done),
      optionalSignal(place, options.signal),
    );
    const note = readNote(JSON.parse(guarded(() => native.summary())).note);
    const loaded = NeuralForecast.#from(native, {
      ...note,
      columns: { ...note.columns, ...names },
    });
    loaded.#checkColumns(place);
    return loaded;
  }

  static async importCheckpoint(
    folder: string,
    options: ImportOptions = {},
  ): Promise<NeuralForecast> {
    const { native, note } = await importForecaster(folder, options, registry());
    return NeuralForecast.#from(native, note);
  }

  static #from(native: NativeForecaster, note: Note): NeuralForecast {
    return new NeuralForecast(new Loaded(native, note) as unknown as NeuralForecastOptions);
  }

  get fitted(): boolean {
    this.#checkLive('fitted');
    return this.#summary().fitted;
  }

  get columns(): readonly string[] {
    this.#checkLive('columns');
    return this.#summary().columns;
  }

  fit(panel: TableInput, options: FitOptions = {}): Promise<FitResult> {
    return this.#track('fit', () => this.#fit(panel, options));
  }

  predict(panel?: TableInput | null, options: PredictOptions = {}): Promise<ForecastTable> {
    return this.#track('predict', () => this.#predict(panel ?? undefined, options));
  }

  simulate(panel?: TableInput | null, options: SimulateOptions = {}): Promise<PathsContract> {
    return this.#track('simulate', () => this.#simulate(panel ?? undefined, options));
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

  makeFutureFrame(
    panel?: TableInput | null,
    options: FutureFrameOptions = {},
  ): Promise<ForecastTable> {
    return this.#track('makeFutureFrame', () => this.#futureFrame(panel ?? undefined, options));
  }

  missingFuture(
    future: TableInput,
    panel?: TableInput | null,
    options: FutureFrameOptions = {},
  ): Promise<MissingFuture> {
    return this.#track('missingFuture', async () => {
      const frame = await this.#futureFrame(panel ?? undefined, options);
      const { frequency } = this.#summary();
      return missingRows(future, frame, this.#names, {
        frequency,
        timeZone: this.#timeZone,
        signal: options.signal,
      });
    });
  }

  findLearningRate(
    panel: TableInput,
    options: LearningRateOptions = {},
  ): Promise<LearningRateCurve> {
    return this.#try('findLearningRate', panel, (aliases) => learningRateRequest(options, aliases));
  }

  checkOneBatch(panel: TableInput, options: OneBatchOptions = {}): Promise<OneBatchResult> {
    return this.#try('checkOneBatch', panel, (aliases) => oneBatchRequest(options, aliases));
  }

  findBatchSize(panel: TableInput, options: BatchSizeOptions = {}): Promise<BatchSizeResult> {
    return this.#try('findBatchSize', panel, (aliases) => batchSizeRequest(options, aliases));
  }

  save(path: string, given: SaveOptions = {}): Promise<void> {
    return this.#track('save', async () => {
      const { file, request, signal } = saveRequest(path, given, this.#note());
      await runJob<null>((done) => this.#native.save(file, request, done), signal);
    });
  }

  exportCheckpoint(folder: string, options: ExportOptions = {}): Promise<void> {
    return this.#track('exportCheckpoint', () =>
      exportForecaster(this.#native, folder, options, { names: this.#names, registry: registry() }),
    );
  }

  predictor(alias?: string, options: CallOptions = {}): Promise<Predictor> {
    return this.#track('predictor', async () => {
      const { signal: given } = readOptions('predictor', options, ['signal']);
      const name = this.#aliasOption('predictor', alias);
      const signal = optionalSignal('predictor', given);
      return new Predictor(
        await runJob<NativePredictor>((done) => this.#native.predictor(name, done), signal),
      );
    });
  }

  adaptiveIntervals(
    alias?: string,
    given: Omit<AdaptiveOptions, 'horizon'> = {},
  ): AdaptiveIntervals {
    const place = 'adaptiveIntervals';
    this.#checkLive(place);
    const options = adaptiveOptions(place, readOptions(place, given, ['levels', 'rate']));
    const name = this.#aliasOption(place, alias);
    return AdaptiveIntervals.from(
      guarded(() => this.#native.adaptiveIntervals(name, JSON.stringify(options))),
    );
  }

  loadWeights(alias: string, path: string, options: CallOptions = {}): Promise<void> {
    return this.#track('loadWeights', async () => {
      const { signal: given } = readOptions('loadWeights', options, ['signal']);
      const name = this.#aliasOption('loadWeights', alias);
      const file = pathOption('loadWeights', path);
      const signal = optionalSignal('loadWeights', given);
      const start = () =>
        runJob<null>((done) => this.#native.loadWeights(name, file, done), signal);
      await this.#inTurn(async () => undefined, start);
    });
  }

  info(): ForecastInfo {
    this.#checkLive('info');
    const info = JSON.parse(guarded(() => this.#native.info()));
    const names = guarded(() => this.#native.names());
    const { idColumn, timeColumn, targetColumn } = { ...STANDARD_NAMES, ...this.#names };
    const timeZone = this.#timeZone === undefined ? {} : { timeZone: this.#timeZone };
    return withNames({ ...info, idColumn, timeColumn, targetColumn, ...timeZone }, names);
  }

  history(): HistoryTable {
    this.#checkLive('history');
    const { models }: ForecastInfo = JSON.parse(guarded(() => this.#native.info()));
    return HistoryTable.of(models.map(({ history }) => history));
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

  /** What `given` holds as of now; null for none. */
  static #copyOf(given: object | undefined): NativeForecaster | null {
    if (given === undefined) return null;
    if (!(#native in given)) throw optionError('fit', 'initialWeights', given, WEIGHTS_EXPECTED);
    given.#checkLive('fit');
    return guarded(() => given.#native.clone());
  }

  /** How the caller's tables are written. */
  #note(form = this.#form): Note {
    return {
      columns: this.#names,
      frequency: this.#frequency,
      timeZone: this.#timeZone,
      time: form,
    };
  }

  async #fit(table: TableInput, call: FitOptions): Promise<FitResult> {
    const { settings, weights, signal, onProgress, statics } = fitRequest(call);
    const source = NeuralForecast.#copyOf(weights);
    const started = performance.now();
    signal?.throwIfAborted();
    const prepare = async () => {
      const { input, form } = await readPanel('fit', table, this.#names, {
        ...this.#reading(this.#frequency, signal, statics),
        weight: this.#reads.weight,
      });
      return { panel: await createPanel(input, signal), form };
    };
    return this.#inTurn(prepare, async ({ panel, form }) => {
      const options = JSON.stringify({ ...settings, note: writeNote(this.#note(form)) });
      try {
        const summaries = await runJob<string>(
          (done, stop) =>
            this.#native.fit(
              panel,
              options,
              progressReport(onProgress, started, stop),
              done,
              source,
            ),
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
    });
  }

  /** A trial training of one of the models, which leaves the object as it is. */
  #try<Result>(
    place: TrialName,
    table: TableInput,
    read: (aliases: readonly string[]) => Request<FitProgress>,
  ): Promise<Result> {
    return this.#track(place, async () => {
      const request = read(this.#summary().aliases);
      const { signal, statics } = request;
      signal?.throwIfAborted();
      const { input } = await readPanel(place, table, this.#names, {
        ...this.#reading(this.#frequency, signal, statics),
        weight: this.#reads.weight,
      });
      return runTrial<Result>(this.#native, place, await createPanel(input, signal), request);
    });
  }

  async #predict(table: TableInput | undefined, call: PredictOptions): Promise<ForecastTable> {
    const { options, signal, statics, future } = predictRequest(call);
    return this.#withPanel('predict', table, { signal, statics }, async (panel, form) => {
      const rows = await this.#readFuture('predict', future, form, signal);
      const start: TableJob = (done) => this.#native.predict(panel, options, rows, done);
      return new ForecastTable(await takeForecast(await runJob(start, signal), form, this.#names));
    });
  }

  async #simulate(table: TableInput | undefined, call: SimulateOptions): Promise<PathsTable> {
    const { options, signal, statics, future } = simulateRequest(call);
    return this.#withPanel('simulate', table, { signal, statics }, async (panel, form) => {
      const rows = await this.#readFuture('simulate', future, form, signal);
      const start: TableJob = (done) => this.#native.simulate(panel, options, rows, done);
      return new PathsTable(await takePaths(await runJob(start, signal), form, this.#names));
    });
  }

  async #futureFrame(
    table: TableInput | undefined,
    call: FutureFrameOptions,
  ): Promise<ForecastTable> {
    const { options, signal } = futureFrameRequest(call);
    const names = this.#names;
    // Of the panel only its series and their ends matter: no column beside the target is read.
    return this.#withPanel(
      'makeFutureFrame',
      table,
      { signal, bare: true },
      async (panel, form) => {
        const start: TableJob = (done) => this.#native.futureFrame(panel, options, done);
        return new ForecastTable(await takeForecast(await runJob(start, signal), form, names));
      },
    );
  }

  async #predictInsample(
    table: TableInput | undefined,
    call: PredictInsampleOptions,
  ): Promise<BacktestTable> {
    const { options, signal, statics } = insampleRequest(call);
    return this.#withPanel('predictInsample', table, { signal, statics }, async (panel, form) => {
      const start: TableJob = (done) => this.#native.predictInsample(panel, options, done);
      return this.#backtest(await runJob(start, signal), panel, form);
    });
  }

  async #crossValidation(
    table: TableInput | undefined,
    call: CrossValidationOptions,
  ): Promise<BacktestTable> {
    const { options, signal, onProgress, statics } = crossValidationRequest(call);
    const started = performance.now();
    const trains = JSON.parse(options).useFitted !== true;
    return this.#withPanel(
      'crossValidation',
      table,
      { signal, statics, trains },
      async (panel, form) => {
        const native = await runJob<NativeTable>((done, stop) => {
          const report = progressReport(onProgress, started, stop);
          return this.#native.crossValidation(panel, options, report, done);
        }, signal);
        return this.#backtest(native, panel, form);
      },
    );
  }

  /** Calls `use` with the panel of a table (null = the fitted one), which is freed afterwards. */
  async #withPanel<Result>(
    place: string,
    table: TableInput | undefined,
    { signal, statics, bare = false, trains = false }: PanelCall,
    use: (panel: NativePanel | null, form: TimeForm | undefined) => Promise<Result>,
  ): Promise<Result> {
    signal?.throwIfAborted();
    if (!table) return use(null, this.#form);
    const { frequency, fitted } = this.#summary();
    const read = await readPanel(
      place,
      table,
      this.#names,
      bare
        ? { frequency, timeZone: this.#timeZone, signal, missing: this.#reads.missing }
        : {
            ...this.#reading(fitted ? frequency : this.#frequency, signal, statics),
            ...(trains ? { weight: this.#reads.weight } : {}),
          },
    );
    const panel = await createPanel(read.input, signal);
    try {
      return await use(panel, read.form);
    } finally {
      panel.dispose();
    }
  }

  /** How a table of the caller is read. */
  #reading(
    frequency: string,
    signal: AbortSignal | undefined,
    statics: TableInput | undefined,
  ): ReadOptions {
    const { futr, hist, stat } = this.#reads.exogenous;
    return {
      frequency,
      timeZone: this.#timeZone,
      signal,
      missing: this.#reads.missing,
      features: [...new Set([...futr, ...hist])],
      statics: { names: stat, table: statics },
    };
  }

  /** What is known of the steps to come, in the time of a panel; null where no model reads it. */
  async #readFuture(
    place: string,
    table: TableInput | undefined,
    panelForm: TimeForm | undefined,
    signal: AbortSignal | undefined,
  ): Promise<NativeFuture | null> {
    const { futr } = this.#reads.exogenous;
    if (futr.length === 0 || table === undefined) return null;
    const { frequency } = this.#summary();
    const rows = await readFuture(place, table, this.#names, {
      ...this.#reading(frequency, signal, undefined),
      features: futr,
    });
    checkSameKind(place, rows.form, panelForm);
    return packFuture(rows, signal);
  }

  async #backtest(
    native: NativeTable,
    panel: NativePanel | null,
    form: TimeForm | undefined,
  ): Promise<BacktestTable> {
    const { frequency } = panel ? JSON.parse(guarded(() => panel.describe())) : this.#summary();
    const parts = await takeBacktest(native, form, this.#names);
    return new BacktestTable({ ...parts, frequency });
  }

  /**
   * Hands calls that change the object to native code in the order in which they were made, whatever each of them has to
   * prepare; native code then runs them in that order.
   */
  async #inTurn<Prepared, Result>(
    prepare: () => Promise<Prepared>,
    start: (prepared: Prepared) => Promise<Result>,
  ): Promise<Result> {
    const before = this.#turn;
    let pass = () => {};
    this.#turn = new Promise((resolve) => {
      pass = resolve;
    });
    try {
      const prepared = await prepare();
      await before;
      const running = start(prepared);
      pass();
      return await running;
    } finally {
      // Of a call that has failed before its turn, the turn comes all the same.
      before.then(pass);
    }
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

  /** One name, one column: in the tables that are read, and in those that are given back. */
  #checkColumns(place: string): void {
    const names = { ...STANDARD_NAMES, ...this.#names };
    const taken = new Set<string>(['cutoff', ...this.#summary().columns]);
    for (const option of COLUMN_OPTIONS) {
      if (taken.has(names[option])) {
        throw optionError(
          place,
          option,
          names[option],
          'a name of its own: another column of the forecasts has this one',
        );
      }
      taken.add(names[option]);
    }
  }

  /** '' = the only model. */
  #aliasOption(place: string, alias: unknown): string {
    return optionalChoice(place, 'alias', alias, this.#summary().aliases) ?? '';
  }

  #summary(): Pick<ForecastInfo, 'fitted' | 'frequency' | 'columns' | 'aliases'> {
    return JSON.parse(guarded(() => this.#native.summary()));
  }

  #checkLive(place: string): void {
    if (this.#disposed) {
      throw new ForecastError('ERR_ND_BUSY', `[${place}] the forecaster was disposed`);
    }
  }
}
