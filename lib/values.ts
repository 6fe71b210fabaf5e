/** Looking at values of the caller, which may be anything: proxies that were revoked, arrays that lie about their length. */

import { ForecastError } from './errors';

/** `Array.isArray`, which throws for a proxy that was revoked; such a one is nothing that can be read. */
export function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** Whether properties of the value can be asked for. */
export function isObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  try {
    Array.isArray(value);
    return true;
  } catch {
    return false;
  }
}

/** The length of an array, or undefined where it gives none that an array can have. */
export function lengthOf(array: { readonly length: unknown }): number | undefined {
  const { length } = array;
  return Number.isSafeInteger(length) && (length as number) >= 0 ? (length as number) : undefined;
}

/** The values of an array, at most `most` of them, holes as undefined; undefined where there is nothing to read. */
export function listOf(value: unknown, most: number): unknown[] | undefined {
  const length = isArray(value) ? lengthOf(value) : undefined;
  if (!isArray(value) || length === undefined || length > most) return undefined;
  return Array.from({ length }, (_, i) => value[i]);
}

/** As listOf() for an array; any other value stands for a list of itself. */
export const oneOrMore = (value: unknown, most: number): unknown[] | undefined =>
  isArray(value) ? listOf(value, most) : [value];

/** What `make` allocates; more than the system gives is E0008. */
export function allocated<Memory>(place: string, make: () => Memory): Memory {
  try {
    return make();
  } catch (error) {
    if ((error as Error)?.name !== 'RangeError') throw error;
    throw new ForecastError(
      'ERR_ND_MEMORY',
      `[${place}] the system refused an allocation; pass fewer rows or windows at a time`,
      {},
      { cause: error },
    );
  }
}
