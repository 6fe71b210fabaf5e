/** The rows of steps to come, and which of them a table lacks. */

import type { ColumnNames, ForecastTable, MissingFuture, TableInput } from '../types/index';
import { type ReadOptions, readFuture } from './columns';

/** One text per row: series and time. */
async function keysOf(
  table: TableInput,
  names: Partial<ColumnNames>,
  options: ReadOptions,
): Promise<string[]> {
  const { ids, series, times } = await readFuture('missingFuture', table, names, options);
  return Array.from(times, (time, row) => `${time} ${ids[series[row]!]}`);
}

/** The rows of `frame` that `future` does not have. */
export async function missingRows(
  future: TableInput,
  frame: ForecastTable,
  names: Partial<ColumnNames>,
  options: ReadOptions,
): Promise<MissingFuture> {
  const given = new Set(await keysOf(future, names, options));
  const wanted = await keysOf(frame.toColumns() as TableInput, names, options);
  const missing = wanted.flatMap((key, row) => (given.has(key) ? [] : [row]));
  const { unique_id: ids, ds } = frame;
  return { unique_id: missing.map((row) => ids[row]!), ds: missing.map((row) => ds[row]!) };
}
