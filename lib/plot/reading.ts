/** Reads the tables of a plot: by series, in order of time, with models and interval bands told apart by column name. */

import { ForecastError } from '../index';
import { didYouMean, show } from '../options';
import { outputColumn } from '../output-columns';
import { isDate, parseIso } from '../times';
import { isArray, isObject, lengthOf } from '../values';
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

/** Columns of any accepted table, which has those that are `needed`. */
export function columnsOf(table: PlotTable, needed: readonly string[] = []): Columns {
  const columns = anyColumnsOf(table);
  for (const name of needed) required(columns, name);
  return columns;
}

function anyColumnsOf(table: PlotTable): Columns {
  const refuse = (value: unknown, expected: string) =>
    new ForecastError('ERR_ND_DATA', `[plot] received ${show(value)}, expected ${expected}`);
  if (!isObject(table)) {
    throw refuse(table, 'a forecast, an array of records or an object of columns');
  }
  const { toRecords } = table as { toRecords?: unknown };
  const hasRecords = !isArray(table) && typeof toRecords === 'function';
  const records: unknown = hasRecords ? toRecords.call(table) : table;
  if (!isArray(records)) {
    if (hasRecords) throw refuse(records, 'an array of records from toRecords()');
    const columns = Object.entries(table).filter(([, column]) => isColumn(column));
    return new Map(columns as [string, ArrayLike<unknown>][]);
  }
  const length = lengthOf(records);
  if (length === undefined) throw refuse(records, 'an array with a length');
  const rows = Array.from({ length }, (_, row) => {
    const record = records[row];
    if (isObject(record) && !isArray(record)) return record as Record<string, unknown>;
    throw refuse(record, 'records such as { ds, y }');
  });
  const names = new Set(rows.flatMap((record) => Object.keys(record)));
  return new Map([...names].map((name) => [name, rows.map((record) => record[name])]));
}

const isColumn = (value: unknown) =>
  isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

/** A cell that is no number, and no text of one, is unknown. */
const numberOf = (cell: unknown) =>
  typeof cell === 'number' || typeof cell === 'string' || typeof cell === 'bigint'
    ? Number(cell)
    : Number.NaN;

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
  const rows = lengthOf(times) ?? 0;
  for (let row = 0; row < rows; ++row) {
    const id = nameOf(ids?.[row]);
    const stamp = times[row];
    checkStamp(stamp, row, names.time);
    calendar ||= typeof stamp === 'string' || isDate(stamp);
    const list = series.get(id) ?? [];
    if (list.length === 0) series.set(id, list);
    list.push({
      time: timeOf(stamp),
      label: labelOf(stamp),
      values: values.map((column) => numberOf(column[row])),
    });
  }
  for (const list of series.values()) list.sort((a, b) => a.time - b.time);
  return { calendar, series, fields: fields.map(([, name]) => name) };
}

/** Name of a series; a cell without one is of the only series. */
function nameOf(cell: unknown): string {
  return typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'bigint'
    ? String(cell)
    : '1';
}

function checkStamp(stamp: unknown, row: number, column: string): void {
  const isStamp = ['string', 'number', 'bigint'].includes(typeof stamp) || isDate(stamp);
  if (isStamp && Number.isFinite(timeOf(stamp))) return;
  throw new ForecastError(
    'ERR_ND_DATA',
    `[plot] row ${row}: ${column} is ${show(stamp)}, expected a Date, an ISO string, an integer or a bigint`,
    { row, column, value: show(stamp) },
  );
}

/** Milliseconds since 1970 UTC, or the integer itself. */
export function timeOf(stamp: unknown): number {
  return typeof stamp === 'string' ? (parseIso(stamp)?.time ?? Date.parse(stamp)) : Number(stamp);
}

function labelOf(stamp: unknown): string {
  if (!isDate(stamp)) return String(stamp);
  return stamp
    .toISOString()
    .replace(/(?:T00:00:00)?\.000Z$/, '')
    .replace('T', ' ');
}
