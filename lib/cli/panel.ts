/** A CSV file as the commands use it: columns under the names of the file, and rows that can be held out. */

import type { ColumnNames, CsvPanel, TableInput } from '../../types/index';
import { ForecastError, readCsv } from '../index';
import { timeOf } from '../plot/reading';
import { type Context, type CsvFlags, defined, textFlag } from './context';

type Names = Required<ColumnNames>;

/** Columns that `fit` takes. */
export type Columns = Record<string, string[] | number[] | bigint[] | Float64Array>;

export interface Panel {
  readonly names: Names;
  readonly columns: Columns;
  readonly rows: number;
}

/** Reads a file and gives the three columns back the names that they have in it, so that forecasts are written alike. */
export async function readPanel(
  file: string,
  options: Partial<ColumnNames> & CsvFlags,
  signal: AbortSignal,
): Promise<Panel> {
  const names: Names = {
    idColumn: options.idColumn ?? 'unique_id',
    timeColumn: options.timeColumn ?? 'ds',
    targetColumn: options.targetColumn ?? 'y',
  };
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  );
  const { unique_id, ds, y, ...others }: CsvPanel = await readCsv(file, { ...given, signal });
  return {
    names,
    rows: y.length,
    columns: {
      ...(others as Columns),
      ...(unique_id ? { [names.idColumn]: unique_id } : {}),
      [names.timeColumn]: ds,
      [names.targetColumn]: y,
    },
  };
}

/** Files of the flags --statics and --future, for the calls that take such tables. */
export async function readTables(
  { flags, signal }: Context,
  names: Partial<ColumnNames> & CsvFlags,
): Promise<{ statics?: TableInput; future?: TableInput }> {
  const { targetColumn: _, timeColumn, ...rest } = names;
  const statics = textFlag(flags, 'statics');
  const future = textFlag(flags, 'future');
  return {
    ...(statics && {
      statics: (await readCsv(statics, { ...rest, rows: 'statics', signal })) as TableInput,
    }),
    ...(future && {
      future: (await readCsv(future, {
        ...rest,
        ...defined({ timeColumn }),
        rows: 'future',
        signal,
      })) as TableInput,
    }),
  };
}

/** Rows of every series in order of time. */
function rowsBySeries({ columns, names, rows }: Panel): Map<string, number[]> {
  const ids = columns[names.idColumn];
  const times = Array.from(columns[names.timeColumn] as ArrayLike<unknown>, timeOf);
  const series = new Map<string, number[]>();
  for (let row = 0; row < rows; row++) {
    const id = String(ids?.[row] ?? '1');
    const list = series.get(id);
    if (list) list.push(row);
    else series.set(id, [row]);
  }
  for (const list of series.values()) list.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
  return series;
}

function select(panel: Panel, rows: readonly number[]): Panel {
  const pick = (column: Columns[string]) => {
    const values = rows.map((row) => column[row]);
    return (
      column instanceof Float64Array ? Float64Array.from(values as number[]) : values
    ) as Columns[string];
  };
  const columns = Object.fromEntries(
    Object.entries(panel.columns).map(([name, c]) => [name, pick(c)]),
  );
  return { names: panel.names, columns, rows: rows.length };
}

/** Splits off the last `count` rows of every series. */
export function holdOut(panel: Panel, count: number): { training: Panel; holdout: Panel } {
  const series = rowsBySeries(panel);
  for (const [id, rows] of series) {
    if (rows.length > count) continue;
    throw new ForecastError(
      'ERR_ND_EMPTY',
      `[forecast] series "${id}" has ${rows.length} rows, expected more than the ${count} that are held out`,
      { series: id, rows: rows.length, holdout: count },
    );
  }
  const cut = (from: number, to?: number) =>
    [...series.values()].flatMap((rows) => rows.slice(from, to));
  return { training: select(panel, cut(0, -count)), holdout: select(panel, cut(-count)) };
}
