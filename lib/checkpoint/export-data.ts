/** Configuration and rows as NeuralForecast 3.3 saves them. */

import type { ColumnNames } from '../../types/index';
import { STANDARD_NAMES } from '../requests';
import { intervalsJson, textsJson } from './export-intervals';
import { writeSafetensors } from './safetensors';
import type { Saved, SavedColumn, SavedRows } from './saved';
import { type Scales, scaleValue } from './scales';
import { Tensor } from './tensor';

type Json = Record<string, unknown>;
type Files = Map<string, Uint8Array>;

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
/** Names that pandas gives to ends of months and longer steps. */
const ENDS: Readonly<Record<string, string>> = { M: 'ME', Q: 'QE', Y: 'YE' };
const MICROSECONDS = 1000n;

/** A step of time in the words of pandas; the data say where weeks, quarters and years begin when the step does not. */
export function pandasFrequency(frequency: string, lastTime: number | undefined): string | number {
  const [, count = '', unit = '', anchor = ''] = /^(\d*)([A-Za-z]*)(.*)$/.exec(frequency) ?? [];
  if (unit === '') return Number(count);
  if (unit === 'W' && anchor === '') return `${7 * Number(count || 1)}D`;
  const isLong = /^[QY]/.test(unit);
  const month = lastTime === undefined ? undefined : MONTHS[new Date(lastTime).getUTCMonth()];
  const begins = anchor === '' && isLong && month !== undefined ? `-${month}` : anchor;
  return `${count}${ENDS[unit] ?? unit}${begins}`;
}

const pointer = (key: string, kind: 'torch' | 'numpy', dtype?: string): Json => ({
  __nf__: 'tensor',
  key: `__hparams__.${key}`,
  kind,
  ...(dtype === undefined ? {} : { dtype }),
});

const index = (values: readonly string[]): Json => ({
  __nf__: 'index',
  kind: 'pandas',
  dtype: 'str',
  name: null,
  values,
});

/** A JSON document and the tensors it points to, as two files. */
class Document {
  readonly #tensors = new Map<string, Tensor>();

  /** Adds a tensor under the name that the document gives it. */
  add(key: string, tensor: Tensor): void {
    this.#tensors.set(`__hparams__.${key}`, tensor);
  }
  write(stem: string, json: Json, files: Files): void {
    files.set(`${stem}.json`, Buffer.from(JSON.stringify(json)));
    if (this.#tensors.size > 0) {
      files.set(
        `${stem}.safetensors`,
        writeSafetensors({ nf_format: '2', shared: '{}' }, this.#tensors),
      );
    }
  }
}

/** Stamps: of a calendar in microseconds, else as they are. */
function timesJson(
  document: Document,
  key: string,
  times: readonly number[],
  kind: 'pandas' | 'numpy',
  calendar: boolean,
  name?: string,
): Json {
  const ticks = times.map((time) => BigInt(time) * (calendar ? MICROSECONDS : 1n));
  document.add(key, Tensor.integers([ticks.length], ticks));
  const data = pointer(key, 'numpy', 'int64');
  if (calendar)
    return {
      __nf__: 'datetime64',
      kind,
      unit: 'us',
      data,
      ...(name === undefined ? {} : { name }),
    };
  if (kind === 'numpy') return data;
  return { __nf__: 'index', kind, dtype: 'int64', name, values: times };
}

/** Places of a column's categories in the vocabulary of the fit, where they count from 1 and 0 is one that it lacks. */
function encoded({ name, categories = [], values }: SavedColumn, { contract }: Saved): number[] {
  const vocabulary = contract.vocabularies?.[name] ?? [];
  const text = (value: number) => (categories.length > 0 ? categories[value]! : String(value));
  return values.map((value) => vocabulary.indexOf(text(value)) + 1);
}

/** Values as networks see them: scaled by series, or places of categories. */
function columnValues(
  column: SavedColumn,
  offsets: readonly number[],
  saved: Saved,
): readonly number[] {
  if (saved.contract.vocabularies?.[column.name]) return encoded(column, saved);
  const scales = saved.featureScales.get(column.name);
  return scales ? scaledRows(column.values, offsets, scales, saved) : column.values;
}

function scaledRows(
  values: readonly number[],
  offsets: readonly number[],
  scales: Scales,
  { config }: Saved,
): number[] {
  return scales.flatMap((scale, s) =>
    values
      .slice(offsets[s], offsets[s + 1])
      .map((value) => scaleValue(config.localScaler, value, scale)),
  );
}

/** The same of one with a value per series. */
function staticValues(column: SavedColumn, saved: Saved): readonly number[] {
  const { localStaticScaler = 'none' } = saved.config;
  const scale = saved.staticScales.get(column.name);
  if (scale === undefined) return columnValues(column, [], saved);
  return column.values.map((value) => scaleValue(localStaticScaler, value, scale));
}

/** Columns side by side, row by row. */
function table(columns: readonly (readonly number[])[], rows: number): Tensor {
  const values = Array.from({ length: rows }, (_, row) => columns.map((column) => column[row]!));
  return Tensor.floats([rows, columns.length], values.flat());
}

function datasetFiles(saved: Saved, rows: SavedRows, targetColumn: string, files: Files): void {
  const { offsets, target, features, statics } = rows;
  const document = new Document();
  const indptr = new Uint8Array(Int32Array.from(offsets).buffer);
  document.add('indptr', new Tensor('I32', [offsets.length], indptr));
  const temporal = [
    scaledRows(target, offsets, saved.scales, saved).map((y) => (Number.isNaN(y) ? 0 : y)),
    ...features.map((column) => columnValues(column, offsets, saved)),
    target.map((y) => (Number.isNaN(y) ? 0 : 1)),
  ];
  document.add('temporal', table(temporal, target.length));
  const hasStatics = statics.length > 0;
  if (hasStatics) {
    const values = statics.map((column) => staticValues(column, saved));
    document.add('static', table(values, saved.contract.ids.length));
  }
  const names = (columns: readonly SavedColumn[]) => columns.map(({ name }) => name);
  const fields = {
    temporal: pointer('temporal', 'torch'),
    temporal_cols: index([targetColumn, ...names(features), 'available_mask']),
    indptr: pointer('indptr', 'numpy', 'int32'),
    y_idx: 0,
    static: hasStatics ? pointer('static', 'torch') : null,
    static_cols: hasStatics ? index(names(statics)) : null,
  };
  const dataset = { dataset_class: 'TimeSeriesDataset', fields, extra: { updated: false } };
  document.write('dataset', dataset, files);
}

function scalerJson(document: Document, path: string, type: string, of: Scales): Json {
  const key = `${path}.stats_`;
  const stats = of.flatMap(({ shift, scale }) => [shift, scale]);
  document.add(key, Tensor.floats([of.length, 2], stats));
  return { __nf__: 'scaler', type, stats_: pointer(key, 'numpy', 'float32') };
}

/** The scalers of the target and of other columns. */
function scalersJson(document: Document, saved: Saved, targetColumn: string): Json {
  const { config, scales, featureScales } = saved;
  if (config.localScaler === 'none' || scales.length === 0) return {};
  const all = [[targetColumn, scales] as const, ...featureScales];
  return Object.fromEntries(
    all.map(([name, of]) => [
      name,
      scalerJson(document, `scalers_.${name}`, config.localScaler, of),
    ]),
  );
}

/** Those of static columns. */
const staticScalersJson = (document: Document, { config, staticScales }: Saved): Json =>
  Object.fromEntries(
    [...staticScales].map(([name, scale]) => [
      name,
      scalerJson(document, `static_scalers_.${name}`, config.localStaticScaler!, [scale]),
    ]),
  );

/** Places of categories; those that read as numbers were numbers, as a column of numbers there still is. */
function vocabularyJson(texts: readonly string[]): Json {
  if (texts.every((text) => String(Number(text)) === text)) {
    return { __nf__: 'mapping', items: texts.map((text, i) => [Number(text), i + 1]) };
  }
  return Object.fromEntries(texts.map((text, i) => [text, i + 1]));
}

const vocabulariesJson = ({ contract }: Saved): Json =>
  Object.fromEntries(
    Object.entries(contract.vocabularies ?? {}).map(([name, texts]) => [
      name,
      vocabularyJson(texts),
    ]),
  );

/** Everything of a checkpoint but its models: file name → content. */
export function dataFiles(saved: Saved, names: Partial<ColumnNames>): Files {
  const { config, contract, rows, models } = saved;
  const { idColumn, timeColumn, targetColumn } = { ...STANDARD_NAMES, ...names };
  const files: Files = new Map();
  const document = new Document();
  const lastTimes = rows?.offsets.slice(1).map((end) => rows.times[end - 1]!) ?? [];
  const times = (key: string, of: readonly number[], kind: 'pandas' | 'numpy', name?: string) =>
    timesJson(document, key, of, kind, contract.calendar, name);
  const configuration: Json = {
    h: config.horizon,
    freq: pandasFrequency(contract.frequency, contract.calendar ? lastTimes[0] : undefined),
    _fitted: true,
    local_scaler_type: config.localScaler === 'none' ? null : config.localScaler,
    local_static_scaler_type: config.localStaticScaler ?? null,
    scalers_: scalersJson(document, saved, targetColumn),
    static_scalers_: staticScalersJson(document, saved),
    categorical_vocab_: vocabulariesJson(saved),
    id_col: idColumn,
    time_col: timeColumn,
    target_col: targetColumn,
    ...intervalsJson(saved, idColumn, (key, values) => {
      document.add(key, Tensor.doubles([values.length], values));
      return pointer(key, 'numpy', 'float64');
    }),
  };
  if (rows !== undefined) {
    datasetFiles(saved, rows, targetColumn, files);
    configuration.uids = textsJson(idColumn, contract.ids);
    configuration.last_dates = times('last_dates', lastTimes, 'pandas', timeColumn);
    configuration.ds = times('ds', rows.times, 'numpy');
  }
  configuration.alias_to_model = Object.fromEntries(
    models.map(({ alias, type }) => [alias, type.toLowerCase()]),
  );
  document.write('configuration', { nf_format: '2', configuration }, files);
  return files;
}
