/** Columns beside the target: vocabularies of categories, scales of series, and the values of the fit's rows. */

import { refuse, shown } from './refuse';
import { type Scale, type Scales, scalesOf, unscale } from './scales';
import { Tensor } from './tensor';
import { type Checkpoint, isMap, type ModelRecord, textList, type Value } from './values';

/** What saved files of ours say of columns: part of the metadata "data", and tensors. */
export interface ImportedColumns {
  readonly contract: Record<string, unknown>;
  readonly tensors: Map<string, Tensor>;
}

export interface Rows {
  readonly file: string;
  readonly series: number;
  /** First row of each series, and the end of the last one. */
  readonly offsets: readonly number[];
  /** Values of a column, scaled and encoded; undefined = there is none. */
  readonly column: (name: string) => number[] | undefined;
  /** The same of a column with one value per series. */
  readonly static: (name: string) => number[] | undefined;
}

/** Texts of the categories of each column, in the order of their places. */
function vocabulariesOf({ configuration, file }: Checkpoint): Map<string, string[]> {
  const all = configuration.get('categorical_vocab_');
  return new Map(
    [...(isMap(all) ? all : [])].map(([name, places]) => {
      const entries = isMap(places)
        ? [...places]
        : refuse(file, `has no vocabulary of ${shown(String(name))}`);
      const sorted = entries.sort(([, a], [, b]) => Number(a) - Number(b));
      if (sorted.some(([, place], i) => place !== i + 1)) {
        refuse(
          file,
          `has places in the vocabulary of ${shown(String(name))} that do not count from 1`,
        );
      }
      return [String(name), sorted.map(([value]) => textOf(value))];
    }),
  );
}

/** A category as the engine writes it: booleans are numbers. */
const textOf = (value: Value): string => String(typeof value === 'boolean' ? Number(value) : value);

/** Columns that some of the models read, of the given kinds. */
const namesOf = (models: readonly ModelRecord[], kinds: readonly string[]): string[] => [
  ...new Set(
    models.flatMap(({ hyper }) =>
      kinds.flatMap((kind) => textList(hyper.get(`${kind}_exog_list`) ?? []) ?? []),
    ),
  ),
];

/** What scales the static columns that are no categories: one scale for all series. */
function staticScales(
  { configuration, file }: Checkpoint,
  statics: readonly string[],
): ReadonlyMap<string, Scale> {
  const scalers = configuration.get('static_scalers_');
  return new Map(
    statics.flatMap((name): [string, Scale][] =>
      (scalesOf(scalers, name, 1, file) ?? []).map((scale) => [name, scale]),
    ),
  );
}

/** Two tensors: of one scale per column, or of one per column and series. */
function addScales(
  kind: 'static' | 'feature',
  scales: ReadonlyMap<string, Scale | Scales>,
  tensors: Map<string, Tensor>,
  shape: readonly number[] = [scales.size],
): void {
  if (scales.size === 0) return;
  const all = [...scales.values()].flat();
  const add = (part: keyof Scale) =>
    tensors.set(
      `data/${kind}_${part}`,
      Tensor.doubles(
        shape,
        all.map((one) => one[part]),
      ),
    );
  add('shift');
  add('scale');
}

export function importColumns(
  checkpoint: Checkpoint,
  models: readonly ModelRecord[],
  rows: Rows | undefined,
): ImportedColumns {
  const statics = namesOf(models, ['stat']);
  const vocabularies = vocabulariesOf(checkpoint);
  const contract: Record<string, unknown> = {};
  const tensors = new Map<string, Tensor>();
  const categories = namesOf(models, ['cat']);
  if (categories.length > 0) {
    contract.vocabularies = Object.fromEntries(
      categories.map((name) => [
        name,
        vocabularies.get(name) ?? refuse(checkpoint.file, `has no vocabulary of ${shown(name)}`),
      ]),
    );
  }
  const { configuration } = checkpoint;
  const staticScale = staticScales(checkpoint, statics);
  addScales('static', staticScale, tensors);
  if (staticScale.size > 0) contract.scaledStatics = [...staticScale.keys()];
  if (rows === undefined) return { contract, tensors };
  const scaler = configuration.get('local_scaler_type');
  const described = (name: string) =>
    categories.includes(name) ? { name, categories: vocabularies.get(name) } : { name };
  const add = (
    key: string,
    names: readonly string[],
    values: readonly number[][],
    count: number,
  ) => {
    if (names.length === 0) return;
    contract[key] = names.map(described);
    tensors.set(`data/${key}`, Tensor.doubles([names.length, count], values.flat()));
  };
  const found = (name: string, values: number[] | undefined) =>
    values ?? refuse(rows.file, `lacks the column ${shown(name)}, which a model reads`);
  /** Places count from 1 in vocabularies, from 0 in lists. */
  const place = (name: string, value: number) =>
    value >= 1
      ? value - 1
      : refuse(rows.file, `holds a value of ${shown(name)} without a category`);

  const features = namesOf(models, ['futr', 'hist']);
  const scaled = new Map<string, Scales>();
  const values = features.map((name) => {
    const column = found(name, rows.column(name));
    if (categories.includes(name)) return column.map((value) => place(name, value));
    const scales = scalesOf(configuration.get('scalers_'), name, rows.series, rows.file);
    if (scales === undefined) return column;
    scaled.set(name, scales);
    return scales.flatMap((one, s) =>
      column
        .slice(rows.offsets[s], rows.offsets[s + 1])
        .map((value) => unscale(scaler, value, one)),
    );
  });
  add('features', features, values, rows.offsets.at(-1)!);
  if (scaled.size > 0) {
    contract.scaledFeatures = [...scaled.keys()];
    addScales('feature', scaled, tensors, [scaled.size, rows.series]);
  }
  const staticScaler = configuration.get('local_static_scaler_type');
  const staticValues = statics.map((name) => {
    const column = found(name, rows.static(name));
    if (categories.includes(name)) return column.map((value) => place(name, value));
    const scale = staticScale.get(name);
    return scale ? column.map((value) => unscale(staticScaler, value, scale)) : column;
  });
  add('statics', statics, staticValues, rows.series);
  return { contract, tensors };
}
