/** Tables as callers have them, opened: whatever their form, columns of cells. */

import type { TableInput } from '../types/index';
import { ForecastError } from './errors';
import { closestName, isWellFormed, show } from './options';
import type { VisitRun } from './slices';
import { isArray, isObject, lengthOf } from './values';

/** Name of the only series of a table without an id column. */
export const SINGLE_SERIES = '1';

/** Marks a table that has its three columns under the standard names, whatever a forecaster calls them. */
const STANDARD_NAMES = Symbol('standard names');

/** Marks `columns` as a table with standard names; a copy that the caller makes of it is not marked. */
export function withStandardNames<Columns extends object>(columns: Columns): Columns {
  return Object.defineProperty(columns, STANDARD_NAMES, { value: true });
}

/** One column of a table. */
export interface Column {
  readonly length: number;
  readonly at: (row: number) => unknown;
  /** The array behind it, where it is one of doubles. */
  readonly doubles?: Float64Array | undefined;
}

export interface OpenTable {
  readonly names: readonly string[];
  readonly rows: number;
  /** Undefined for a name that the table lacks. */
  readonly column: (name: string) => Column | undefined;
  /** Of records: the cells under a name that the first one lacks. */
  readonly later?: (name: string) => Column['at'];
}

/** Names of columns in a message. */
const MOST_NAMES = 100;

const isColumn = (value: unknown): value is ArrayLike<unknown> =>
  isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

export function dataError(
  place: string,
  message: string,
  details: Record<string, unknown>,
): ForecastError {
  return new ForecastError('ERR_ND_DATA', `[${place}] ${message}`, details);
}

function rowsOf(place: string, rows: ArrayLike<unknown>): number {
  const length = lengthOf(rows);
  if (length !== undefined) return length;
  throw dataError(place, `received ${show(rows)}, expected an array with a length`, {});
}

/** The columns of records are those of the first one. */
function openRecords(place: string, records: readonly unknown[]): OpenTable {
  const recordAt = (row: number): Record<string, unknown> => {
    const record = records[row];
    if (isObject(record) && !isArray(record)) {
      return record as Record<string, unknown>;
    }
    throw dataError(place, `row ${row} is ${show(record)}, expected a record such as { ds, y }`, {
      row,
      value: show(record),
    });
  };
  const rows = rowsOf(place, records);
  const first = rows > 0 ? recordAt(0) : {};
  return {
    names: Object.keys(first),
    rows,
    column: (name) =>
      first[name] === undefined ? undefined : { length: rows, at: (row) => recordAt(row)[name] },
    later: (name) => (row) => recordAt(row)[name],
  };
}

function openColumns(place: string, given: unknown): OpenTable {
  // Each of them is asked for once: what is checked is what is read.
  const columns = new Map(isObject(given) ? Object.entries(given) : []);
  const names: string[] = [];
  let rows = 0;
  for (const [name, column] of columns) {
    if (!isColumn(column)) continue;
    names.push(name);
    rows = Math.max(rows, rowsOf(place, column));
  }
  if (names.length === 0) {
    throw dataError(
      place,
      `received ${show(given)} without columns, expected an array of records or an object of columns`,
      {},
    );
  }
  return {
    names,
    rows,
    column: (name) => {
      const column = columns.get(name);
      if (column === undefined) return undefined;
      if (!isColumn(column)) {
        throw dataError(place, `column "${name}" is ${show(column)}, expected an array`, {
          column: name,
        });
      }
      return {
        length: rowsOf(place, column),
        at: (row) => column[row],
        // Asked in this order: a proxy is no view.
        doubles: ArrayBuffer.isView(column) && column instanceof Float64Array ? column : undefined,
      };
    },
  };
}

/** Any accepted form of a table, by column. */
export function openTable(place: string, input: TableInput): OpenTable {
  if (isArray(input)) return openRecords(place, input);
  if (!isObject(input) || ArrayBuffer.isView(input)) {
    throw dataError(
      place,
      `received ${show(input)}, expected an array of records or an object of columns`,
      { received: show(input) },
    );
  }
  const { toColumns } = input as { toColumns?: unknown };
  const columns = typeof toColumns === 'function' ? toColumns.call(input) : input;
  return openColumns(place, columns);
}

/** A column, or E0011 saying which option names another. */
export function required(place: string, table: OpenTable, name: string, option: string): Column {
  const column = table.column(name);
  if (column) return column;
  const shown = table.names.slice(0, MOST_NAMES);
  const meant = closestName(name, shown);
  const more = table.names.length > shown.length ? ' …' : '';
  throw dataError(
    place,
    `the table has no column "${name}"; it has ${shown.map((n) => `"${n}"`).join(', ') || 'none'}${more}${meant ? `; did you mean ${option}: "${meant}"?` : `; name the right one with the option ${option}`}`,
    { column: name, option, columns: shown },
  );
}

/** How a column is called in a table: as given, unless it is one of `readCsv` that has it under its standard name. */
export function nameIn(
  table: TableInput,
  open: OpenTable,
  given: string | undefined,
  standard: string,
): string {
  const isStandard =
    given === undefined ||
    (Object.hasOwn(table, STANDARD_NAMES) && !open.column(given) && open.column(standard));
  return isStandard ? standard : given;
}

/** Numbers the series in order of their first rows. */
export class SeriesReader {
  readonly ids: string[] = [];
  readonly numbers: Int32Array;
  readonly #place: string;
  readonly #column: string;
  readonly #known = new Map<string, number>();

  constructor(place: string, column: string, rows: number) {
    this.#place = place;
    this.#column = column;
    this.numbers = new Int32Array(rows);
  }

  nameAt(row: number): string {
    return this.ids[this.numbers[row]!]!;
  }

  /** A visit of the rows of a column of names. */
  reading(at: Column['at']): VisitRun {
    let last: unknown;
    let number = 0;
    return (from, to) => {
      for (let row = from; row < to; row++) {
        const value = at(row);
        if (row === 0 || value !== last) {
          number = this.#number(value, row);
          last = value;
        }
        this.numbers[row] = number;
      }
    };
  }

  /** A visit of the rows of a table without names: one series, unless a later record has a name after all. */
  single(at: Column['at'] | undefined): VisitRun {
    this.ids.push(SINGLE_SERIES);
    return (from, to) => {
      for (let row = from; at && row < to; row++) {
        if (at(row) !== undefined) throw this.#missing(0, undefined);
      }
    };
  }

  #missing(row: number, value: unknown, how = ''): ForecastError {
    const problem = value === undefined || value === null ? 'missing' : show(value);
    return dataError(
      this.#place,
      `row ${row}: ${this.#column} is ${problem}, expected the name of a series${how}`,
      { row, column: this.#column, value: show(value) },
    );
  }

  #number(value: unknown, row: number): number {
    const isName =
      typeof value === 'string' ||
      typeof value === 'bigint' ||
      (typeof value === 'number' && Number.isFinite(value));
    if (!isName) throw this.#missing(row, value);
    const name = String(value);
    let number = this.#known.get(name);
    if (number === undefined) {
      if (!isWellFormed(name)) throw this.#missing(row, value, ' in well-formed Unicode');
      number = this.ids.length;
      this.#known.set(name, number);
      this.ids.push(name);
    }
    return number;
  }
}
