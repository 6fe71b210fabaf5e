/** Panels, steps to come and static values, read from the caller's tables and checked cell by cell. */

import type { ColumnNames, TableInput } from '../types/index';
import { ForecastError } from './errors';
import { type Feature, FeatureReader } from './features';
import type { NativeFuture, NativePanelInput } from './native';
import { didYouMean, quoted, show } from './options';
import { Slices } from './slices';
import { dataError, nameIn, type OpenTable, openTable, required, SeriesReader } from './tables';
import { type TimeForm, TimeReader } from './times';
import { allocated } from './values';

export interface ReadOptions {
  /** Step of time that was given, or that of the fitted panel. */
  readonly frequency?: string;
  readonly timeZone?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Columns beside the target that are read. */
  readonly features?: readonly string[];
  /** Whether a target may be missing. */
  readonly missing?: boolean;
  /** The column with the weights of rows. */
  readonly weight?: string | undefined;
  /** Columns of a table with one row per series, and that table. */
  readonly statics?: { readonly names: readonly string[]; readonly table: TableInput | undefined };
}

/** Columns as native code takes them, but texts are still strings. */
interface Unpacked {
  /** Distinct series names, in order of first appearance. */
  readonly ids: readonly string[];
  readonly features: readonly Feature[];
}

export interface PanelInput
  extends Omit<NativePanelInput, 'names' | 'nameEnds' | 'features' | 'statics'>,
    Unpacked {
  readonly statics: readonly Feature[];
}

/** A panel that was read, and how its time stamps are written. */
export interface ReadPanel {
  readonly input: PanelInput;
  readonly form: TimeForm;
}

/** Rows of a table, checked. */
interface ReadRows {
  readonly ids: string[];
  readonly series: Int32Array;
  readonly times: BigInt64Array;
  /** Empty when it was not asked for. */
  readonly target: Float64Array;
  readonly features: Feature[];
  readonly form: TimeForm;
}

/** Whatever is missing under its option or standard name. */
function missingFeature(
  place: string,
  table: OpenTable,
  name: string,
  use = 'which a model reads',
): ForecastError {
  return new ForecastError(
    'ERR_ND_FEATURES',
    `[${place}] the table has no column "${name}", ${use}; it has ${quoted(table.names)}${didYouMean(name, table.names)}`,
    { column: name, columns: [...table.names] },
  );
}

/**
 * Reads any accepted form of a table, a large one in slices between which the event loop turns. Every value is checked:
 * what is missing, no number, not finite or of another kind than before is E0011, naming series, row (from 0, in the
 * caller's order), column and value.
 */
async function readRows(
  place: string,
  table: TableInput,
  names: Partial<ColumnNames>,
  { frequency = '', timeZone, signal, features = [], weight, missing = false }: ReadOptions,
  hasTarget: boolean,
): Promise<ReadRows> {
  const open = openTable(place, table);
  const idColumn = nameIn(table, open, names.idColumn, 'unique_id');
  const timeColumn = nameIn(table, open, names.timeColumn, 'ds');
  const targetColumn = nameIn(table, open, names.targetColumn, 'y');
  const { rows } = open;
  if (rows === 0) {
    throw new ForecastError('ERR_ND_EMPTY', `[${place}] received a table without rows`);
  }
  const times = required(place, open, timeColumn, 'timeColumn');
  const targets = hasTarget ? required(place, open, targetColumn, 'targetColumn') : times;
  const idValues = names.idColumn
    ? required(place, open, idColumn, 'idColumn')
    : open.column(idColumn);
  const columns = [...features, ...(weight === undefined ? [] : [weight])].map((name) => {
    const column = open.column(name);
    if (!column) {
      throw missingFeature(place, open, name, name === weight ? 'the sampleWeight' : undefined);
    }
    return { name, column, reader: allocated(place, () => new FeatureReader(name, rows)) };
  });
  for (const [name, column] of [
    [timeColumn, times],
    [targetColumn, targets],
    [idColumn, idValues ?? times],
    ...columns.map(({ name, column }) => [name, column] as const),
  ] as const) {
    if (column.length === rows) continue;
    throw dataError(
      place,
      `column "${name}" has ${column.length} rows while the table has ${rows}; all columns must be equally long`,
      { column: name, length: column.length, rows },
    );
  }

  const slices = new Slices(signal);
  const series = allocated(place, () => new SeriesReader(place, idColumn, rows));
  const stamps = allocated(place, () => new BigInt64Array(rows));
  const target = allocated(place, () => new Float64Array(hasTarget ? rows : 0));
  const reader = new TimeReader(frequency, stamps, timeZone);
  const fail = (row: number, column: string, value: unknown, problem: string) => {
    const name = series.nameAt(row);
    return dataError(place, `series "${name}", row ${row}: ${column} ${problem}`, {
      series: name,
      row,
      column,
      value: show(value),
    });
  };
  // `await` only where something is left: a small table is read before this function returns.
  const visitSeries = idValues
    ? series.reading(idValues.at)
    : series.single(open.later?.(idColumn));
  let rest = slices.eachRun(rows, visitSeries);
  if (rest) await rest;
  rest = slices.eachRun(rows, (from, to) => {
    for (let row = from; row < to; row++) {
      if (times.doubles) row = reader.readIntegers(times.doubles, row, to);
      const problem = row < to ? reader.read(times.at(row), row) : undefined;
      if (problem !== undefined) throw fail(row, timeColumn, times.at(row), problem);
    }
  });
  if (rest) await rest;
  rest = slices.eachRun(target.length, (from, to) => {
    for (let row = from; row < to; row++) {
      if (targets.doubles) row = copyFinite(targets.doubles, target, row, to);
      if (row === to) return;
      const y = targets.at(row);
      if (missing && isMissing(y)) {
        target[row] = Number.NaN;
      } else if (typeof y === 'number' && Number.isFinite(y)) {
        target[row] = y;
      } else {
        throw fail(row, targetColumn, y, targetProblem(y));
      }
    }
  });
  if (rest) await rest;
  for (const { name, column, reader: feature } of columns) {
    rest = slices.eachRow(rows, (row) => {
      const problem =
        name === weight ? weightProblem(column.at(row)) : feature.read(column.at(row), row);
      if (problem !== undefined) throw fail(row, name, column.at(row), problem);
      if (name === weight) feature.read(column.at(row), row);
    });
    if (rest) await rest;
  }
  const toWallTime = reader.toWallTimes();
  rest = toWallTime && slices.eachRow(rows, toWallTime);
  if (rest) await rest;
  return {
    ids: series.ids,
    series: series.numbers,
    times: stamps,
    target,
    features: columns.map(({ reader: feature }) => feature.feature()),
    form: reader.form,
  };
}

/** Copies the rows from `from` on while they are finite; gives the first one that is not copied. */
function copyFinite(values: Float64Array, target: Float64Array, from: number, to: number): number {
  for (let row = from; row < to; row++) {
    const y = values[row]!;
    if (!Number.isFinite(y)) return row;
    target[row] = y;
  }
  return to;
}

/** Values per series of `ids`, from a table with a row for each of them; rows of others are not read. */
function readStatics(
  place: string,
  table: TableInput | undefined,
  columns: readonly string[],
  names: Partial<ColumnNames>,
  ids: readonly string[],
): Feature[] {
  if (columns.length === 0) return [];
  if (table === undefined) {
    throw new ForecastError(
      'ERR_ND_FEATURES',
      `[${place}] a model reads the static column(s) ${quoted(columns)}, expected the option statics: a table with one row per series`,
      { columns: [...columns] },
    );
  }
  const open = openTable(place, table);
  const idColumn = nameIn(table, open, names.idColumn, 'unique_id');
  const idValues = names.idColumn
    ? required(place, open, idColumn, 'idColumn')
    : open.column(idColumn);
  const series = allocated(place, () => new SeriesReader(place, idColumn, open.rows));
  const visit = idValues ? series.reading(idValues.at) : series.single(open.later?.(idColumn));
  const rowOf = new Map<string, number>();
  for (let row = 0; row < open.rows; row++) {
    visit(row, row + 1);
    const id = series.nameAt(row);
    if (rowOf.has(id)) {
      throw dataError(place, `the static rows ${rowOf.get(id)} and ${row} are both of "${id}"`, {
        series: id,
        row,
      });
    }
    rowOf.set(id, row);
  }
  return columns.map((name) => {
    const column = open.column(name);
    if (!column) throw missingFeature(place, open, name);
    const reader = new FeatureReader(name, ids.length);
    ids.forEach((id, place_) => {
      const row = rowOf.get(id);
      if (row === undefined) {
        throw new ForecastError(
          'ERR_ND_FEATURES',
          `[${place}] the static table has no row for the series "${id}"`,
          { series: id, column: name },
        );
      }
      const problem = reader.read(column.at(row), place_);
      if (problem !== undefined) {
        throw dataError(place, `series "${id}", static row ${row}: ${name} ${problem}`, {
          series: id,
          row,
          column: name,
          value: show(column.at(row)),
        });
      }
    });
    return reader.feature();
  });
}

/** Reads a panel: series, times, target and what models read beside it. */
export async function readPanel(
  place: string,
  table: TableInput,
  names: Partial<ColumnNames>,
  options: ReadOptions = {},
): Promise<ReadPanel> {
  const { form, ...rows } = await readRows(place, table, names, options, true);
  const { names: columns = [], table: staticTable } = options.statics ?? {};
  const statics = readStatics(place, staticTable, columns, names, rows.ids);
  const { frequency = '', missing = false } = options;
  return { input: { ...rows, statics, calendar: form.calendar, frequency, missing }, form };
}

/** Rows of steps to come. */
export interface FutureRows
  extends Omit<NativeFuture, 'names' | 'nameEnds' | 'features'>,
    Unpacked {
  readonly form: TimeForm;
}

/** Reads the rows of steps to come. */
export async function readFuture(
  place: string,
  table: TableInput,
  names: Partial<ColumnNames>,
  options: ReadOptions,
): Promise<FutureRows> {
  const { target: _, ...rows } = await readRows(place, table, names, options, false);
  return rows;
}

const isMissing = (value: unknown): boolean =>
  value === undefined || value === null || Number.isNaN(value);

function weightProblem(weight: unknown): string | undefined {
  if (typeof weight === 'number' && Number.isFinite(weight) && weight >= 0) return undefined;
  const missing = weight === undefined || weight === null;
  return `is ${missing ? 'missing' : show(weight)}, expected a weight: a finite number of at least 0`;
}

function targetProblem(y: unknown): string {
  if (typeof y === 'number') return `is ${y}, expected a finite number; fill or drop the row`;
  const missing = y === undefined || y === null;
  return `is ${missing ? 'missing' : show(y)}, expected a number${missing ? '; fill or drop the row' : ''}`;
}
