/** The option `intervals` of fit and crossValidation, checked by name and type. */

import type { IntervalOptions } from '../types/index';
import {
  optionalBoolean,
  optionalChoice,
  optionalInteger,
  optionError,
  readOptions,
} from './options';
import { isArray, isObject, oneOrMore } from './values';

const METHODS = ['error', 'distribution', 'adaptive'] as const;
const MOST_LEVELS = 100;

/** Numbers in (0, 100); a single one stands for a list. */
export function levelList(place: string, name: string, value: unknown): number[] {
  const levels = oneOrMore(value, MOST_LEVELS) ?? [];
  if (levels.length === 0 || levels.some((v) => !(typeof v === 'number' && v > 0 && v < 100))) {
    throw optionError(place, name, value, 'numbers between 0 and 100, such as [80, 95]');
  }
  return levels as number[];
}

/** {} for none: what native code reads. */
export function intervalsOption(place: string, given: unknown): { readonly intervals?: object } {
  if (given === undefined) return {};
  if (!isObject(given) || isArray(given)) {
    throw optionError(place, 'intervals', given, 'an object such as { windows: 20 }');
  }
  const read = readOptions<IntervalOptions>(`${place}.intervals`, given, [
    'method',
    'windows',
    'stepSize',
    'levels',
    'pooled',
  ]);
  const inside = `${place}.intervals`;
  const method = optionalChoice(inside, 'method', read.method, METHODS);
  const windows = optionalInteger(inside, 'windows', read.windows, 1);
  return {
    intervals: {
      ...(method === undefined ? {} : { method }),
      ...(windows === undefined ? {} : { windows }),
      stepSize: optionalInteger(inside, 'stepSize', read.stepSize, 1) ?? 1,
      levels: read.levels === undefined ? [] : levelList(inside, 'levels', read.levels),
      pooled: optionalBoolean(inside, 'pooled', read.pooled) ?? false,
    },
  };
}
