/** Flags that several commands share, with their help. */

import { type Command, Option } from 'commander';
import type { Registry } from '../../types/registry';
import { addModelFlags, suggestions } from './flags';
import { INTERVAL_METHODS } from './intervals';

export const DATA = 'columns unique_id, ds, y; .csv or .csv.gz';
export const JSON_FLAG = [
  '--json',
  'print one JSON document on stdout, results or { error }',
] as const;

const WITHOUT_REGISTRY = `
The flags of the models are not shown, because the native binary cannot be loaded; "neuro-divergent doctor" says why.`;

export function addDataFlags(command: Command): Command {
  return addTableFlags(command).option(
    '--threads <n>',
    'threads to compute with (default: all that the system grants)',
  );
}

export function addTableFlags(command: Command): Command {
  return command
    .option('--id-column <name>', 'column with the name of the series (default "unique_id")')
    .option('--time-column <name>', 'column with the time stamps (default "ds")')
    .option('--target-column <name>', 'column with the values (default "y")')
    .option('--separator <text>', 'between two cells of the CSV file (default ",")')
    .option(...JSON_FLAG);
}

/** Of commands that ask a saved model. */
export function addAheadFlags(command: Command): Command {
  return addDataFlags(command)
    .argument('<model>', 'a file that fit wrote')
    .argument(
      '[data.csv]',
      'other series, or the same ones further on (default: where the fit ended)',
    )
    .option('--horizon <n>', 'steps to forecast (default: the trained horizon)')
    .option('--future <file.csv>', 'the future columns of the models at the steps to come')
    .option('--statics <file.csv>', 'with data: one row per series with the static columns')
    .option('--no-refit-series-scaler', 'with --local-scaler: keep the scaling of the fit');
}

/** Of commands that train, for good or on trial. */
export function addTrainFlags(
  command: Command,
  registry: Registry | undefined,
  renamed?: Readonly<Record<string, string>>,
): Command {
  const scalers = registry?.seriesScalers ?? [];
  const scaler = new Option(
    '--local-scaler <name>',
    `scaling of each whole series: ${scalers.join(', ')}`,
  );
  const staticScaler = new Option(
    '--local-static-scaler <name>',
    'scaling of each static column over the series, by the same names',
  );
  suggestions.set(scaler, scalers);
  suggestions.set(staticScaler, scalers);
  command
    .option(
      '--frequency <step>',
      'time step: MS M QS Q YS Y W D B h min s, 15min … (default: inferred)',
    )
    .option(
      '--time-zone <name>',
      'zone of stamps without an offset, and of days and longer steps: Europe/Berlin … (default UTC)',
    )
    .option('--statics <file.csv>', 'one row per series with the columns of --stat-exog')
    .addOption(scaler)
    .addOption(staticScaler)
    .addOption(
      new Option(
        '--missing <what>',
        'where a target is empty: refuse the file, or mask it',
      ).choices(['error', 'mask']),
    )
    .addOption(
      new Option(
        '--unseen-category <what>',
        'where a category was not seen by the fit: forecast by the mean of all, or refuse it',
      ).choices(['mean', 'error']),
    )
    .option('--sample-weight <name>', 'column with the weight of each row in the losses')
    .addOption(
      new Option('--compat <name>', 'behave like the Python reference').choices(['neuralforecast']),
    )
    .option('--quiet', 'no progress bar');
  if (registry) addModelFlags(command, registry, renamed);
  else command.addHelpText('after', WITHOUT_REGISTRY);
  return command;
}

/** Of commands whose models are to forecast. */
export function addFitFlags(
  command: Command,
  registry: Registry | undefined,
  renamed?: Readonly<Record<string, string>>,
): Command {
  command
    .option('--val-size <n>', 'last steps of every series that are kept for validation (default 0)')
    .addOption(
      new Option(
        '--intervals <method>',
        'calibrate intervals on forecasts of the last rows; --levels or --quantiles ask for them',
      ).choices(INTERVAL_METHODS),
    )
    .option('--interval-windows <n>', 'forecasts per series that calibrate them (default 20)')
    .option('--interval-step-size <n>', 'rows between two of these (default 1)')
    .option('--interval-pooled', 'errors of all series together');
  return addTrainFlags(command, registry, renamed);
}

/** Weights to begin from, and those that stay. */
export function addTransferFlags(command: Command): Command {
  return command
    .option('--initial-weights <model.safetensors>', 'begin from the weights of saved models')
    .option('--take-weights <patterns>', 'only those of --initial-weights whose names match: mlp.*')
    .option('--freeze <patterns>', 'weights that stay as they are: blocks.0.*,*.bias');
}
