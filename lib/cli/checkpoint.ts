/** The commands `import` and `export`: a checkpoint of NeuralForecast as a model file, and the reverse. */

import { NeuralForecast } from '../index';
import { type Context, defined, textFlag } from './context';
import { say, sayFiles, sayJson } from './report';

/** `import folder --output model.safetensors`. */
export async function runImport(folder: string, context: Context): Promise<void> {
  const { flags, signal, json, version } = context;
  const output = textFlag(flags, 'output') as string;
  const names = textFlag(flags, 'models')?.split(',');
  const nf = await NeuralForecast.importCheckpoint(folder, {
    ...defined({ models: names }),
    compat: flags.compat === false ? false : 'neuralforecast',
    includeData: flags.data !== false,
    signal,
  });
  await nf.save(output, { signal });
  const { packageVersion: _, models, ...info } = nf.info();
  const files = [output];
  if (json) {
    sayJson({ version, command: 'import', folder, ...info, models, files });
    return;
  }
  for (const { alias, type, parameters } of models)
    say(`${alias}: ${type}, ${parameters} weights\n`);
  sayFiles(files);
}

/** `export model.safetensors --output folder`. */
export async function runExport(file: string, context: Context): Promise<void> {
  const { flags, signal, json, version } = context;
  const output = textFlag(flags, 'output') as string;
  const nf = await NeuralForecast.load(file, { signal });
  const overwrite = flags.overwrite === true;
  await nf.exportCheckpoint(output, {
    includeData: flags.data !== false,
    includeIntervals: flags.intervals !== false,
    overwrite,
    signal,
  });
  if (json) sayJson({ version, command: 'export', file, files: [output] });
  else sayFiles([output]);
}
