import type {
  AdaptiveOptions,
  BatchSizeOptions,
  BatchSizeResult,
  BacktestTable as BacktestContract,
  CallOptions,
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
import { Calls } from './calls';
import { exportForecaster } from './checkpoint/export';
import { importForecaster } from './checkpoint/import';
import { crossValidationRequest } from './cross-validation-request';
import { checkOther, columnsOf, noTeacher } from './distill';
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
import { takeBacktest, takeForecast, takePaths } from './native-table';
import { type Note, readNote, writeNote } from './note';
import { optionalChoice, optionalSignal, optionError, readOptions } from './options';
import { Predictor } from './predictor';
import { type PanelCall, TableReader } from './reading';
import { registry } from './registry';
import {
  COLUMN_OPTIONS,
  columnNames,
  configuration,
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
import { notWeights } from './transfer';
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
  readonly #reader: TableReader;
  readonly #calls = new Calls();
  /** How the stamps of the fitted panel were written. */
  #form: TimeForm | undefined;

  constructor(options: NeuralForecastOptions);
  constructor(options: NeuralForecastOptions | Loaded) {
    if (isObject(options) && options instanceof Loaded) {
      this.#native = options.native;
      this.#reader = new TableReader(options.native, options.note);
      this.#form = options.note.time;
      return;
    }
    const { engine, names: columns, ...written } = configuration('NeuralForecast', options);
    this.#native = guarded(() => binding().createForecaster(engine));
    this.#reader = new TableReader(this.#native, { columns, ...written });
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
    this.#calls.checkLive('fitted');
    return this.#summary().fitted;
  }

  get columns(): readonly string[] {
    this.#calls.checkLive('columns');
    return this.#summary().columns;
  }

  fit(panel: TableInput, options: FitOptions = {}): Promise<FitResult> {
    return this.#calls.track('fit', () => this.#fit(panel, options));
  }

  predict(panel?: TableInput | null, options: PredictOptions = {}): Promise<ForecastTable> {
    return this.#calls.track('predict', () => this.#predict(panel ?? undefined, options));
  }

  simulate(panel?: TableInput | null, options: SimulateOptions = {}): Promise<PathsContract> {
    return this.#calls.track('simulate', () => this.#simulate(panel ?? undefined, options));
  }

  predictInsample(
    panel?: TableInput | null,
    options: PredictInsampleOptions = {},
  ): Promise<BacktestContract> {
    return this.#calls.track('predictInsample', () =>
      this.#predictInsample(panel ?? undefined, options),
    );
  }

  crossValidation(
    panel?: TableInput | null,
    options: CrossValidationOptions = {},
  ): Promise<BacktestContract> {
    return this.#calls.track('crossValidation', () =>
      this.#crossValidation(panel ?? undefined, options),
    );
  }

  makeFutureFrame(
    panel?: TableInput | null,
    options: FutureFrameOptions = {},
  ): Promise<ForecastTable> {
    return this.#calls.track('makeFutureFrame', () =>
      this.#futureFrame(panel ?? undefined, options),
    );
  }

  missingFuture(
    future: TableInput,
    panel?: TableInput | null,
    options: FutureFrameOptions = {},
  ): Promise<MissingFuture> {
    return this.#calls.track('missingFuture', async () => {
      const frame = await this.#futureFrame(panel ?? undefined, options);
      const { frequency } = this.#summary();
      const { names, timeZone } = this.#reader;
      return missingRows(future, frame, names, { frequency, timeZone, signal: options.signal });
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
    return this.#calls.track('save', async () => {
      const { file, request, signal } = saveRequest(path, given, this.#note());
      await runJob<null>((done) => this.#native.save(file, request, done), signal);
    });
  }

  exportCheckpoint(folder: string, options: ExportOptions = {}): Promise<void> {
    return this.#calls.track('exportCheckpoint', () =>
      exportForecaster(this.#native, folder, options, {
        names: this.#reader.names,
        registry: registry(),
      }),
    );
  }

  predictor(alias?: string, options: CallOptions = {}): Promise<Predictor> {
    return this.#calls.track('predictor', async () => {
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
    this.#calls.checkLive(place);
    const options = adaptiveOptions(place, readOptions(place, given, ['levels', 'rate']));
    const name = this.#aliasOption(place, alias);
    return AdaptiveIntervals.from(
      guarded(() => this.#native.adaptiveIntervals(name, JSON.stringify(options))),
    );
  }

  loadWeights(alias: string, path: string, options: CallOptions = {}): Promise<void> {
    return this.#calls.track('loadWeights', async () => {
      const { signal: given } = readOptions('loadWeights', options, ['signal']);
      const name = this.#aliasOption('loadWeights', alias);
      const file = pathOption('loadWeights', path);
      const signal = optionalSignal('loadWeights', given);
      const start = () =>
        runJob<null>((done) => this.#native.loadWeights(name, file, done), signal);
      await this.#calls.inTurn(async () => undefined, start);
    });
  }

  info(): ForecastInfo {
    this.#calls.checkLive('info');
    const info = JSON.parse(guarded(() => this.#native.info()));
    const names = guarded(() => this.#native.names());
    const { names: columns, timeZone } = this.#reader;
    const { idColumn, timeColumn, targetColumn } = { ...STANDARD_NAMES, ...columns };
    const zone = timeZone === undefined ? {} : { timeZone };
    return withNames({ ...info, idColumn, timeColumn, targetColumn, ...zone }, names);
  }

  history(): HistoryTable {
    this.#calls.checkLive('history');
    const { models }: ForecastInfo = JSON.parse(guarded(() => this.#native.info()));
    return HistoryTable.of(models.map(({ history }) => history));
  }

  clone(): NeuralForecast {
    this.#calls.checkLive('clone');
    return NeuralForecast.#from(
      guarded(() => this.#native.clone()),
      this.#note(),
    );
  }

  async dispose(): Promise<void> {
    await this.#calls.end();
    guarded(() => this.#native.dispose());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** What `given` holds as of now; null for none. */
  static #copyOf(
    given: object | undefined,
    place: string,
    refusal: (place: string, given: object) => ForecastError,
  ): NativeForecaster | null {
    if (given === undefined) return null;
    if (!(#native in given)) throw refusal(place, given);
    given.#calls.checkLive(place);
    return guarded(() => given.#native.clone());
  }

  /** How the caller's tables are written. */
  #note(form = this.#form): Note {
    const { names, frequency, timeZone } = this.#reader;
    return { columns: names, frequency, timeZone, time: form };
  }

  async #fit(table: TableInput, call: FitOptions): Promise<FitResult> {
    const { settings, weights, distill, signal, onProgress, statics } = fitRequest(call);
    const source = NeuralForecast.#copyOf(weights, 'fit', notWeights);
    checkOther(distill.teacher, this);
    const teacher = NeuralForecast.#copyOf(distill.teacher, 'fit', noTeacher);
    const started = performance.now();
    signal?.throwIfAborted();
    const beside = columnsOf(teacher, distill.settings);
    const prepare = () =>
      this.#reader.open('fit', table, { signal, statics, trains: true, beside });
    return this.#calls.inTurn(prepare, async ({ panel, form }) => {
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
              teacher,
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
    return this.#calls.track(place, async () => {
      const request = read(this.#summary().aliases);
      const { signal, statics } = request;
      signal?.throwIfAborted();
      const { panel } = await this.#reader.open(place, table, { signal, statics, trains: true });
      return runTrial<Result>(this.#native, place, panel, request);
    });
  }

  async #predict(table: TableInput | undefined, call: PredictOptions): Promise<ForecastTable> {
    const { options, signal, statics, future } = predictRequest(call);
    return this.#withPanel('predict', table, { signal, statics }, async (panel, form) => {
      const rows = await this.#future('predict', future, form, signal);
      const start: TableJob = (done) => this.#native.predict(panel, options, rows, done);
      return new ForecastTable(
        await takeForecast(await runJob(start, signal), form, this.#reader.names),
      );
    });
  }

  async #simulate(table: TableInput | undefined, call: SimulateOptions): Promise<PathsTable> {
    const { options, signal, statics, future } = simulateRequest(call);
    return this.#withPanel('simulate', table, { signal, statics }, async (panel, form) => {
      const rows = await this.#future('simulate', future, form, signal);
      const start: TableJob = (done) => this.#native.simulate(panel, options, rows, done);
      return new PathsTable(await takePaths(await runJob(start, signal), form, this.#reader.names));
    });
  }

  async #futureFrame(
    table: TableInput | undefined,
    call: FutureFrameOptions,
  ): Promise<ForecastTable> {
    const { options, signal } = futureFrameRequest(call);
    const { names } = this.#reader;
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
    const place = 'crossValidation';
    const { options, signal, onProgress, statics, weights } = crossValidationRequest(call);
    const source = NeuralForecast.#copyOf(weights, place, notWeights);
    const started = performance.now();
    const trains = JSON.parse(options).useFitted !== true;
    return this.#withPanel(place, table, { signal, statics, trains }, async (panel, form) => {
      const native = await runJob<NativeTable>((done, stop) => {
        const report = progressReport(onProgress, started, stop);
        return this.#native.crossValidation(panel, options, report, done, source);
      }, signal);
      return this.#backtest(native, panel, form);
    });
  }

  /** Calls `use` with the panel of a table (null = the fitted one), which is freed afterwards. */
  async #withPanel<Result>(
    place: string,
    table: TableInput | undefined,
    call: PanelCall,
    use: (panel: NativePanel | null, form: TimeForm | undefined) => Promise<Result>,
  ): Promise<Result> {
    call.signal?.throwIfAborted();
    if (!table) return use(null, this.#form);
    const { frequency, fitted } = this.#summary();
    const asFitted = fitted ? { frequency } : {};
    const { panel, form } = await this.#reader.open(place, table, { ...call, ...asFitted });
    try {
      return await use(panel, form);
    } finally {
      panel.dispose();
    }
  }

  #future(
    place: string,
    table: TableInput | undefined,
    form: TimeForm | undefined,
    signal: AbortSignal | undefined,
  ): Promise<NativeFuture | null> {
    return this.#reader.future(place, table, form, {
      signal,
      frequency: this.#summary().frequency,
    });
  }

  async #backtest(
    native: NativeTable,
    panel: NativePanel | null,
    form: TimeForm | undefined,
  ): Promise<BacktestTable> {
    const { frequency } = panel ? JSON.parse(guarded(() => panel.describe())) : this.#summary();
    const parts = await takeBacktest(native, form, this.#reader.names);
    return new BacktestTable({ ...parts, frequency });
  }

  /** One name, one column: in the tables that are read, and in those that are given back. */
  #checkColumns(place: string): void {
    const names = { ...STANDARD_NAMES, ...this.#reader.names };
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
}
