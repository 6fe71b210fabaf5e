/** What callers of `crossValidation` may pass, checked by name and type. */

import type { CrossValidationOptions, CrossValidationProgress } from '../types/index';
import { intervalsOption } from './intervals';
import {
  optionalBoolean,
  optionalChoice,
  optionalFunction,
  optionalInteger,
  optionalSignal,
  optionalString,
  optionError,
  readOptions,
} from './options';
import {
  horizonOption,
  pathOption,
  quantilesOption,
  type Request,
  tableOption,
  threadsOption,
} from './requests';
import { transferOption } from './transfer';

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
  'initialWeights',
  'freeze',
  'intervals',
  'statics',
  'signal',
  'onProgress',
  'threads',
  'levels',
  'quantiles',
] as const;

type Contradiction = readonly [
  keyof CrossValidationOptions,
  (options: CrossValidationOptions) => boolean,
  string,
];

const trainsNothing = ({ useFitted }: CrossValidationOptions) => !!useFitted;
const WHY_NOTHING = 'because useFitted: true trains nothing';
const OF_FITS = ['purge', 'folds', 'checkpoint', 'intervals', 'initialWeights', 'freeze'] as const;

/** Options of which one makes another meaningless: [option, given with, what is expected instead]. */
const CONTRADICTIONS: readonly Contradiction[] = [
  ['refit', trainsNothing, `false, ${WHY_NOTHING}`],
  ...OF_FITS.map((name): Contradiction => [name, trainsNothing, `none, ${WHY_NOTHING}`]),
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
  const transfer = transferOption(place, options);
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
      ...transfer.settings,
      ...intervalsOption(place, options.intervals),
      ...quantilesOption(place, options),
    }),
    weights: transfer.from,
    statics: tableOption(place, 'statics', options.statics),
    signal: optionalSignal(place, options.signal),
    onProgress: optionalFunction(place, 'onProgress', options.onProgress),
  };
}
