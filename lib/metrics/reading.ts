/** Reads the tables of an evaluation: columns, cells, and rows by series in order of time. */

import type { TableInput } from '../../types/index';
import { type Column, nameIn, type OpenTable, openTable, required, SeriesReader } from '../tables';
import { ForecastError } from '../errors';
import { show } from '../options';
import { STANDARD_NAMES } from '../requests';
import { isDate, parseIso } from '../times';
import { allocated } from '../values';

/** How the columns are called. */
export interface Names {
  readonly idColumn: string;
  readonly timeColumn: string;
  readonly targetColumn: string;
}

export interface Table {
  readonly open: OpenTable;
  readonly rows: number;
  readonly idOf: (row: number) => string;
  /** Orders stamps of one kind: milliseconds since 1970 UTC, or the integer itself. */
  readonly timeOf: (row: number) => number;
  /** The stamp as it stands in the table. */
  readonly stampOf: (row: number) => unknown;
  readonly target: (row: number) => number;
  readonly idColumn: string;
  readonly timeColumn: string;
  readonly targetColumn: string;
}

/** A cell as a number; what is missing is NaN. */
export function numberAt(place: string, name: string, column: Column): (row: number) => number {
  return (row) => {
    const value = column.at(row);
    if (typeof value === 'number') return value;
    if (value === undefined || value === null) return Number.NaN;
    throw new ForecastError(
      'ERR_ND_DATA',
      `[${place}] row ${row}: ${name} is ${show(value)}, expected a number`,
      { row, column: name, value: show(value) },
    );
  };
}

/** Orders one kind of stamps; throws E0011 for what is none. */
export function timeAt(place: string, name: string, column: Column): (row: number) => number {
  // A panel repeats its stamps in every series.
  const seen = new Map<string, number | undefined>();
  const parsed = (stamp: string) => {
    const known = seen.get(stamp);
    if (known !== undefined) return known;
    const time = parseIso(stamp)?.time;
    seen.set(stamp, time);
    return time;
  };
  return (row) => {
    const stamp = column.at(row);
    const time =
      typeof stamp === 'string'
        ? parsed(stamp)
        : typeof stamp === 'number' || typeof stamp === 'bigint' || isDate(stamp)
          ? Number(stamp)
          : undefined;
    if (time !== undefined && !Number.isNaN(time)) return time;
    throw new ForecastError(
      'ERR_ND_DATA',
      `[${place}] row ${row}: ${name} is ${show(stamp)}, expected a Date, an ISO string, an integer or a bigint`,
      { row, column: name, value: show(stamp) },
    );
  };
}

/** Opens a table that has rows. */
export function openSeries(place: string, input: TableInput, names: Names): Table {
  const open = openTable(place, input);
  if (open.rows === 0) {
    throw new ForecastError('ERR_ND_EMPTY', `[${place}] received a table without rows`);
  }
  const idColumn = nameIn(input, open, names.idColumn, STANDARD_NAMES.idColumn);
  const timeColumn = nameIn(input, open, names.timeColumn, STANDARD_NAMES.timeColumn);
  const targetColumn = nameIn(input, open, names.targetColumn, STANDARD_NAMES.targetColumn);
  const ids =
    idColumn === STANDARD_NAMES.idColumn
      ? open.column(idColumn)
      : required(place, open, idColumn, 'idColumn');
  const stamps = required(place, open, timeColumn, 'timeColumn');
  const targets = open.column(targetColumn);
  // Each name and stamp is read once: what is checked is what is compared.
  const series = allocated(place, () => new SeriesReader(place, idColumn, open.rows));
  const visit = ids ? series.reading(ids.at) : series.single(open.later?.(idColumn));
  const timeOf = timeAt(place, timeColumn, stamps);
  const times = allocated(place, () => new Float64Array(open.rows));
  for (let row = 0; row < open.rows; row++) {
    visit(row, row + 1);
    times[row] = timeOf(row);
  }
  return {
    open,
    rows: open.rows,
    idOf: (row) => series.nameAt(row),
    timeOf: (row) => times[row]!,
    stampOf: stamps.at,
    target: targets
      ? numberAt(place, targetColumn, targets)
      : () => {
          throw required(place, open, targetColumn, 'targetColumn');
        },
    idColumn,
    timeColumn,
    targetColumn,
  };
}

/** Rows of every series, in order of time. */
export function rowsBySeries(table: Table): Map<string, { rows: number[]; times: number[] }> {
  const times = Array.from({ length: table.rows }, (_, row) => table.timeOf(row));
  const series = new Map<string, number[]>();
  for (let row = 0; row < table.rows; row++) {
    const id = table.idOf(row);
    const rows = series.get(id);
    if (rows) rows.push(row);
    else series.set(id, [row]);
  }
  return new Map(
    [...series].map(([id, rows]) => {
      rows.sort((a, b) => times[a]! - times[b]!);
      return [id, { rows, times: rows.map((row) => times[row]!) }];
    }),
  );
}
