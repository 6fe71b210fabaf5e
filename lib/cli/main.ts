/**
 * The command `neuro-divergent`. It does what the API does, with flags named like the options.
 * Exit codes: 0 done, 1 an error in data, options or files, 2 a wrong command line, 130 interrupted.
 */

import { Command, Option } from 'commander';
import { registry as readRegistry } from '../index';
import { type Context, fitFile, forecastFile, predictFile, recordsOf, rowsOf } from './commands';
import { addModelFlags, type Flags } from './flags';
import { describeModel, listModels } from './models';
import { type Cell, formatCsv, formatNumber, formatTable, replacer, reportError } from './report';

declare const __ND_VERSION__: string;

// No event loop to protect here: fits need not yield to whatever else the machine does.
process.env.ND_PRIORITY ??= 'normal';

type Registry = ReturnType<typeof readRegistry>;
type FitOutcome = Awaited<ReturnType<typeof fitFile>>;
type ForecastOutcome = Awaited<ReturnType<typeof forecastFile>>;

const say = (text: string) => process.stdout.write(text);
const sayJson = (value: unknown) => say(`${JSON.stringify(value, replacer)}\n`);

function fitSummary({
  fit: { series, rows, frequency, models },
  horizon,
  seconds,
}: FitOutcome | ForecastOutcome) {
  return {
    series,
    rows,
    frequency,
    horizon,
    seconds,
    models: models.map(({ alias, type, steps, bestStep, stoppedEarly, trainLoss, validLoss }) => ({
      alias,
      type,
      steps,
      bestStep,
      stoppedEarly,
      trainLoss,
      validLoss,
    })),
  };
}

function sayFit(outcome: FitOutcome | ForecastOutcome): void {
  const { series, rows, frequency, models, seconds } = fitSummary(outcome);
  say(
    `${rows} rows in ${series} series, frequency ${frequency}; fitted in ${seconds.toFixed(1)} s\n`,
  );
  for (const { alias, steps, trainLoss, validLoss, stoppedEarly } of models) {
    const losses = [`loss ${formatNumber(trainLoss ?? Number.NaN)}`];
    if (validLoss !== null) losses.push(`validation ${formatNumber(validLoss)}`);
    say(
      `  ${alias}: ${steps} steps${stoppedEarly ? ' (stopped early)' : ''}, ${losses.join(', ')}\n`,
    );
  }
}

function sayFiles(files: readonly string[]): void {
  for (const file of files) say(`wrote ${file}\n`);
}

async function runForecast(registry: Registry, file: string, context: Context): Promise<void> {
  const outcome = await forecastFile(registry, file, context);
  const rows = rowsOf(outcome.table);
  if (context.json) {
    const scores = outcome.scores ? { scores: outcome.scores } : {};
    const results = { forecast: recordsOf(rows), ...scores, files: outcome.files };
    sayJson({ version: __ND_VERSION__, command: 'forecast', fit: fitSummary(outcome), ...results });
    return;
  }
  sayFit(outcome);
  say(`\n${formatTable(rows.header, rows.rows)}\n`);
  if (outcome.scores) {
    const scores = outcome.scores.map(({ model, mae, smape }): Cell[] => [model, mae, smape]);
    say(`${formatTable(['on the hold-out', 'MAE', 'sMAPE %'], scores)}\n`);
  }
  sayFiles(outcome.files);
}

async function runFit(registry: Registry, file: string, context: Context): Promise<void> {
  const outcome = await fitFile(registry, file, context);
  if (context.json) {
    sayJson({
      version: __ND_VERSION__,
      command: 'fit',
      fit: fitSummary(outcome),
      files: outcome.files,
    });
    return;
  }
  sayFit(outcome);
  sayFiles(outcome.files);
}

async function runPredict(
  model: string,
  file: string | undefined,
  context: Context,
): Promise<void> {
  const { rows, output, files } = await predictFile(model, file, context);
  if (context.json) {
    sayJson({ version: __ND_VERSION__, command: 'predict', forecast: recordsOf(rows), files });
    return;
  }
  // Without a file the forecast itself is the output, ready for a pipe.
  if (output === undefined) say(formatCsv(rows.header, rows.rows));
  else sayFiles(files);
}

const collect = (text: string, before: string[] | undefined) => [...(before ?? []), text];

function addDataFlags(command: Command): Command {
  return command
    .option('--id-column <name>', 'column with the name of the series (default "unique_id")')
    .option('--time-column <name>', 'column with the time stamps (default "ds")')
    .option('--target-column <name>', 'column with the values (default "y")')
    .option('--separator <text>', 'between two cells of the CSV file (default ",")')
    .option('--threads <n>', 'threads to compute with (default: all that the system grants)')
    .option('--json', 'print one JSON document on stdout, results or { error }');
}

function addFitFlags(command: Command, registry: Registry | undefined): Command {
  command
    .option(
      '--frequency <step>',
      'time step: MS M QS Q YS Y W D B h min s, 15min … (default: inferred)',
    )
    .option('--val-size <n>', 'last steps of every series that are kept for validation (default 0)')
    .option(
      '--local-scaler <name>',
      `scaling of each whole series: ${registry?.seriesScalers.join(', ') ?? ''}`,
    )
    .addOption(
      new Option('--compat <name>', 'behave like the Python reference').choices(['neuralforecast']),
    )
    .option('--quiet', 'no progress bar');
  if (registry) addModelFlags(command, registry);
  return command;
}

function createProgram(
  registry: Registry | undefined,
  signal: AbortSignal,
  json: boolean,
): Command {
  const program = new Command('neuro-divergent')
    .description('Train neural time-series forecasters and forecast with them.')
    .version(__ND_VERSION__)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .configureHelp({ helpWidth: process.stdout.columns ?? 100 })
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 error in data, options or files, 2 wrong command line, 130 interrupted.',
    );
  const context = (flags: Flags): Context => ({ flags, signal, json });

  addFitFlags(addDataFlags(program.command('forecast')), registry)
    .description('fit, predict and plot in one go')
    .argument('<data.csv>', 'columns unique_id, ds, y; .csv or .csv.gz')
    .option(
      '--holdout <n>',
      'hold out the last n rows of every series and score the forecasts on them',
    )
    .option(
      '--season-length <n>',
      'season of the naive forecast beside the scores (default: from the frequency)',
    )
    .option('--output <file.csv>', 'write the forecast as CSV')
    .option(
      '--plot <file>',
      '.html, .svg or .json, repeatable (default <data>-forecast.html)',
      collect,
    )
    .option('--no-plot', 'write no plot')
    .action((file: string, flags: Flags) =>
      runForecast(registry as Registry, file, context(flags)),
    );

  addFitFlags(addDataFlags(program.command('fit')), registry)
    .description('train models and save them')
    .argument('<data.csv>', 'columns unique_id, ds, y; .csv or .csv.gz')
    .requiredOption('--output <model.safetensors>', 'where to save')
    .option('--no-data', 'do not keep the last window of every series in the file')
    .action((file: string, flags: Flags) => runFit(registry as Registry, file, context(flags)));

  addDataFlags(program.command('predict'))
    .description('forecast with saved models')
    .argument('<model>', 'a file that fit wrote')
    .argument(
      '[data.csv]',
      'other series, or the same ones further on (default: where the fit ended)',
    )
    .option('--no-refit-series-scaler', 'with --local-scaler: keep the scaling of the fit')
    .option('--output <next.csv>', 'write the forecast there instead of stdout')
    .option('--plot <file>', '.html, .svg or .json, repeatable', collect)
    .action((model: string, file: string | undefined, flags: Flags) =>
      runPredict(model, file, context(flags)),
    );

  program
    .command('models')
    .description('list the models, or describe one')
    .argument('[name]')
    .option('--json', 'print JSON')
    .action((name: string | undefined) => {
      if (json)
        sayJson(
          name === undefined
            ? listModels.json(readRegistry())
            : describeModel.json(readRegistry(), name),
        );
      else
        say(
          name === undefined
            ? listModels.text(readRegistry())
            : describeModel.text(readRegistry(), name),
        );
    });
  return program;
}

async function main(args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  // A reader such as `head` that has seen enough is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? 0 : 1),
  );
  try {
    // The other commands must work, and help must be shown, where the native binary cannot be loaded.
    const needsRegistry = args.some((arg) => arg === 'fit' || arg === 'forecast');
    const program = createProgram(
      needsRegistry ? readRegistry() : undefined,
      interrupt.signal,
      json,
    );
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return reportError(error, json);
  }
}

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
