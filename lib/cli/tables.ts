/** Forecasts as rows, on the screen and in files. */

import { writeFile } from 'node:fs/promises';
import type { ForecastTable, HistoryTable } from '../../types/index';
import { ForecastError } from '../index';
import type { Panel } from './panel';
import { type Cell, formatCsv } from './report';

/** A forecast as rows, for every form in which it is written. */
export interface ForecastRows {
  readonly header: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** One row per series and step. */
export function rowsOf(table: ForecastTable): ForecastRows {
  const columns = table.toColumns();
  const header = Object.keys(columns);
  const rows = Array.from({ length: table.length }, (_, row) =>
    header.map((name) => columns[name]?.[row] as Cell),
  );
  return { header, rows };
}

/** Objects instead of rows, for `--json`. */
export const recordsOf = ({ header, rows }: ForecastRows) =>
  rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i]])));

/** Draws a forecast into a file. */
export async function writePlot(
  file: string,
  table: ForecastTable,
  observed: { history?: Panel; holdout?: Panel },
  title: string,
): Promise<void> {
  const { plotForecast } = await import('../plot/index');
  const names = observed.history?.names;
  const [idColumn, timeColumn] = table.columns;
  const plot = plotForecast({
    ...(observed.history ? { history: observed.history.columns } : {}),
    ...(observed.holdout ? { holdout: observed.holdout.columns } : {}),
    forecast: table,
    title,
    ...(names ?? {}),
    ...(idColumn && timeColumn ? { idColumn, timeColumn } : {}),
  });
  await writing(file, () => plot.save(file));
}

/** The history of a training as CSV, or drawn. */
export async function writeHistory(file: string, history: HistoryTable): Promise<void> {
  if (/\.csv$/i.test(file)) {
    await writing(file, () => writeFile(file, history.toCsv()));
    return;
  }
  const { plotHistory } = await import('../plot/index');
  await writing(file, () => plotHistory({ history }).save(file));
}

/** A failed write is E0006, whatever the operating system calls it. */
async function writing(file: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (error instanceof ForecastError) throw error;
    throw new ForecastError(
      'ERR_ND_FILE',
      `[output] cannot write ${file}: ${(error as Error).message}`,
      { file },
    );
  }
}

export const writeCsv = (file: string, { header, rows }: ForecastRows) =>
  writing(file, () => writeFile(file, formatCsv(header, rows)));
