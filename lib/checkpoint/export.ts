/** A forecaster as a checkpoint that NeuralForecast 3.3 loads. */

import fs from 'node:fs/promises';
import path from 'node:path';
import type { ColumnNames, ExportOptions } from '../../types/index';
import type { Registry } from '../../types/registry';
import { ForecastError } from '../errors';
import type { NativeForecaster } from '../native';
import { checkNames, optionalBoolean, optionalSignal } from '../options';
import { pathOption } from '../requests';
import { dataFiles } from './export-data';
import { checkIntervals } from './export-intervals';
import { modelFile } from './export-model';
import { savedContent } from './saved';

const PLACE = 'exportCheckpoint';

function failed(folder: string, error: unknown): ForecastError {
  const { message } = error as Error;
  return new ForecastError('ERR_ND_FILE', `[${PLACE}] ${folder}: cannot be written: ${message}`, {
    path: folder,
  });
}

/** Writes the files into a new folder, which then takes the place of `folder`: a kill leaves the old one or the new one. */
async function writeFolder(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
  overwrite: boolean,
): Promise<void> {
  const target = path.resolve(folder);
  const old = await fs.readdir(target).catch(() => undefined);
  if (old !== undefined && old.length > 0 && !overwrite) {
    throw new ForecastError(
      'ERR_ND_FILE',
      `[${PLACE}] ${folder}: is not empty; set overwrite: true to replace it`,
      { path: folder },
    );
  }
  const fresh = await fs.mkdtemp(`${target}.`);
  try {
    await fs.chmod(fresh, 0o755);
    for (const [name, content] of files) await fs.writeFile(path.join(fresh, name), content);
    if (old !== undefined) await fs.rm(target, { recursive: true });
    await fs.rename(fresh, target);
  } finally {
    await fs.rm(fresh, { recursive: true, force: true });
  }
}

/** Writes what `native` holds as a folder of NeuralForecast 3.3: the same state gives the same bytes. */
export async function exportForecaster(
  native: NativeForecaster,
  folder: string,
  options: ExportOptions,
  context: { readonly names: Partial<ColumnNames>; readonly registry: Registry },
): Promise<void> {
  checkNames(PLACE, options, ['includeData', 'includeIntervals', 'overwrite', 'signal']);
  const target = pathOption(PLACE, folder);
  const includeData = optionalBoolean(PLACE, 'includeData', options.includeData) ?? true;
  const includeIntervals =
    optionalBoolean(PLACE, 'includeIntervals', options.includeIntervals) ?? true;
  const overwrite = optionalBoolean(PLACE, 'overwrite', options.overwrite) ?? false;
  const signal = optionalSignal(PLACE, options.signal);
  const all = await savedContent(native, includeData, signal);
  const saved = includeIntervals ? all : { ...all, intervals: undefined };
  if (saved.intervals) checkIntervals(saved.intervals, saved);
  const files = dataFiles(saved, context.names);
  for (const model of saved.models) {
    files.set(`${model.alias}_0.safetensors`, modelFile(model, context.registry));
  }
  signal?.throwIfAborted();
  await writeFolder(target, files, overwrite).catch((error: unknown) => {
    throw error instanceof ForecastError ? error : failed(folder, error);
  });
}
