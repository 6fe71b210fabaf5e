/** The commands of `neuro-divergent` with their flags and help; what each one does is in the file of its name. */

import { Argument, Command, Option } from 'commander';
import type { Registry } from '../../types/registry';
import {
  addAheadFlags,
  addDataFlags,
  addFitFlags,
  addTableFlags,
  addTrainFlags,
  addTransferFlags,
  DATA,
  JSON_FLAG,
} from './command-flags';
import { runCompletion, SHELLS } from './completion';
import type { Context } from './context';
import { RENAMED, runCrossValidation } from './cross-validation';
import { runDoctor } from './doctor';
import { runEvaluate } from './evaluate';
import { runFit } from './fit';
import type { Flags } from './flags';
import { runForecast, runPredict } from './forecast';
import { runExport, runImport } from './checkpoint';
import { runInfo } from './info';
import { runModels } from './models';
import { EXIT_HELP } from './report';
import { PATH_METHODS } from '../requests';
import { runSimulate } from './simulate';
import { runBatchSize, runLearningRate, runOneBatch } from './trials';

const collect = (text: string, before: string[] | undefined) => [...(before ?? []), text];

const SEASON_FLAG = [
  '--season-length <n>',
  'season of the naive forecast beside the scores (default: from the frequency)',
] as const;

/** Without a registry the flags of the models are missing: enough for help, and for the commands that train nothing. */
export function createProgram(
  context: Omit<Context, 'flags'>,
  registry: Registry | undefined,
): Command {
  const program = new Command('neuro-divergent')
    .description('Train neural time-series forecasters and forecast with them.')
    .version(context.version)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .configureHelp({ helpWidth: process.stdout.columns ?? 100 })
    .addHelpText('afterAll', EXIT_HELP);
  const withFlags = (flags: Flags): Context => ({ ...context, flags });

  addFitFlags(addDataFlags(program.command('forecast')), registry)
    .description('fit, predict and plot in one go')
    .argument('<data.csv>', DATA)
    .option(
      '--holdout <n>',
      'hold out the last n rows of every series and score the forecasts on them',
    )
    .option(
      '--future <file.csv>',
      'the columns of --futr-exog at the steps to come (default: the rows of --holdout)',
    )
    .option(...SEASON_FLAG)
    .option('--output <file.csv>', 'write the forecast as CSV')
    .option(
      '--plot <file>',
      '.html, .svg or .json, repeatable (default <data>-forecast.html)',
      collect,
    )
    .option('--no-plot', 'write no plot')
    .action((file: string, flags: Flags) => runForecast(file, withFlags(flags)));

  addTransferFlags(addFitFlags(addDataFlags(program.command('fit')), registry))
    .description('train models and save them')
    .argument('<data.csv>', DATA)
    .requiredOption('--output <model.safetensors>', 'where to save')
    .option('--no-data', 'do not keep the last window of every series in the file')
    .option('--checkpoint <file>', 'keep there where the fit is while it goes on')
    .option('--checkpoint-every <n>', 'steps between two checkpoints (default 100)')
    .option('--resume', 'go on from --checkpoint, if there is such a file')
    .option('--time-budget <seconds>', 'begin no further step after that time')
    .option('--teacher <model.safetensors>', 'learn the forecasts of saved models too')
    .option('--teacher-model <alias>', 'the one of --teacher that teaches, where it has several')
    .option('--distill-weight <w>', 'share of the teacher in the loss, in (0, 1] (default 0.5)')
    .option('--history <file>', 'write losses by step: .csv, or a plot as .html, .svg or .json')
    .option('--monitor-gradients', 'say which gradients vanish or explode; norms in --history')
    .action((file: string, flags: Flags) => runFit(file, withFlags(flags)));

  addAheadFlags(program.command('predict'))
    .description('forecast with saved models')
    .option('--levels <list>', 'intervals of these coverages in percent: 80,95')
    .option('--quantiles <list>', 'these quantiles instead: 0.1,0.9')
    .option('--output <next.csv>', 'write the forecast there instead of stdout')
    .option('--plot <file>', '.html, .svg or .json, repeatable', collect)
    .action((model: string, file: string | undefined, flags: Flags) =>
      runPredict(model, file, withFlags(flags)),
    );

  addAheadFlags(program.command('simulate'))
    .description('draw joint sample paths of saved models')
    .option('--paths <n>', 'paths per series (default 100)')
    .addOption(
      new Option(
        '--method <name>',
        'how the steps of a path hang together (default gaussianCopula)',
      ).choices(PATH_METHODS),
    )
    .option('--seed <n>', 'the same seed gives the same paths (default 1)')
    .option('--output <paths.csv>', 'write the paths there instead of stdout')
    .action((model: string, file: string | undefined, flags: Flags) =>
      runSimulate(model, file, withFlags(flags)),
    );

  addTransferFlags(addFitFlags(addDataFlags(program.command('cv')), registry, RENAMED))
    .description('forecast the last rows from before them, and score the forecasts')
    .usage('[options] [model.safetensors] <data.csv>')
    .argument('<files...>', `the data (${DATA}); before it a saved model, to judge it as it is`)
    .option('--windows <n>', 'forecasts per series, each from a cutoff of its own (default 1)')
    .option('--step-size <n>', 'rows between two cutoffs (default 1)')
    .option('--refit [k]', 'train before every cutoff, or every k-th (default: before the first)')
    .option('--test-size <n>', 'rows that the windows forecast, instead of --windows')
    .option('--purge <n>', 'rows before a cutoff that its fit does not learn from')
    .option('--folds <n>', 'hold every n-th series out of the training, and forecast it')
    .addOption(
      new Option('--folds-over <kind>', 'hold out series, or blocks of time').choices([
        'series',
        'time',
      ]),
    )
    .option('--embargo <n>', 'rows after a block of time that its fit does not learn from')
    .option('--checkpoint <folder>', 'keep what is finished there, and go on from it')
    .option('--no-from-scratch', 'with --refit: go on from the weights of the fit before')
    .option(...SEASON_FLAG)
    .option('--output <file.csv>', 'write the forecasts as CSV, with cutoffs and true values')
    .action((files: string[], flags: Flags) => runCrossValidation(files, withFlags(flags)));

  const trial = (name: string) =>
    addTrainFlags(addDataFlags(program.command(name)), registry)
      .argument('<data.csv>', DATA)
      .option('--output <file.csv>', 'write what was measured as CSV');

  trial('find-learning-rate')
    .description('a range test: at which learning rate does the loss fall fastest?')
    .option('--from <rate>', 'rate of the first step (default 1e-7)')
    .option('--to <rate>', 'rate of the last step (default 1)')
    .option('--steps <n>', 'steps between them (default 100)')
    .action((file: string, flags: Flags) => runLearningRate(file, withFlags(flags)));

  trial('find-batch-size')
    .description('which size of batch trains fastest on this machine?')
    .option('--from <n>', 'windows of the smallest batch (default 16)')
    .option('--to <n>', 'windows of the largest; sizes between are doubled (default 256)')
    .option('--steps <n>', 'steps that are measured per size (default 10)')
    .action((file: string, flags: Flags) => runBatchSize(file, withFlags(flags)));

  trial('check-one-batch')
    .description('can the network learn one batch by heart? Exit code 1 when it cannot')
    .option('--windows <n>', 'windows of the batch (default 8)')
    .option('--steps <n>', 'most updates (default 2000)')
    .option('--tolerance <x>', 'normalised loss below which it can (default 0.01)')
    .action((file: string, flags: Flags) => runOneBatch(file, withFlags(flags)));

  addTableFlags(program.command('evaluate'))
    .description('metrics of forecasts in a file that also says what happened')
    .argument(
      '<forecasts.csv>',
      'columns unique_id, ds, y, forecasts, with several cutoffs also cutoff',
    )
    .option('--metrics <names>', 'mae,rmse,mase … (default: all that the file allows)')
    .option('--by <names>', 'model, series, window or step, or several (default model)')
    .option('--models <names>', 'models to look at (default: all columns of numbers)')
    .option(
      '--train <data.csv>',
      'the panel before the forecasts, for mase, rmsse, msis, owa, baselines',
    )
    .option('--season-length <n>', 'steps in a season; needed with --train')
    .option('--baselines <names>', 'Naive, SeasonalNaive, Naive2: further models, out of --train')
    .option('--benchmark <name>', 'model or baseline that owa, relmse divide by (default Naive2)')
    .option('--weights <column>', 'column with the weight of each row')
    .option('--compare <metric>', 'also test which models differ: mae, mse, smape, mase, crps …')
    .option('--output <file.csv>', 'write the metrics as CSV')
    .action((file: string, flags: Flags) => runEvaluate(file, withFlags(flags)));

  program
    .command('info')
    .description('say what a saved file holds')
    .argument('<model>', 'a file that fit wrote')
    .option(...JSON_FLAG)
    .action((file: string, flags: Flags) => runInfo(file, withFlags(flags)));

  program
    .command('import')
    .description('make a model file of a checkpoint of NeuralForecast')
    .argument('<folder>', 'a folder that its save() wrote, of 3.3 or before')
    .requiredOption('--output <model.safetensors>', 'where to save the models')
    .option('--models <names>', 'which of its models, with commas between (default: all)')
    .option('--no-compat', 'compute as other models do, not as the Python library')
    .option('--no-data', 'leave out the rows of the fit')
    .option(...JSON_FLAG)
    .action((folder: string, flags: Flags) => runImport(folder, withFlags(flags)));

  program
    .command('export')
    .description('make a checkpoint of NeuralForecast of a model file')
    .argument('<model>', 'a file that fit wrote')
    .requiredOption('--output <folder>', 'a folder that load() of NeuralForecast 3.3 reads')
    .option('--overwrite', 'replace a folder that is not empty')
    .option('--no-data', 'leave out the last rows of every series')
    .option('--no-intervals', 'leave out what intervals are made of')
    .option(...JSON_FLAG)
    .action((file: string, flags: Flags) => runExport(file, withFlags(flags)));

  program
    .command('doctor')
    .description(
      'say what runs here, and try whether it works; exit code 1 when something does not',
    )
    .option('--quick', 'leave out what takes seconds')
    .option(...JSON_FLAG)
    .action((flags: Flags) => runDoctor(withFlags(flags)));

  program
    .command('models')
    .description('list the models, or describe one')
    .argument('[name]')
    .option(...JSON_FLAG)
    .action((name: string | undefined, flags: Flags) => runModels(name, withFlags(flags)));

  program
    .command('completion')
    .description('print a script that completes commands, flags and models in a shell')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: (typeof SHELLS)[number], flags: Flags) =>
      runCompletion(shell, program, withFlags(flags)),
    );
  return program;
}
