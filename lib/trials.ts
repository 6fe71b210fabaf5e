/** Trials of a training: what callers of findLearningRate, checkOneBatch and findBatchSize may pass, and the call. */

import type {
  BatchSizeOptions,
  FitProgress,
  LearningRateOptions,
  OneBatchOptions,
  TrialOptions,
} from '../types/index';
import { progressReport, runJob } from './job';
import type { NativeForecaster, NativePanel } from './native';
import {
  optionalChoice,
  optionalFunction,
  optionalInteger,
  optionalSignal,
  optionError,
  readOptions,
} from './options';
import { type Request, tableOption, threadsOption } from './requests';

const MOST_STEPS = 1_000_000;
const HIGHEST_RATE = 1000;
const MOST_WINDOWS = 1_000_000_000;

const TRIAL_OPTIONS = ['model', 'statics', 'signal', 'onProgress', 'threads'] as const;

/** The names of the methods, here and of native code. */
export type TrialName = 'findLearningRate' | 'checkOneBatch' | 'findBatchSize';

function positiveNumber(place: string, name: string, value: unknown, most: number) {
  if (value === undefined || (typeof value === 'number' && value > 0 && value <= most)) {
    return value;
  }
  throw optionError(place, name, value, `a number above 0 and at most ${most}`);
}

function trialRequest(
  place: TrialName,
  options: Partial<TrialOptions>,
  aliases: readonly string[],
  own: object,
): Request<FitProgress> {
  return {
    options: JSON.stringify({
      model: optionalChoice(place, 'model', options.model, aliases),
      threads: threadsOption(place, options.threads),
      ...own,
    }),
    statics: tableOption(place, 'statics', options.statics),
    signal: optionalSignal(place, options.signal),
    onProgress: optionalFunction(place, 'onProgress', options.onProgress),
  };
}

export function learningRateRequest(
  given: LearningRateOptions,
  aliases: readonly string[],
): Request<FitProgress> {
  const place = 'findLearningRate';
  const options = readOptions(place, given, [...TRIAL_OPTIONS, 'from', 'to', 'steps']);
  const from = positiveNumber(place, 'from', options.from, HIGHEST_RATE) ?? 1e-7;
  const to = positiveNumber(place, 'to', options.to, HIGHEST_RATE) ?? 1;
  if (to <= from) throw optionError(place, 'to', to, `a rate above from = ${from}`);
  const steps = optionalInteger(place, 'steps', options.steps, 10, MOST_STEPS) ?? 100;
  return trialRequest(place, options, aliases, { from, to, steps });
}

export function oneBatchRequest(
  given: OneBatchOptions,
  aliases: readonly string[],
): Request<FitProgress> {
  const place = 'checkOneBatch';
  const options = readOptions(place, given, [...TRIAL_OPTIONS, 'steps', 'tolerance', 'windows']);
  return trialRequest(place, options, aliases, {
    steps: optionalInteger(place, 'steps', options.steps, 1, MOST_STEPS) ?? 2000,
    tolerance: positiveNumber(place, 'tolerance', options.tolerance, 1) ?? 0.01,
    windows: optionalInteger(place, 'windows', options.windows, 1, MOST_WINDOWS) ?? 8,
  });
}

export function batchSizeRequest(
  given: BatchSizeOptions,
  aliases: readonly string[],
): Request<FitProgress> {
  const place = 'findBatchSize';
  const options = readOptions(place, given, [...TRIAL_OPTIONS, 'from', 'to', 'steps']);
  const from = optionalInteger(place, 'from', options.from, 1, MOST_WINDOWS) ?? 16;
  const to = optionalInteger(place, 'to', options.to, from, MOST_WINDOWS) ?? Math.max(from, 256);
  const steps = optionalInteger(place, 'steps', options.steps, 1, MOST_STEPS) ?? 10;
  return trialRequest(place, options, aliases, { from, to, steps });
}

/** Runs a trial of one of the models of `native` on `panel`, which is freed afterwards. */
export async function runTrial<Result>(
  native: NativeForecaster,
  place: TrialName,
  panel: NativePanel,
  { options, signal, onProgress }: Request<FitProgress>,
): Promise<Result> {
  const started = performance.now();
  try {
    const result = await runJob<string>((done, stop) => {
      const report = progressReport(onProgress, started, stop);
      return native[place](panel, options, report, done);
    }, signal);
    return JSON.parse(result);
  } finally {
    panel.dispose();
  }
}
