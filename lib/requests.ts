/** What callers may pass, checked by name and type, as the JSON text that native code reads. */

import type {
  ColumnNames,
  FutureFrameOptions,
  NeuralForecastOptions,
  PredictInsampleOptions,
  PredictOptions,
  SimulateOptions,
  TableInput,
} from '../types/index';
import {
  checkedJson,
  optionalBoolean,
  optionalChoice,
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
  'localStaticScaler',
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
  /** The forecaster, if it is one, whose weights are taken. */
  readonly weights?: object | undefined;
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
export function quantilesOption(place: string, options: QuantileOptions): QuantileOptions {
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
export function horizonOption(place: string, horizon: unknown): number {
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
