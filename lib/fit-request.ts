/** What callers of `fit` may pass, checked by name and type. */

import type { FitOptions, FitProgress, TableInput } from '../types/index';
import { type Distill, distillOption } from './distill';
import { intervalsOption } from './intervals';
import {
  optionalBoolean,
  optionalFunction,
  optionalInteger,
  optionalSignal,
  optionError,
  readOptions,
} from './options';
import { pathOption, tableOption, threadsOption } from './requests';
import { transferOption } from './transfer';
import { isObject } from './values';

const CHECKPOINT_EVERY = 100;
/** About three years. */
const LONGEST_BUDGET_MS = 1e11;

export interface FitRequest {
  /** What native code reads, but for the note. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The forecaster, if it is one, whose weights are taken. */
  readonly weights: object | undefined;
  readonly distill: Distill;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: FitProgress) => void) | undefined;
  readonly statics: TableInput | undefined;
}

function checkpointOption(place: string, given: FitOptions['checkpoint']) {
  if (given === undefined) return undefined;
  if (!isObject(given)) {
    throw optionError(place, 'checkpoint', given, "an object such as { path: 'fit.safetensors' }");
  }
  const options = readOptions(place, given, ['path', 'everySteps']);
  const everySteps = optionalInteger(place, 'everySteps', options.everySteps, 1);
  return { path: pathOption(place, options.path), everySteps: everySteps ?? CHECKPOINT_EVERY };
}

/** A path; true: the checkpoint of this call, if it is there. */
function resumeOption(place: string, { resume, checkpoint }: Partial<FitOptions>) {
  if (resume === undefined || resume === false) return undefined;
  if (typeof resume === 'string') return pathOption(place, resume);
  if (resume !== true) {
    throw optionError(place, 'resume', resume, 'true, false or the path of a checkpoint');
  }
  if (checkpoint === undefined) {
    throw optionError(place, 'resume', resume, 'the option checkpoint with it, or a path');
  }
  return true;
}

function budgetOption(place: string, budget: unknown): number | undefined {
  if (budget === undefined) return undefined;
  if (typeof budget === 'number' && budget > 0 && budget <= LONGEST_BUDGET_MS) return budget;
  throw optionError(place, 'timeBudgetMs', budget, 'milliseconds, above 0');
}

export function fitRequest(given: FitOptions): FitRequest {
  const place = 'fit';
  const options = readOptions(place, given, [
    'valSize',
    'fromScratch',
    'initialWeights',
    'freeze',
    'monitorGradients',
    'distill',
    'intervals',
    'keepOptimizer',
    'checkpoint',
    'resume',
    'timeBudgetMs',
    'statics',
    'signal',
    'onProgress',
    'threads',
  ]);
  const transfer = transferOption(place, options);
  const distill = distillOption(options.distill);
  const settings = {
    ...transfer.settings,
    monitorGradients: optionalBoolean(place, 'monitorGradients', options.monitorGradients) ?? false,
    ...distill.settings,
    ...intervalsOption(place, options.intervals),
    valSize: optionalInteger(place, 'valSize', options.valSize, 0) ?? 0,
    fromScratch: optionalBoolean(place, 'fromScratch', options.fromScratch) ?? false,
    keepOptimizer: optionalBoolean(place, 'keepOptimizer', options.keepOptimizer),
    checkpoint: checkpointOption(place, options.checkpoint),
    resume: resumeOption(place, options),
    timeBudgetMs: budgetOption(place, options.timeBudgetMs),
    threads: threadsOption(place, options.threads),
  };
  return {
    settings,
    weights: transfer.from,
    distill,
    statics: tableOption(place, 'statics', options.statics),
    signal: optionalSignal(place, options.signal),
    onProgress: optionalFunction(place, 'onProgress', options.onProgress),
  };
}
