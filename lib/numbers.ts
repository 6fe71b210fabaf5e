/** Arrays of numbers as callers have them: typed or not. */

import { ForecastError } from './errors';
import { show } from './options';
import { allocated, isArray, lengthOf } from './values';

/** The numbers of any array of them; E0002 for what is none, E0011 for an element that is no number. */
export function readFloats(place: string, values: unknown, expected: string): Float64Array {
  // A proxy of one is an instance too, but nothing that native code can read.
  if (ArrayBuffer.isView(values) && values instanceof Float64Array) return values;
  const isNumbers =
    isArray(values) || (ArrayBuffer.isView(values) && !(values instanceof DataView));
  const length = isNumbers ? lengthOf(values as unknown as ArrayLike<unknown>) : undefined;
  if (length === undefined) {
    throw new ForecastError(
      'ERR_ND_SHAPE',
      `[${place}] received ${show(values)}, expected ${expected}`,
    );
  }
  const numbers = values as unknown as ArrayLike<unknown>;
  const out = allocated(place, () => new Float64Array(length));
  for (let i = 0; i < out.length; i++) {
    const value = numbers[i];
    if (typeof value !== 'number') {
      throw new ForecastError(
        'ERR_ND_DATA',
        `[${place}] element ${i} is ${show(value)}, expected a number`,
        { row: i, value: show(value) },
      );
    }
    out[i] = value;
  }
  return out;
}
