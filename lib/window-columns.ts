/** Exogenous columns of a predictor's windows, as callers have them. */

import type { WindowColumn } from '../types/index';
import { ForecastError } from './errors';
import { FeatureReader } from './features';
import type { NativeFeature, NativeWindowColumns } from './native';
import { packFeature } from './native-panel';
import { optionError, show } from './options';
import { dataError } from './tables';
import { allocated, isArray, isObject, lengthOf } from './values';

function readColumn(place: string, name: string, values: unknown): NativeFeature {
  // Native code looks whether all of them are finite; a proxy of one is nothing that it can read.
  if (ArrayBuffer.isView(values) && values instanceof Float64Array) {
    return packFeature({ name, values, categories: [] });
  }
  const isList = isArray(values) || (ArrayBuffer.isView(values) && !(values instanceof DataView));
  const length = isList ? lengthOf(values as unknown as ArrayLike<unknown>) : undefined;
  if (length === undefined) {
    throw new ForecastError(
      'ERR_ND_SHAPE',
      `[${place}] received ${show(values)} as the column "${name}", expected an array of numbers or texts`,
      { column: name },
    );
  }
  const cells = values as unknown as ArrayLike<unknown>;
  const reader = allocated(place, () => new FeatureReader(name, length));
  for (let i = 0; i < length; i++) {
    const cell = cells[i];
    const problem = reader.read(cell, i);
    if (problem === undefined) continue;
    throw dataError(place, `column "${name}", value ${i} ${problem}`, {
      column: name,
      row: i,
      value: show(cell),
    });
  }
  return packFeature(reader.feature());
}

function readColumns(place: string, option: string, columns: unknown): NativeFeature[] {
  if (columns === undefined) return [];
  if (!isObject(columns) || isArray(columns)) {
    throw optionError(place, option, columns, 'an object of columns by name');
  }
  return Object.entries(columns).map(([name, values]) => readColumn(place, name, values));
}

/** The columns of a call, null where it has none. */
export function readWindowColumns(
  place: string,
  exogenous: Readonly<Record<string, WindowColumn>> | undefined,
  statics: Readonly<Record<string, WindowColumn>> | undefined,
): NativeWindowColumns | null {
  if (exogenous === undefined && statics === undefined) return null;
  return {
    features: readColumns(place, 'exogenous', exogenous),
    statics: readColumns(place, 'statics', statics),
  };
}
