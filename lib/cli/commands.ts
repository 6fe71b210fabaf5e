/** What each command does, after the flags are read and before anything is printed. */

import { basename } from 'node:path';
import { writeFile } from 'node:fs/promises';
import type { FitOptions, FitResult, NeuralForecastOptions } from '../../types/index';
import { ForecastError, type ForecastTable, NeuralForecast, type registry } from '../index';
import { type Flags, modelsFrom } from './flags';
import { holdOut, type Panel, readPanel, valuesBySeries } from './panel';
import { progressBar } from './progress';
import { type Cell, formatCsv, UsageError } from './report';
import { type Score, score, seasonalNaive, seasonOf } from './scores';

type Registry = ReturnType<typeof registry>;

export interface Context {
  readonly flags: Flags;
  readonly signal: AbortSignal;
  readonly json: boolean;
}

/** A forecast as rows, for every form in which it is written. */
export interface ForecastRows {
  readonly header: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface FitOutcome {
  readonly nf: NeuralForecast;
  readonly fit: FitResult;
  readonly horizon: number;
  readonly seconds: number;
}

/** A whole number of at least `minimum`, or undefined when the flag was not given. */
function integerFlag(
  flags: Flags,
  name: string,
  flag: string,
  minimum: number,
): number | undefined {
  const text = flags[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (String(text).trim() !== '' && Number.isSafeInteger(value) && value >= minimum) return value;
  throw new UsageError(
    `--${flag}: received ${JSON.stringify(text)}, expected an integer of at least ${minimum}`,
  );
}

const textFlag = (flags: Flags, name: string) => flags[name] as string | undefined;

const defined = <Type extends object>(object: Type): Partial<Type> =>
  Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined),
  ) as Partial<Type>;

export function columnFlags(flags: Flags) {
  return defined({
    idColumn: textFlag(flags, 'idColumn'),
    timeColumn: textFlag(flags, 'timeColumn'),
    targetColumn: textFlag(flags, 'targetColumn'),
    separator: textFlag(flags, 'separator')?.replace('\\t', '\t'),
  }) as { idColumn?: string; timeColumn?: string; targetColumn?: string; separator?: string };
}

const threadsFlag = (flags: Flags) =>
  defined({ threads: integerFlag(flags, 'threads', 'threads', 1) });

/** Trains the models of the flags on a panel. */
export async function fitPanel(
  registry: Registry,
  panel: Panel,
  { flags, signal, json }: Context,
  defaultHorizon?: number,
): Promise<FitOutcome> {
  const horizon = integerFlag(flags, 'horizon', 'horizon', 1) ?? defaultHorizon;
  if (horizon === undefined)
    throw new UsageError('--horizon is missing: how many steps to forecast');
  const nf = new NeuralForecast({
    ...panel.names,
    ...defined({
      frequency: textFlag(flags, 'frequency'),
      localScaler: textFlag(flags, 'localScaler') as NeuralForecastOptions['localScaler'],
      compat: textFlag(flags, 'compat') as NeuralForecastOptions['compat'],
      inputSize: integerFlag(flags, 'inputSize', 'input-size', -1),
    }),
    horizon,
    models: modelsFrom(registry, flags),
  });
  const bar = progressBar(json || flags.quiet === true);
  const options: FitOptions = {
    ...threadsFlag(flags),
    ...defined({ valSize: integerFlag(flags, 'valSize', 'val-size', 0) }),
    signal,
    onProgress: bar.update,
  };
  const started = performance.now();
  try {
    const fit = await nf.fit(panel.columns, options);
    return { nf, fit, horizon, seconds: (performance.now() - started) / 1000 };
  } finally {
    bar.stop();
  }
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

/** Columns that are a forecast of the value itself rather than the border of an interval. */
const pointColumns = (table: ForecastTable) =>
  table.modelColumns.filter((name) => !/-(?:lo|hi)-[\d.]+$/.test(name));

/** Every model and the seasonal naive against the values held out. */
export function scoresOf(
  table: ForecastTable,
  training: Panel,
  holdout: Panel,
  season: number,
): Score[] {
  const truth = valuesBySeries(holdout);
  const past = valuesBySeries(training);
  const actual: number[] = [];
  const naive: number[] = [];
  const steps: number[] = [];
  table.series.forEach((id, s) => {
    const values = (truth.get(id) ?? []).slice(0, table.horizon);
    actual.push(...values);
    naive.push(...seasonalNaive(past.get(id) ?? [], values.length, season));
    steps.push(...values.map((_, h) => s * table.horizon + h));
  });
  const models = pointColumns(table).map((name) => {
    const forecast = table.column(name);
    return score(
      name,
      actual,
      steps.map((step) => forecast[step] as number),
    );
  });
  return [...models, score('SeasonalNaive', actual, naive)];
}

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

/** `forecast data.csv`: fit, predict, score, plot. */
export async function forecastFile(registry: Registry, file: string, context: Context) {
  const { flags, signal } = context;
  const count = integerFlag(flags, 'holdout', 'holdout', 1);
  const season = integerFlag(flags, 'seasonLength', 'season-length', 1);
  const whole = await readPanel(file, columnFlags(flags), signal);
  const split = count === undefined ? { training: whole } : holdOut(whole, count);
  const fitted = await fitPanel(registry, split.training, context, count);
  const table = await fitted.nf.predict(null, { signal, ...threadsFlag(flags) });

  const holdout = 'holdout' in split ? split.holdout : undefined;
  const scores =
    holdout && scoresOf(table, split.training, holdout, season ?? seasonOf(fitted.fit.frequency));
  const name = basename(file).replace(/\.csv(?:\.gz)?$/i, '');
  const plots =
    flags.plot === false ? [] : ((flags.plot as string[] | undefined) ?? [`${name}-forecast.html`]);
  for (const plot of plots) {
    await writePlot(
      plot,
      table,
      { history: split.training, ...(holdout ? { holdout } : {}) },
      name,
    );
  }
  const rows = rowsOf(table);
  const output = textFlag(flags, 'output');
  if (output !== undefined) await writeCsv(output, rows);
  return {
    ...fitted,
    table,
    holdout,
    scores,
    files: [...(output === undefined ? [] : [output]), ...plots],
  };
}

/** `fit data.csv --output model.safetensors`. */
export async function fitFile(registry: Registry, file: string, context: Context) {
  const output = textFlag(context.flags, 'output') as string;
  const panel = await readPanel(file, columnFlags(context.flags), context.signal);
  const fitted = await fitPanel(registry, panel, context);
  await fitted.nf.save(output, {
    includeData: context.flags.data !== false,
    signal: context.signal,
  });
  return { ...fitted, files: [output] };
}

/** `predict model.safetensors [data.csv]`. */
export async function predictFile(
  model: string,
  file: string | undefined,
  { flags, signal }: Context,
) {
  const { separator: _, ...names } = columnFlags(flags);
  const nf = await NeuralForecast.load(model, { ...names, signal });
  // Without flags, the columns are those under which the model was fitted.
  const { idColumn, timeColumn, targetColumn } = nf.info();
  const columns = { ...columnFlags(flags), idColumn, timeColumn, targetColumn };
  const panel = file === undefined ? undefined : await readPanel(file, columns, signal);
  const table = await nf.predict(panel?.columns ?? null, {
    signal,
    ...threadsFlag(flags),
    ...(flags.refitSeriesScaler === false ? { refitSeriesScaler: false } : {}),
  });
  const rows = rowsOf(table);
  const output = textFlag(flags, 'output');
  if (output !== undefined) await writeCsv(output, rows);
  const plots = (flags.plot as string[] | undefined) ?? [];
  for (const plot of plots) {
    await writePlot(plot, table, panel ? { history: panel } : {}, basename(file ?? model));
  }
  return { nf, table, rows, output, files: [...(output === undefined ? [] : [output]), ...plots] };
}
