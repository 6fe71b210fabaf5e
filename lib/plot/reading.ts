/** Reads the tables of a plot: by series, in order of time, with models and interval bands told apart by column name. */

import { ForecastError } from '../index';
import { didYouMean, show } from '../options';
import { outputColumn } from '../output-columns';
import { parseIso } from '../times';
import type { PlotTable } from '../../types/plot';

export interface ColumnNames {
  readonly id: string;
  readonly time: string;
  readonly target: string;
}

export interface Point {
  /** Milliseconds since 1970 UTC, or the integer itself. */
  readonly time: number;
  /** The time stamp as the reader knows it. */
  readonly label: string;
  /** One per field; NaN where unknown. */
  readonly values: readonly number[];
}

export interface Band {
  readonly model: string;
  /** Percent of the values that should fall inside. */
  readonly level: number;
  readonly low: string;
  readonly high: string;
}

export interface Reading {
  readonly calendar: boolean;
  readonly models: readonly string[];
  readonly bands: readonly Band[];
  /** Names of the values of a point. */
  readonly fields: readonly string[];
  /** Points in order of time, by series in order of first appearance. */
  readonly series: ReadonlyMap<string, readonly Point[]>;
}

type Columns = ReadonlyMap<string, ArrayLike<unknown>>;

/** Columns of any accepted table. */
function columnsOf(table: PlotTable): Columns {
  if (typeof table !== 'object' || table === null) {
    throw new ForecastError(
      'ERR_ND_DATA',
      `[plot] received ${show(table)}, expected a forecast, an array of records or an object of columns`,
    );
  }
  const records = Array.isArray(table)
    ? (table as readonly Record<string, unknown>[])
    : 'toRecords' in table && typeof table.toRecords === 'function'
      ? (table.toRecords() as readonly Record<string, unknown>[])
      : undefined;
  if (!records) return new Map(Object.entries(table as Record<string, ArrayLike<unknown>>));
  const names = new Set(records.flatMap((record) => Object.keys(record)));
  return new Map([...names].map((name) => [name, records.map((record) => record[name])]));
}

/** Reads `unique_id`, `ds`, `y`. */
export function readObserved(table: PlotTable, names: ColumnNames): Reading {
  const columns = columnsOf(table);
  return { ...points(columns, names, [[names.target, 'y']]), models: [], bands: [] };
}

/** Reads `unique_id`, `ds` and one column per model; `NHITS-median` is the line of NHITS, `NHITS-lo-80` a border of its band. */
export function readForecast(table: PlotTable, names: ColumnNames): Reading {
  const columns = columnsOf(table);
  const borders: { model: string; side: string; level: number; column: string }[] = [];
  const centres: { model: string; column: string }[] = [];
  for (const column of columns.keys()) {
    if (column === names.id || column === names.time || column === names.target) continue;
    const output = outputColumn(column);
    if (output.kind === 'lo' || output.kind === 'hi')
      borders.push({ model: output.model, side: output.kind, level: output.level, column });
    else centres.push({ model: output.kind === 'median' ? output.model : column, column });
  }
  const fields: [string, string][] = centres.map(({ column }, i) => [column, `m${i}`]);
  const bands: Band[] = [];
  for (const { model, level, column } of borders.filter(({ side }) => side === 'lo')) {
    const high = borders.find((b) => b.side === 'hi' && b.model === model && b.level === level);
    if (!high) continue;
    const band = { model, level, low: `lo${bands.length}`, high: `hi${bands.length}` };
    fields.push([column, band.low], [high.column, band.high]);
    bands.push(band);
  }
  bands.sort((a, b) => b.level - a.level);
  return { ...points(columns, names, fields), models: centres.map(({ model }) => model), bands };
}

function required(columns: Columns, name: string): ArrayLike<unknown> {
  const column = columns.get(name);
  if (column) return column;
  const names = [...columns.keys()];
  const known = names.map((key) => `"${key}"`).join(', ');
  throw new ForecastError(
    'ERR_ND_DATA',
    `[plot] received a table without the column "${name}"; it has ${known}${didYouMean(name, names)}`,
    { column: name, columns: names },
  );
}

/** `fields` pairs a column with the name under which its values go into the chart. */
function points(
  columns: Columns,
  names: ColumnNames,
  fields: readonly (readonly [string, string])[],
) {
  const times = required(columns, names.time);
  const ids = columns.get(names.id);
  const values = fields.map(([column]) => required(columns, column));
  const series = new Map<string, Point[]>();
  let calendar = false;
  for (let row = 0; row < times.length; ++row) {
    const id = String(ids?.[row] ?? '1');
    const stamp = times[row];
    calendar ||= typeof stamp === 'string' || stamp instanceof Date;
    const list = series.get(id) ?? [];
    if (list.length === 0) series.set(id, list);
    list.push({
      time: timeOf(stamp),
      label: labelOf(stamp),
      values: values.map((column) => Number(column[row] ?? Number.NaN)),
    });
  }
  for (const list of series.values()) list.sort((a, b) => a.time - b.time);
  return { calendar, series, fields: fields.map(([, name]) => name) };
}

/** Milliseconds since 1970 UTC, or the integer itself. */
export function timeOf(stamp: unknown): number {
  return typeof stamp === 'string' ? (parseIso(stamp)?.time ?? Date.parse(stamp)) : Number(stamp);
}

function labelOf(stamp: unknown): string {
  if (!(stamp instanceof Date)) return String(stamp);
  return stamp
    .toISOString()
    .replace(/(?:T00:00:00)?\.000Z$/, '')
    .replace('T', ' ');
}
