/** Tables that native code has computed, as those of the facade. */

import type { ColumnNames } from '../types/index';
import { guarded } from './errors';
import type { BacktestParts, PathsParts, TableParts } from './forecast-table';
import type { NativeTable } from './native';
import { STANDARD_NAMES } from './requests';
import { Slices } from './slices';
import { type TimeForm, writeTimes } from './times';

/** Times are written as those of `known`, if they are of the same sort. */
function formOf(known: TimeForm | undefined, calendar: boolean): TimeForm {
  return known && known.calendar === calendar
    ? known
    : { kind: calendar ? 'date' : 'number', calendar };
}

/** A panel may have a hundred thousand series. */
export const NAMES_AT_ONCE = 512;

async function takeIds(native: NativeTable, count: number, slices: Slices): Promise<string[]> {
  const ids: string[] = [];
  const takePart = (part: number) => {
    ids.push(...guarded(() => native.ids(part * NAMES_AT_ONCE, (part + 1) * NAMES_AT_ONCE)));
  };
  const rest = slices.eachRow(Math.ceil(count / NAMES_AT_ONCE), takePart, 1);
  if (rest) await rest;
  return ids;
}

/** Copies everything out of a native table and disposes of it; only a backtest has cutoffs and what happened. */
async function take(
  native: NativeTable,
  known: TimeForm | undefined,
  names: Partial<ColumnNames>,
  isBacktest: boolean,
): Promise<Omit<BacktestParts, 'frequency'> & PathsParts> {
  const slices = new Slices(); // what is copied at once counts as part of the first one
  const description = JSON.parse(guarded(() => native.describe()));
  const { horizon, blocks, columns, paths, calendar } = description;
  const rows = blocks * horizon;
  const series = new Int32Array(blocks);
  const times = new BigInt64Array(rows);
  const values: Float64Array[] = columns.map(() => new Float64Array(rows));
  const cutoffs = new BigInt64Array(isBacktest ? blocks : 0);
  const actual = new Float64Array(isBacktest ? rows : 0);
  guarded(() =>
    native.copyTo(series, times, values, isBacktest ? cutoffs : null, isBacktest ? actual : null),
  );
  const ids = await takeIds(native, description.series, slices);
  native.dispose();
  const form = formOf(known, calendar);
  return {
    ids,
    series,
    horizon,
    times: () => writeTimes(times, form),
    names: columns,
    values,
    paths,
    cutoffs: () => writeTimes(cutoffs, form),
    actual,
    ...STANDARD_NAMES,
    ...names,
  };
}

export function takeForecast(
  native: NativeTable,
  form: TimeForm | undefined,
  names: Partial<ColumnNames>,
): Promise<TableParts> {
  return take(native, form, names, false);
}

export function takeBacktest(
  native: NativeTable,
  form: TimeForm | undefined,
  names: Partial<ColumnNames>,
): Promise<Omit<BacktestParts, 'frequency'>> {
  return take(native, form, names, true);
}

export function takePaths(
  native: NativeTable,
  form: TimeForm | undefined,
  names: Partial<ColumnNames>,
): Promise<PathsParts> {
  return take(native, form, names, false);
}
