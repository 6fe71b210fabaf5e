/** Options of calls that train about weights: where they begin, and which of them stay as they are. */

import type { FitOptions, InitialWeights } from '../types/index';
import type { ForecastError } from './errors';
import { isWellFormed, optionError, readOptions } from './options';
import { pathOption } from './requests';
import { isArray, isObject, oneOrMore } from './values';

export interface Transfer {
  /** What native code reads. */
  readonly settings: {
    readonly initialWeights?: {
      readonly path?: string;
      readonly weights?: readonly string[];
    };
    readonly freeze?: readonly string[];
  };
  /** Instead of a path: what should be a forecaster. */
  readonly from: object | undefined;
}

const MOST_PATTERNS = 10_000;
const NAME = 'initialWeights';

export const notWeights = (place: string, given: unknown): ForecastError =>
  optionError(
    place,
    NAME,
    given,
    'the path of a saved file, a NeuralForecast, or { from, weights }',
  );

/** Patterns over names of weights; a single one stands for a list. */
function patternList(place: string, name: string, given: unknown, least: number): string[] {
  const patterns = oneOrMore(given, MOST_PATTERNS);
  const isPattern = (text: unknown) =>
    typeof text === 'string' && text !== '' && isWellFormed(text);
  if (patterns && patterns.length >= least && patterns.every(isPattern))
    return patterns as string[];
  throw optionError(place, name, given, "patterns of names of weights, such as ['blocks.0.*']");
}

/** Whether it is { from, weights } rather than a forecaster. */
const isRecord = (given: object): given is InitialWeights => {
  const prototype = Object.getPrototypeOf(given);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

export function transferOption(
  place: string,
  options: Pick<FitOptions, 'initialWeights' | 'freeze'>,
): Transfer {
  const { initialWeights: given } = options;
  const freeze =
    options.freeze === undefined ? {} : { freeze: patternList(place, 'freeze', options.freeze, 0) };
  if (given === undefined) return { settings: freeze, from: undefined };
  const record = isObject(given) && !isArray(given) && isRecord(given);
  const { from, weights } = record
    ? readOptions<InitialWeights>(`${place}.${NAME}`, given, ['from', 'weights'])
    : { from: given, weights: undefined };
  const taken =
    weights === undefined
      ? {}
      : { weights: patternList(`${place}.${NAME}`, 'weights', weights, 1) };
  if (typeof from === 'string') {
    const path = pathOption(place, from);
    return { settings: { ...freeze, initialWeights: { ...taken, path } }, from: undefined };
  }
  if (!isObject(from) || isArray(from)) throw notWeights(place, from);
  return { settings: { ...freeze, initialWeights: taken }, from };
}
