/** Forecasts beside what happened, as an evaluation reads them: rows of forecasts, models, weights. */

import type { ComparedOptions, TableInput } from '../../types/index';
import { required } from '../tables';
import { ForecastError } from '../errors';
import { BacktestTable, ForecastTable } from '../forecast-table';
import { closestName, optionError } from '../options';
import { columnNames, MOST_MODELS, STANDARD_NAMES } from '../requests';
import { isObject, listOf } from '../values';
import { type ModelForecast, modelsOf } from './models';
import { type Names, numberAt, openSeries, type Table, timeAt } from './reading';

/** One forecast: rows of one series from one cutoff, in order of time. */
export interface Block {
  readonly series: number;
  readonly window: number;
  readonly rows: readonly number[];
  /** Time of its first row. */
  readonly start: number;
  /** Time of its last row. */
  readonly end: number;
  /** Time of the last row that it could read; undefined where the table does not say. */
  readonly cutoff: number | undefined;
}

export interface Frame {
  readonly actual: Float64Array;
  readonly weights: Float64Array;
  readonly models: readonly ModelForecast[];
  readonly ids: readonly string[];
  /** Cutoffs as they stand in the table, in order of time; one that is undefined where there are none. */
  readonly cutoffs: readonly unknown[];
  readonly blocks: readonly Block[];
  /** Per row, from 1. */
  readonly step: Int32Array;
  readonly idColumn: string;
}

const CUTOFF = 'cutoff';

/** The names that a table of ours has itself, unless others are given. */
export function namesFor(place: string, table: TableInput, options: Partial<Names>): Names {
  const own =
    isObject(table) && table instanceof ForecastTable
      ? {
          idColumn: table.columns[0]!,
          timeColumn: table.columns[1]!,
          ...(table instanceof BacktestTable ? { targetColumn: table.columns.at(-1)! } : {}),
        }
      : {};
  return { ...STANDARD_NAMES, ...own, ...columnNames(place, options) };
}

function dataError(place: string, message: string, details: Record<string, unknown>) {
  return new ForecastError('ERR_ND_DATA', `[${place}] ${message}`, details);
}

/** Cuts the rows into forecasts. */
function blocksOf(place: string, table: Table) {
  const column = table.open.column(CUTOFF);
  const cutoffOf = column ? timeAt(place, CUTOFF, column) : () => 0;
  const series = new Map<string, number>();
  const cutoffs = new Map<number, unknown>();
  const lists = new Map<string, { series: number; cutoff: number; rows: number[] }>();
  const times = new Float64Array(table.rows);
  for (let row = 0; row < table.rows; row++) {
    const id = table.idOf(row);
    const cutoff = cutoffOf(row);
    times[row] = table.timeOf(row);
    if (!series.has(id)) series.set(id, series.size);
    if (!cutoffs.has(cutoff)) cutoffs.set(cutoff, column?.at(row));
    const key = `${series.get(id)} ${cutoff}`;
    const list = lists.get(key);
    if (list) list.rows.push(row);
    else lists.set(key, { series: series.get(id)!, cutoff, rows: [row] });
  }
  const ordered = [...cutoffs].sort(([a], [b]) => a - b);
  const windowOf = new Map(ordered.map(([cutoff], window) => [cutoff, window]));
  const step = new Int32Array(table.rows);
  const ids = [...series.keys()];
  const blocks = [...lists.values()].map(({ series: s, cutoff, rows }): Block => {
    rows.sort((a, b) => times[a]! - times[b]!);
    rows.forEach((row, i) => {
      step[row] = i + 1;
      if (i === 0 || times[row] !== times[rows[i - 1]!]) return;
      const hint = column ? '' : `; forecasts from several cutoffs need the column "${CUTOFF}"`;
      throw dataError(
        place,
        `series "${ids[s]}", row ${row}: a second forecast of ${String(table.stampOf(row))} from the same cutoff${hint}`,
        { series: ids[s], row },
      );
    });
    return {
      series: s,
      window: windowOf.get(cutoff)!,
      rows,
      start: times[rows[0]!]!,
      end: times[rows.at(-1)!]!,
      cutoff: column ? cutoff : undefined,
    };
  });
  return { blocks, step, ids, cutoffs: ordered.map(([, stamp]) => stamp) };
}

/** What happened, out of another table with the same series and stamps; NaN where it does not say. */
function actualsOf(place: string, table: Table, input: TableInput, names: Names): Float64Array {
  const known = openSeries(place, input, names);
  const values = new Map<string, number>();
  for (let row = 0; row < known.rows; row++) {
    values.set(`${known.timeOf(row)} ${known.idOf(row)}`, known.target(row));
  }
  return Float64Array.from(
    { length: table.rows },
    (_, row) => values.get(`${table.timeOf(row)} ${table.idOf(row)}`) ?? Number.NaN,
  );
}

function weightsOf(place: string, table: Table, weights: ComparedOptions['weights']): Float64Array {
  const at = (() => {
    if (weights === undefined) return () => 1;
    if (typeof weights === 'string') {
      return numberAt(place, weights, required(place, table.open, weights, 'weights'));
    }
    if (Array.isArray(weights) || ArrayBuffer.isView(weights)) {
      const list = weights as ArrayLike<number>;
      if (list.length === table.rows) return (row: number) => list[row]!;
      throw optionError(place, 'weights', weights, `one number for each of ${table.rows} rows`);
    }
    if (typeof weights === 'object' && weights !== null) {
      const bySeries = weights as Readonly<Record<string, number>>;
      return (row: number) => bySeries[table.idOf(row)] ?? Number.NaN;
    }
    throw optionError(place, 'weights', weights, 'a column, one number per row or one per series');
  })();
  return Float64Array.from({ length: table.rows }, (_, row) => {
    const weight = at(row);
    if (typeof weight === 'number' && weight >= 0 && weight < Infinity) return weight;
    throw dataError(
      place,
      `series "${table.idOf(row)}", row ${row}: the weight is ${String(weight)}, expected a finite number of at least 0`,
      { series: table.idOf(row), row, weight },
    );
  });
}

/** Whether the first cell that holds something holds a number. */
function isNumeric(table: Table, name: string): boolean {
  const column = table.open.column(name);
  for (let row = 0; column && row < column.length; row++) {
    const value = column.at(row);
    if (value !== undefined && value !== null) return typeof value === 'number';
  }
  return false;
}

/** Forecast columns by name: those of a table of ours, else every column of numbers that is nothing else. */
function forecastColumns(
  place: string,
  input: TableInput,
  table: Table,
  other: readonly unknown[],
) {
  const names =
    input instanceof ForecastTable
      ? input.modelColumns
      : table.open.names.filter((name) => !other.includes(name) && isNumeric(table, name));
  return new Map(
    names.map((name) => {
      const at = numberAt(place, name, table.open.column(name)!);
      return [name, Float64Array.from({ length: table.rows }, (_, row) => at(row))];
    }),
  );
}

function chosen(place: string, all: readonly ModelForecast[], models: unknown) {
  const asked = listOf(models, MOST_MODELS);
  if (!asked) throw optionError(place, 'models', models, 'an array of names of models');
  return asked.map((name) => {
    const model = all.find((known) => known.name === name);
    if (model) return model;
    const names = all.map((known) => known.name);
    const meant = typeof name === 'string' && closestName(name, names);
    const known = names.map((n) => `"${n}"`).join(', ');
    throw optionError(
      place,
      'models',
      name,
      `names out of ${known}${meant ? `; did you mean "${meant}"?` : ''}`,
    );
  });
}

/** Reads a table of forecasts. Throws E0010 (options) or E0011 (cells). */
export function readFrame(place: string, input: TableInput, options: ComparedOptions): Frame {
  const names = namesFor(place, input, options);
  const table = openSeries(place, input, names);
  const { blocks, step, ids, cutoffs } = blocksOf(place, table);
  const actual = options.actual
    ? actualsOf(place, table, options.actual, names)
    : Float64Array.from({ length: table.rows }, (_, row) => table.target(row));
  const { idColumn, timeColumn, targetColumn } = table;
  const other = [idColumn, timeColumn, CUTOFF, targetColumn, options.weights];
  const all = modelsOf(forecastColumns(place, input, table, other));
  if (all.length === 0) {
    throw dataError(place, 'received a table without columns of forecasts', {
      columns: [...table.open.names],
    });
  }
  return {
    actual,
    weights: weightsOf(place, table, options.weights),
    models: options.models !== undefined ? chosen(place, all, options.models) : all,
    ids,
    cutoffs,
    blocks,
    step,
    idColumn,
  };
}
