import type { ColumnNames, TableInput } from '../types/index';
import { ForecastError } from './errors';
import type { NativePanelInput } from './native';
import { closestName, show } from './options';
import { type TimeForm, TimeReader } from './times';

/** Name of the only series of a table without an id column. */
export const SINGLE_SERIES = '1';

/** Marks a table that has its three columns under the standard names, whatever a forecaster calls them. */
const STANDARD_NAMES = Symbol('standard names');

/** Marks `columns` as a table with standard names; a copy that the caller makes of it is not marked. */
export function withStandardNames<Columns extends object>(columns: Columns): Columns {
  return Object.defineProperty(columns, STANDARD_NAMES, { value: true });
}

/** The columns of a table by name; a name the table lacks gives undefined. */
type ColumnReader = (name: string) => ArrayLike<unknown> | undefined;

interface OpenTable {
  readonly names: readonly string[];
  readonly rows: number;
  readonly column: ColumnReader;
}

const isColumn = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

function dataError(
  place: string,
  message: string,
  details: Record<string, unknown>,
): ForecastError {
  return new ForecastError('ERR_ND_DATA', `[${place}] ${message}`, details);
}

function openRecords(place: string, records: readonly unknown[]): OpenTable {
  records.forEach((record, row) => {
    if (typeof record === 'object' && record !== null && !Array.isArray(record)) return;
    throw dataError(place, `row ${row} is ${show(record)}, expected a record such as { ds, y }`, {
      row,
      value: show(record),
    });
  });
  const rows = records as readonly Record<string, unknown>[];
  const names = Object.keys(rows[0] ?? {});
  return {
    names,
    rows: rows.length,
    column: (name) =>
      rows.some((r) => r[name] !== undefined) ? rows.map((r) => r[name]) : undefined,
  };
}

function openColumns(place: string, columns: Record<string, unknown>): OpenTable {
  const names = Object.keys(columns).filter((name) => isColumn(columns[name]));
  if (names.length === 0) {
    throw dataError(
      place,
      `received ${show(columns)} without columns, expected an array of records or an object of columns`,
      {},
    );
  }
  return {
    names,
    rows: Math.max(...names.map((name) => (columns[name] as ArrayLike<unknown>).length)),
    column: (name) => {
      if (!Object.hasOwn(columns, name) || columns[name] === undefined) return undefined;
      if (isColumn(columns[name])) return columns[name];
      throw dataError(place, `column "${name}" is ${show(columns[name])}, expected an array`, {
        column: name,
      });
    },
  };
}

function openTable(place: string, input: TableInput): OpenTable {
  if (Array.isArray(input)) return openRecords(place, input);
  if (typeof input !== 'object' || input === null || ArrayBuffer.isView(input)) {
    throw dataError(
      place,
      `received ${show(input)}, expected an array of records or an object of columns`,
      { received: show(input) },
    );
  }
  const { toColumns } = input as { toColumns?: unknown };
  const columns = typeof toColumns === 'function' ? toColumns.call(input) : input;
  return openColumns(place, columns as Record<string, unknown>);
}

function required(
  place: string,
  table: OpenTable,
  name: string,
  option: string,
): ArrayLike<unknown> {
  const column = table.column(name);
  if (column) return column;
  const meant = closestName(name, table.names);
  throw dataError(
    place,
    `the table has no column "${name}"; it has ${table.names.map((n) => `"${n}"`).join(', ') || 'none'}${meant ? `; did you mean ${option}: "${meant}"?` : `; name the right one with the option ${option}`}`,
    { column: name, option, columns: [...table.names] },
  );
}

/** A panel ready for native code, and how its time stamps are written. */
export interface ReadPanel {
  readonly input: NativePanelInput;
  readonly form: TimeForm;
}

/**
 * Reads any accepted form of a table. Every value is checked: what is missing, no number, not finite or of another
 * kind than before is E0011, naming series, row (from 0, in the caller's order), column and value.
 */
export function readPanel(
  place: string,
  table: TableInput,
  names: Partial<ColumnNames>,
  frequency = '',
): ReadPanel {
  const open = openTable(place, table);
  const hasStandardNames = Object.hasOwn(table, STANDARD_NAMES);
  const nameOf = (given: string | undefined, standard: string) =>
    given === undefined || (hasStandardNames && !open.column(given) && open.column(standard))
      ? standard
      : given;
  const idColumn = nameOf(names.idColumn, 'unique_id');
  const timeColumn = nameOf(names.timeColumn, 'ds');
  const targetColumn = nameOf(names.targetColumn, 'y');
  if (open.rows === 0) {
    throw new ForecastError('ERR_ND_EMPTY', `[${place}] received a table without rows`);
  }
  const times = required(place, open, timeColumn, 'timeColumn');
  const targets = required(place, open, targetColumn, 'targetColumn');
  const idValues = names.idColumn
    ? required(place, open, idColumn, 'idColumn')
    : open.column(idColumn);
  for (const [name, column] of [
    [timeColumn, times],
    [targetColumn, targets],
    [idColumn, idValues ?? times],
  ] as const) {
    if (column.length === open.rows) continue;
    throw dataError(
      place,
      `column "${name}" has ${column.length} rows while the table has ${open.rows}; all columns must be equally long`,
      { column: name, length: column.length, rows: open.rows },
    );
  }

  const rows = open.rows;
  const { ids, series } = readSeries(place, idValues, rows, idColumn);
  const stamps = new BigInt64Array(rows);
  const isReady = targets instanceof Float64Array; // native code copies it anyway
  const target = isReady ? targets : new Float64Array(rows);
  const reader = new TimeReader(frequency, stamps);
  const fail = (row: number, column: string, value: unknown, problem: string) => {
    const name = ids[series[row]!];
    return dataError(place, `series "${name}", row ${row}: ${column} ${problem}`, {
      series: name,
      row,
      column,
      value: show(value),
    });
  };
  for (let row = reader.readFirst(times); row < rows; row++) {
    const problem = reader.read(times[row], row);
    if (problem !== undefined) throw fail(row, timeColumn, times[row], problem);
  }
  for (let row = 0; row < rows; row++) {
    const y = targets[row];
    if (typeof y !== 'number' || !Number.isFinite(y)) {
      throw fail(row, targetColumn, y, targetProblem(y));
    }
    if (!isReady) target[row] = y;
  }
  return {
    input: { ids, series, times: stamps, target, calendar: reader.form.calendar, frequency },
    form: reader.form,
  };
}

function targetProblem(y: unknown): string {
  if (typeof y === 'number') return `is ${y}, expected a finite number; fill or drop the row`;
  const missing = y === undefined || y === null;
  return `is ${missing ? 'missing' : show(y)}, expected a number${missing ? '; fill or drop the row' : ''}`;
}

/** Numbers the series in order of their first rows; without a column of names there is one. */
function readSeries(
  place: string,
  column: ArrayLike<unknown> | undefined,
  rows: number,
  columnName: string,
): { ids: string[]; series: Int32Array } {
  const series = new Int32Array(rows);
  if (!column) return { ids: [SINGLE_SERIES], series };
  const ids: string[] = [];
  const numbers = new Map<string, number>();
  let last: unknown;
  let number = 0;
  for (let row = 0; row < rows; row++) {
    const value = column[row];
    if (row === 0 || value !== last) {
      number = seriesNumber(place, value, row, columnName, numbers, ids);
      last = value;
    }
    series[row] = number;
  }
  return { ids, series };
}

function seriesNumber(
  place: string,
  value: unknown,
  row: number,
  column: string,
  numbers: Map<string, number>,
  ids: string[],
): number {
  const isName =
    typeof value === 'string' ||
    typeof value === 'bigint' ||
    (typeof value === 'number' && Number.isFinite(value));
  if (!isName) {
    const problem = value === undefined || value === null ? 'missing' : show(value);
    throw dataError(place, `row ${row}: ${column} is ${problem}, expected the name of a series`, {
      row,
      column,
      value: show(value),
    });
  }
  const name = String(value);
  let number = numbers.get(name);
  if (number === undefined) {
    number = ids.length;
    numbers.set(name, number);
    ids.push(name);
  }
  return number;
}
