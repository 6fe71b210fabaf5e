/** The commands `forecast`, which fits, predicts and plots in one go, and `predict` with a saved model. */

import { basename } from 'node:path';
import { NeuralForecast } from '../index';
import { type Context, columnFlags, defined, integerFlag, textFlag, threadsFlag } from './context';
import { fitPanel, fitSummary, sayFit } from './fit';
import type { Flags } from './flags';
import { quantileFlags } from './intervals';
import { holdOut, readPanel, readTables } from './panel';
import { formatCsv, formatTable, say, sayFiles, sayJson } from './report';
import { sayScores, scoresOf } from './scores';
import { type ForecastRows, recordsOf, rowsOf, writeCsv, writePlot } from './tables';

/** `forecast data.csv`: fit, predict, score, plot. */
export async function runForecast(file: string, context: Context): Promise<void> {
  const { flags, signal, version } = context;
  const count = integerFlag(flags, 'holdout', 1);
  const season = integerFlag(flags, 'seasonLength', 1);
  const whole = await readPanel(file, columnFlags(flags), signal);
  const split = count === undefined ? { training: whole } : holdOut(whole, count);
  const fitted = await fitPanel(split.training, context, count);
  const holdout = 'holdout' in split ? split.holdout : undefined;
  const { future = holdout?.columns } = await readTables(context, columnFlags(flags));
  const table = await fitted.nf.predict(null, {
    ...defined({ future }),
    ...(flags.intervals === undefined ? {} : quantileFlags(flags)),
    ...threadsFlag(flags),
    signal,
  });

  const { frequency } = fitted.fit;
  const scores =
    holdout && scoresOf(table, split.training, frequency, season, { actual: holdout.columns });
  const name = basename(file).replace(/\.csv(?:\.gz)?$/i, '');
  const plots =
    flags.plot === false ? [] : ((flags.plot as string[] | undefined) ?? [`${name}-forecast.html`]);
  const observed = { history: split.training, ...(holdout ? { holdout } : {}) };
  for (const plot of plots) await writePlot(plot, table, observed, name);
  const rows = rowsOf(table);
  const output = textFlag(flags, 'output');
  if (output !== undefined) await writeCsv(output, rows);
  const files = [...(output === undefined ? [] : [output]), ...plots];

  if (context.json) {
    const results = {
      forecast: recordsOf(rows),
      ...(scores ? { scores: scores.toRecords() } : {}),
      files,
    };
    sayJson({ version, command: 'forecast', fit: fitSummary(fitted), ...results });
    return;
  }
  sayFit(fitted);
  say(`\n${formatTable(rows.header, rows.rows)}\n`);
  if (scores) sayScores('on the hold-out', scores);
  sayFiles(files);
}

/** A saved model, the column names with which it was fitted and, of a CSV file, the panel under these names. */
export async function loadWithPanel(model: string, file: string | undefined, context: Context) {
  const { flags, signal } = context;
  const { separator, missing: _, ...names } = columnFlags(flags);
  const nf = await NeuralForecast.load(model, { ...names, signal });
  const { idColumn, timeColumn, targetColumn, missing } = nf.info();
  // The standard name need not be there: a file without it is one series.
  const id = idColumn === 'unique_id' ? names.idColumn : idColumn;
  const columns = { ...defined({ separator, idColumn: id }), timeColumn, targetColumn, missing };
  const panel = file === undefined ? undefined : await readPanel(file, columns, signal);
  return { nf, columns, panel };
}

/** What a saved model is asked for, whatever is made of it. */
export const aheadFlags = (flags: Flags) => ({
  ...threadsFlag(flags),
  ...defined({ horizon: integerFlag(flags, 'horizon', 1) }),
  ...(flags.refitSeriesScaler === false ? { refitSeriesScaler: false } : {}),
});

/** `predict model.safetensors [data.csv]`. */
export async function runPredict(
  model: string,
  file: string | undefined,
  context: Context,
): Promise<void> {
  const { flags, signal } = context;
  const { nf, columns, panel } = await loadWithPanel(model, file, context);
  const table = await nf.predict(panel?.columns ?? null, {
    ...(await readTables(context, columns)),
    signal,
    ...aheadFlags(flags),
    ...quantileFlags(flags),
  });
  const rows = rowsOf(table);
  const written = await writeOutput(flags, rows);
  const plots = (flags.plot as string[] | undefined) ?? [];
  for (const plot of plots) {
    await writePlot(plot, table, panel ? { history: panel } : {}, basename(file ?? model));
  }
  sayRows(context, { command: 'predict', name: 'forecast', rows, files: [...written, ...plots] });
}

/** Writes rows to `--output`, where it is given; the files that were written. */
export async function writeOutput(flags: Flags, rows: ForecastRows): Promise<string[]> {
  const output = textFlag(flags, 'output');
  if (output === undefined) return [];
  await writeCsv(output, rows);
  return [output];
}

/** Says what a command made: `rows` under `name` as JSON, or the files that it wrote. */
export function sayRows(
  { flags, json, version }: Context,
  made: {
    readonly command: string;
    readonly name: string;
    readonly rows: ForecastRows;
    readonly files: readonly string[];
  },
): void {
  const { command, name, rows, files } = made;
  if (json) sayJson({ version, command, [name]: recordsOf(rows), files });
  // Without a file the rows themselves are the output, ready for a pipe.
  else if (textFlag(flags, 'output') === undefined) say(formatCsv(rows.header, rows.rows));
  else sayFiles(files);
}
