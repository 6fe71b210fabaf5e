/** A saved file of ours, as far as other formats need it. */

import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runJob } from '../job';
import type { NativeForecaster } from '../native';
import { readSafetensors } from './safetensors';
import type { Scale, Scales } from './scales';
import type { Tensor } from './tensor';

/** Runs `use` with a folder that is removed afterwards. */
export async function withTemporaryFolder<Result>(
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'neuro-divergent-'));
  try {
    return await use(folder);
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

type Options = Readonly<Record<string, unknown>>;

export interface SavedLoss {
  readonly type: string;
  readonly options: Options;
}

export interface SavedModel {
  readonly type: string;
  readonly alias: string;
  readonly options: Options & { readonly loss: SavedLoss; readonly validLoss: SavedLoss | null };
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Further names of tensors in the reference, which has them once for each use. */
  readonly shared: readonly (readonly [other: string, name: string])[];
}

/** A column beside the target: numbers, or places in a list of categories. */
export interface SavedColumn {
  readonly name: string;
  readonly categories?: readonly string[];
  readonly values: readonly number[];
}

export interface SavedRows {
  readonly offsets: readonly number[];
  readonly target: readonly number[];
  readonly features: readonly SavedColumn[];
  /** One value per series. */
  readonly statics: readonly SavedColumn[];
  /** Per row. */
  readonly times: readonly number[];
}

/** Errors y - ŷ that intervals are made of. */
export interface SavedIntervals {
  readonly method: string;
  readonly windows: number;
  readonly stepSize: number;
  readonly pooled: boolean;
  /** Names of the series in the order of the errors. */
  readonly ids: readonly string[];
  /** Of each model that has them: [series, windows, horizon, columns]. */
  readonly errors: ReadonlyMap<string, Tensor>;
}

export interface Saved {
  readonly config: {
    readonly horizon: number;
    readonly localScaler: string;
    readonly localStaticScaler?: string;
  };
  readonly contract: {
    readonly frequency: string;
    readonly calendar: boolean;
    readonly ids: readonly string[];
    /** Texts of the categories of each column, in the order of their places. */
    readonly vocabularies?: Readonly<Record<string, readonly string[]>>;
  };
  readonly models: readonly SavedModel[];
  /** Of the target. */
  readonly scales: Scales;
  /** Of numeric columns with a scale of their own. */
  readonly featureScales: ReadonlyMap<string, Scales>;
  /** Of numeric static columns, over all series. */
  readonly staticScales: ReadonlyMap<string, Scale>;
  readonly rows: SavedRows | undefined;
  readonly intervals: SavedIntervals | undefined;
}

/** What `save` would write. */
export async function savedContent(
  native: NativeForecaster,
  includeData: boolean,
  signal: AbortSignal | undefined,
): Promise<Saved> {
  const request = JSON.stringify({ includeData });
  const bytes = await withTemporaryFolder(async (folder) => {
    const file = path.join(folder, 'export.safetensors');
    await runJob<null>((done) => native.save(file, request, done), signal);
    return fs.readFile(file);
  });
  const { metadata, tensors } = readSafetensors(bytes, 'export.safetensors');
  const json = (key: string) => JSON.parse(metadata.get(key)!);
  const numbers = (name: string) => tensors.get(name)!.numbers(name);
  const { shared, times } = JSON.parse(native.exportParts());
  const { models, ...config } = json('config');
  const tensorsOf = (alias: string): [string, Tensor][] =>
    [...tensors]
      // Errors of intervals are no weights.
      .filter(([name]) => name.startsWith(`${alias}/`) && name !== `${alias}/intervals.errors`)
      .map(([name, tensor]) => [name.slice(alias.length + 1), tensor]);
  const contract = json('data');
  const scalesIn = (kind: string): Scale[] => {
    const scale = numbers(`data/${kind}_scale`);
    return numbers(`data/${kind}_shift`).map((shift, s) => ({ shift, scale: scale[s]! }));
  };
  const columns = (key: string): SavedColumn[] => {
    const described: SavedColumn[] = contract[key] ?? [];
    if (described.length === 0) return [];
    const values = numbers(`data/${key}`);
    const count = values.length / described.length;
    return described.map((one, c) => ({
      ...one,
      values: values.slice(c * count, (c + 1) * count),
    }));
  };
  const scaled: string[] = contract.scaledFeatures ?? [];
  const scaledStatics: string[] = contract.scaledStatics ?? [];
  const ofStatics = scaledStatics.length > 0 ? scalesIn('static') : [];
  const ofFeatures = scaled.length > 0 ? scalesIn('feature') : [];
  const series = contract.ids.length;
  const intervals = (): SavedIntervals => {
    const { ids = contract.ids, ...settings } = contract.intervals;
    const errors = models.flatMap(({ alias }: SavedModel) => {
      const found = tensors.get(`${alias}/intervals.errors`);
      return found ? [[alias, found]] : [];
    });
    const places = numbers('data/interval_series');
    return { ...settings, ids: places.map((place) => ids[place]), errors: new Map(errors) };
  };
  return {
    config,
    contract,
    models: models.map((model: SavedModel, i: number) => ({
      ...model,
      tensors: new Map(tensorsOf(model.alias)),
      shared: shared[i],
    })),
    scales: scalesIn('scaler'),
    featureScales: new Map(
      scaled.map((name, i) => [name, ofFeatures.slice(i * series, (i + 1) * series)]),
    ),
    staticScales: new Map(scaledStatics.map((name, i) => [name, ofStatics[i]!])),
    rows: tensors.has('data/values')
      ? {
          offsets: numbers('data/offsets'),
          target: numbers('data/values'),
          features: columns('features'),
          statics: columns('statics'),
          times,
        }
      : undefined,
    intervals: contract.intervals ? intervals() : undefined,
  };
}
