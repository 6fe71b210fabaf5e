/** A checkpoint of NeuralForecast as what native code makes a forecaster of. */

import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { ImportOptions } from '../../types/index';
import type { Registry } from '../../types/registry';
import { binding } from '../binding';
import { ForecastError } from '../errors';
import { runJob } from '../job';
import type { NativeDone, NativeForecaster, NativeJob } from '../native';
import type { Note } from '../note';
import {
  checkNames,
  optionalBoolean,
  optionalChoice,
  optionalSignal,
  optionError,
} from '../options';
import { pathOption } from '../requests';
import { type ImportedData, importData } from './import-data';
import { importIntervals } from './import-intervals';
import { modelJson } from './import-model';
import { readCheckpoint } from './read';
import { refuse, shown } from './refuse';
import { writeSafetensors } from './safetensors';
import type { Checkpoint, ModelRecord, Value } from './values';

const PLACE = 'importCheckpoint';

interface Request {
  readonly folder: string;
  readonly models: readonly string[] | undefined;
  readonly compat: boolean;
  readonly withData: boolean;
  readonly signal: AbortSignal | undefined;
}

function readOptions(folder: string, options: ImportOptions): Request {
  checkNames(PLACE, options, ['models', 'compat', 'includeData', 'signal']);
  const { models, compat = 'neuralforecast' } = options;
  if (
    models !== undefined &&
    !(Array.isArray(models) && models.every((m) => typeof m === 'string'))
  ) {
    throw optionError(PLACE, 'models', models, 'an array of names');
  }
  if (compat !== false) optionalChoice(PLACE, 'compat', compat, ['neuralforecast']);
  return {
    folder: pathOption(PLACE, folder),
    models,
    compat: compat !== false,
    withData: optionalBoolean(PLACE, 'includeData', options.includeData) ?? true,
    signal: optionalSignal(PLACE, options.signal),
  };
}

/** Models by their names in the columns of forecasts; repeated ones are numbered as NeuralForecast numbers them. */
function named(records: readonly ModelRecord[]): Map<string, ModelRecord> {
  const seen = new Map<string, number>();
  return new Map(
    records.map((record) => {
      const earlier = seen.get(record.alias) ?? 0;
      seen.set(record.alias, earlier + 1);
      return [`${record.alias}${earlier === 0 ? '' : earlier}`, record];
    }),
  );
}

function chosen(
  checkpoint: Checkpoint,
  models: readonly string[] | undefined,
): Map<string, ModelRecord> {
  const all = named(checkpoint.models);
  if (models === undefined) return all;
  for (const name of models) {
    optionalChoice(PLACE, 'models', name, [...all.keys()]);
  }
  return new Map([...all].filter(([alias]) => models.includes(alias)));
}

const text = (value: Value | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

function noteOf(
  { configuration }: Checkpoint,
  frequency: string,
  data: ImportedData | undefined,
): Note {
  const columns = {
    idColumn: 'id_col',
    timeColumn: 'time_col',
    targetColumn: 'target_col',
  } as const;
  const given = Object.entries(columns).flatMap(([ours, name]) => {
    const column = text(configuration.get(name));
    return column === undefined ? [] : [[ours, column]];
  });
  return { columns: Object.fromEntries(given), frequency, time: data?.form };
}

function frequencyOf({ configuration, file }: Checkpoint): string {
  const freq = configuration.get('freq');
  if (typeof freq === 'number' && Number.isInteger(freq)) return String(freq);
  return text(freq) ?? refuse(file, 'holds no step of time that this version has');
}

/** The safetensors file of a description: what a saved file holds, without weights. */
function description(
  checkpoint: Checkpoint,
  models: ReadonlyMap<string, ModelRecord>,
  registry: Registry,
  { compat }: Request,
): { bytes: Uint8Array; note: Note } {
  const frequency = frequencyOf(checkpoint);
  const data = importData(checkpoint, [...models.values()]);
  const config = {
    frequency,
    horizon: checkpoint.configuration.get('h'),
    localScaler: text(checkpoint.configuration.get('local_scaler_type')) ?? 'none',
    localStaticScaler: text(checkpoint.configuration.get('local_static_scaler_type')) ?? 'none',
    compat,
    ...(data.missing ? { missing: 'mask' } : {}),
    models: [...models].map(([alias, record]) => modelJson(record, alias, registry)),
  };
  const intervals = importIntervals(checkpoint, models, { compat });
  const contract = {
    frequency,
    calendar: !/^\d+$/.test(frequency),
    ...data.contract,
    ...intervals.contract,
  };
  const metadata = { config: JSON.stringify(config), data: JSON.stringify(contract) };
  return {
    bytes: writeSafetensors(metadata, new Map([...data.tensors, ...intervals.tensors])),
    note: noteOf(checkpoint, frequency, data),
  };
}

/** What native code says of the temporary `file`, said of the one in the checkpoint. */
function renamed(error: unknown, file: string, source: string): unknown {
  if (!(error instanceof ForecastError)) return error;
  const message = error.message.replace(/^\[\w+\]/, `[${PLACE}]`).replaceAll(file, source);
  return new ForecastError(error.code, message, { ...error.details, path: source });
}

/** Reads a checkpoint's folder; the object that native code makes of it is fitted. */
export async function importForecaster(
  folder: string,
  options: ImportOptions,
  registry: Registry,
): Promise<{ native: NativeForecaster; note: Note }> {
  const request = readOptions(folder, options);
  const { signal, withData } = request;
  const checkpoint = await readCheckpoint(request.folder, { withData, signal });
  const models = chosen(checkpoint, request.models);
  if (models.size === 0) refuse(request.folder, `holds no model ${shown(String(request.models))}`);
  const { bytes, note } = description(checkpoint, models, registry, request);
  const temporary = await fs.mkdtemp(path.join(os.tmpdir(), 'neuro-divergent-'));
  try {
    const file = path.join(temporary, 'import.safetensors');
    /** Hands `content`, which is that of `source`, to native code. */
    const hand = async <Result>(
      content: Uint8Array,
      source: string,
      start: (done: NativeDone<Result>) => NativeJob,
    ) => {
      await fs.writeFile(file, content);
      return runJob(start, signal).catch((error: unknown) => {
        throw renamed(error, file, source);
      });
    };
    const native = await hand<NativeForecaster>(bytes, checkpoint.file, (done) =>
      binding().importForecaster(file, done),
    );
    for (const [alias, { tensors, file: source }] of models) {
      await hand<null>(writeSafetensors({}, tensors), source, (done) =>
        native.loadWeights(alias, file, done),
      );
    }
    return { native, note };
  } finally {
    await fs.rm(temporary, { recursive: true, force: true });
  }
}
