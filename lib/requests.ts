/** What callers may pass, checked by name and type, as the JSON text that native code reads. */

import type {
  ColumnNames,
  CrossValidationOptions,
  CrossValidationProgress,
  FutureFrameOptions,
  NeuralForecastOptions,
  PredictInsampleOptions,
  PredictOptions,
  SimulateOptions,
  TableInput,
} from '../types/index';
import { intervalsOption } from './intervals';
import {
  checkedJson,
  optionalBoolean,
  optionalChoice,
  optionalFunction,
  optionalInteger,
  optionalSignal,
  optionalString,
  optionError,
  readOptions,
} from './options';
import { isObject, listOf, oneOrMore } from './values';
import { optionalZone } from './zones';

export const COLUMN_OPTIONS = ['idColumn', 'timeColumn', 'targetColumn'] as const;
export const STANDARD_NAMES = { idColumn: 'unique_id', timeColumn: 'ds', targetColumn: 'y' };
const ENGINE_OPTIONS = [
  'models',
  'horizon',
  'inputSize',
  'frequency',
  'localScaler',
  'sampleWeight',
  'missing',
  'unseenCategory',
  'compat',
] as const;

/** What happens where a target is missing. */
export const MISSING = ['error', 'mask'] as const;

/** Of every forecast, as for the horizon that is trained. */
const LONGEST_HORIZON = 1_000_000;
const MOST_PATHS = 1_000_000;
const MOST_THREADS = 1024;
const MOST_QUANTILES = 1000;
export const MOST_MODELS = 1000;

const CROSS_VALIDATION_OPTIONS = [
  'windows',
  'stepSize',
  'horizon',
  'refit',
  'fromScratch',
  'useFitted',
  'valSize',
  'testSize',
  'purge',
  'embargo',
  'folds',
  'foldsOver',
  'checkpoint',
  'intervals',
  'statics',
  'signal',
  'onProgress',
  'threads',
  'levels',
  'quantiles',
] as const;

/** A call that is ready to start. */
export interface Request<Progress = never> {
  /** JSON text. */
  readonly options: string;
  readonly signal: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Values per series. */
  readonly statics?: TableInput | undefined;
  /** Values of steps to come. */
  readonly future?: TableInput | undefined;
}

/** A table that is not read yet: E0010 for what cannot be one. */
export function tableOption(place: string, name: string, table: unknown): TableInput | undefined {
  if (table === undefined || table === null) return undefined;
  if (typeof table !== 'object') {
    throw optionError(place, name, table, 'an array of records or an object of columns');
  }
  return table as TableInput;
}

export function columnNames(place: string, options: Partial<ColumnNames>): Partial<ColumnNames> {
  const given = COLUMN_OPTIONS.filter((name) => options[name] !== undefined);
  return Object.fromEntries(
    given.map((name) => [name, optionalString(place, name, options[name])]),
  );
}

/** Integer time may give its step as a number; native code checks the text. */
function frequencyText(place: string, frequency: unknown): string {
  if (typeof frequency === 'number' || typeof frequency === 'bigint') return String(frequency);
  if (frequency === undefined || frequency === null || frequency === '') return '';
  return optionalString(place, 'frequency', frequency) ?? '';
}

/** What a constructor was given, read once and checked as far as it can be here. */
export interface Configuration {
  /** What native code validates further, as JSON text. */
  readonly engine: string;
  readonly names: Partial<ColumnNames>;
  readonly frequency: string;
  readonly timeZone: string | undefined;
}

export function configuration(place: string, given: NeuralForecastOptions): Configuration {
  const options = readOptions(place, given, [...ENGINE_OPTIONS, ...COLUMN_OPTIONS, 'timeZone']);
  return {
    names: columnNames(place, options),
    frequency: frequencyText(place, options.frequency),
    timeZone: optionalZone(place, 'timeZone', options.timeZone),
    engine: engineConfig(place, options),
  };
}

function engineConfig(place: string, options: Partial<NeuralForecastOptions>): string {
  if (typeof options.compat === 'string') {
    optionalChoice(place, 'compat', options.compat, ['neuralforecast']);
  }
  optionalChoice(place, 'missing', options.missing, MISSING);
  optionalChoice(place, 'unseenCategory', options.unseenCategory, ['mean', 'error']);
  const frequency = frequencyText(place, options.frequency);
  const engine = {
    ...options,
    frequency: frequency === '' ? undefined : frequency,
    models: modelList(place, options.models),
  };
  const given = ENGINE_OPTIONS.filter((name) => engine[name] !== undefined);
  return JSON.stringify(
    Object.fromEntries(given.map((name) => [name, checkedJson(place, name, engine[name])])),
  );
}

/** The models, each of them looked up once. */
function modelList(place: string, models: unknown): unknown[] {
  const list = listOf(models, MOST_MODELS);
  if (!list || list.length === 0) {
    const expected = `an array of at least one model such as nhits(), and at most ${MOST_MODELS}`;
    throw optionError(place, 'models', models, expected);
  }
  return list.map((model, i) => {
    if (isObject(model) && 'type' in model) return model;
    const hint = typeof model === 'function' ? '; call the factory' : '';
    throw optionError(place, `models[${i}]`, model, `a model such as nhits()${hint}`);
  });
}

interface QuantileOptions {
  readonly levels?: number | readonly number[];
  readonly quantiles?: number | readonly number[];
}

/** Other quantiles than those of the losses; native code knows which of them a model can give. */
function quantilesOption(place: string, options: QuantileOptions): QuantileOptions {
  const list = (name: keyof QuantileOptions, expected: string) => {
    const value = options[name];
    if (value === undefined) return {};
    const values = oneOrMore(value, MOST_QUANTILES) ?? [];
    if (values.length === 0 || values.some((v) => typeof v !== 'number' || !Number.isFinite(v))) {
      throw optionError(place, name, value, expected);
    }
    return { [name]: values };
  };
  return {
    ...list('levels', 'numbers between 0 and 100, such as [80, 95]'),
    ...list('quantiles', 'numbers between 0 and 1, such as [0.1, 0.9]'),
  };
}

/** 0 = that of the models. */
function horizonOption(place: string, horizon: unknown): number {
  return optionalInteger(place, 'horizon', horizon, 1, LONGEST_HORIZON) ?? 0;
}

export function threadsOption(place: string, threads: unknown): number {
  return optionalInteger(place, 'threads', threads, 1, MOST_THREADS) ?? 0;
}

export function pathOption(place: string, path: unknown): string {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw optionError(place, 'path', path, 'the path of a file');
  }
  return path;
}

/** What calls take that look ahead from the end of a panel. */
const AHEAD_OPTIONS = [
  'horizon',
  'future',
  'statics',
  'signal',
  'threads',
  'refitSeriesScaler',
] as const;

/** The request of such a call; `own`: what native code reads besides. */
function aheadRequest(
  place: string,
  options: Pick<PredictOptions, (typeof AHEAD_OPTIONS)[number]>,
  own: object,
): Request {
  const refit = optionalBoolean(place, 'refitSeriesScaler', options.refitSeriesScaler);
  return {
    options: JSON.stringify({
      horizon: horizonOption(place, options.horizon),
      threads: threadsOption(place, options.threads),
      refitSeriesScaler: refit ?? true,
      ...own,
    }),
    future: tableOption(place, 'future', options.future),
    statics: tableOption(place, 'statics', options.statics),
    signal: optionalSignal(place, options.signal),
  };
}

export function predictRequest(given: PredictOptions): Request {
  const place = 'predict';
  const options = readOptions(place, given, [...AHEAD_OPTIONS, 'levels', 'quantiles']);
  return aheadRequest(place, options, quantilesOption(place, options));
}

/** Ways to draw joint paths, the default first. */
export const PATH_METHODS = ['gaussianCopula', 'schaakeShuffle', 'ancestral'] as const;

export function simulateRequest(given: SimulateOptions): Request {
  const place = 'simulate';
  const options = readOptions(place, given, [...AHEAD_OPTIONS, 'paths', 'seed', 'method']);
  return aheadRequest(place, options, {
    paths: optionalInteger(place, 'paths', options.paths, 1, MOST_PATHS) ?? 100,
    seed: optionalInteger(place, 'seed', options.seed, 0) ?? 1,
    method: optionalChoice(place, 'method', options.method, PATH_METHODS) ?? PATH_METHODS[0],
  });
}

export function futureFrameRequest(given: FutureFrameOptions): Request {
  const place = 'makeFutureFrame';
  const options = readOptions(place, given, ['horizon', 'signal']);
  return {
    options: JSON.stringify({ horizon: horizonOption(place, options.horizon) }),
    signal: optionalSignal(place, options.signal),
  };
}

export function insampleRequest(given: PredictInsampleOptions): Request {
  const place = 'predictInsample';
  const options = readOptions(place, given, [
    'stepSize',
    'statics',
    'signal',
    'threads',
    'levels',
    'quantiles',
  ]);
  return {
    options: JSON.stringify({
      stepSize: optionalInteger(place, 'stepSize', options.stepSize, 1) ?? 1,
      threads: threadsOption(place, options.threads),
      ...quantilesOption(place, options),
    }),
    statics: tableOption(place, 'statics', options.statics),
    signal: optionalSignal(place, options.signal),
  };
}

/** Options of which one makes another meaningless: [option, given with, what is expected instead]. */
const CONTRADICTIONS: readonly (readonly [
  keyof CrossValidationOptions,
  (options: CrossValidationOptions) => boolean,
  string,
])[] = [
  ['refit', ({ useFitted }) => !!useFitted, 'false, because useFitted: true trains nothing'],
  ['purge', ({ useFitted }) => !!useFitted, 'none, because useFitted: true trains nothing'],
  ['folds', ({ useFitted }) => !!useFitted, 'none, because useFitted: true trains nothing'],
  ['checkpoint', ({ useFitted }) => !!useFitted, 'none, because useFitted: true trains nothing'],
  ['intervals', ({ useFitted }) => !!useFitted, 'none, because useFitted: true trains nothing'],
  ['windows', ({ testSize }) => testSize !== undefined, 'either windows or testSize'],
  ['foldsOver', ({ folds }) => folds === undefined, 'the option folds with it'],
  [
    'embargo',
    ({ foldsOver }) => foldsOver !== 'time',
    "foldsOver: 'time' with it, since else no row after a forecast is learned from",
  ],
  [
    'windows',
    ({ foldsOver }) => foldsOver === 'time',
    "none with foldsOver: 'time': every block is forecast",
  ],
  [
    'testSize',
    ({ foldsOver }) => foldsOver === 'time',
    "none with foldsOver: 'time': every block is forecast",
  ],
  [
    'refit',
    ({ foldsOver }) => foldsOver === 'time',
    "none with foldsOver: 'time': every block has one fit",
  ],
];

export function crossValidationRequest(
  given: CrossValidationOptions,
): Request<CrossValidationProgress> {
  const place = 'crossValidation';
  const options = readOptions(place, given, CROSS_VALIDATION_OPTIONS);
  for (const [name, contradicts, expected] of CONTRADICTIONS) {
    const value = options[name];
    if (value !== undefined && value !== false && contradicts(options)) {
      throw optionError(place, name, value, expected);
    }
  }
  const { refit = false } = options;
  const fromScratch = optionalBoolean(place, 'fromScratch', options.fromScratch) ?? true;
  const checkpoint = optionalString(place, 'checkpoint', options.checkpoint);
  for (const name of ['checkpoint', 'folds'] as const) {
    if (fromScratch || options[name] === undefined) continue;
    const why = 'because with fromScratch: false a fit needs the weights of the one before';
    throw optionError(place, name, options[name], `none, ${why}`);
  }
  const folds = optionalInteger(place, 'folds', options.folds, 2);
  const foldsOver = optionalChoice(place, 'foldsOver', options.foldsOver, ['series', 'time']);
  return {
    options: JSON.stringify({
      windows: optionalInteger(place, 'windows', options.windows, 1) ?? 1,
      stepSize: optionalInteger(place, 'stepSize', options.stepSize, 1) ?? 1,
      testSize: optionalInteger(place, 'testSize', options.testSize, 1) ?? 0,
      horizon: horizonOption(place, options.horizon),
      refit: typeof refit === 'boolean' ? Number(refit) : optionalInteger(place, 'refit', refit, 1),
      fromScratch,
      useFitted: optionalBoolean(place, 'useFitted', options.useFitted) ?? false,
      valSize: optionalInteger(place, 'valSize', options.valSize, 0) ?? 0,
      purge: optionalInteger(place, 'purge', options.purge, 0) ?? 0,
      embargo: optionalInteger(place, 'embargo', options.embargo, 0) ?? 0,
      ...(folds === undefined ? {} : { folds, foldsOver: foldsOver ?? 'series' }),
      ...(checkpoint === undefined ? {} : { checkpoint: pathOption(place, checkpoint) }),
      threads: threadsOption(place, options.threads),
      ...intervalsOption(place, options.intervals),
      ...quantilesOption(place, options),
    }),
    statics: tableOption(place, 'statics', options.statics),
    signal: optionalSignal(place, options.signal),
    onProgress: optionalFunction(place, 'onProgress', options.onProgress),
  };
}
