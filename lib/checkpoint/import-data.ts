/** Series, their scales and their rows, as saved files of ours hold them. */

import type { TimeForm } from '../times';
import { importColumns, type Rows } from './import-features';
import { refuse } from './refuse';
import { type Scales, scalesOf, unscale } from './scales';
import { Tensor } from './tensor';
import {
  type Checkpoint,
  type DatasetRecord,
  type ModelRecord,
  TimesValue,
  textList,
  type Value,
} from './values';

export interface ImportedData {
  /** Part of the metadata "data". */
  readonly contract: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Of the stamps; undefined when there are none. */
  readonly form: TimeForm | undefined;
  /** Whether targets are missing. */
  readonly missing: boolean;
}

const NANOSECONDS: Readonly<Record<string, bigint>> = {
  s: 10n ** 9n,
  ms: 10n ** 6n,
  us: 1000n,
  ns: 1n,
};
const MILLISECOND = 10n ** 6n;

const tensorsOf = (scales: Scales): [string, Tensor][] => {
  const shape = [scales.length];
  const shifts = scales.map(({ shift }) => shift);
  return [
    ['data/scaler_shift', Tensor.doubles(shape, shifts)],
    [
      'data/scaler_scale',
      Tensor.doubles(
        shape,
        scales.map(({ scale }) => scale),
      ),
    ],
  ];
};

/** Names of series: texts, or integers. */
export function idsOf(value: Value | undefined, file: string): string[] {
  const ids = value instanceof Tensor ? value.bigints(file) : value;
  return Array.isArray(ids) ? ids.map(String) : refuse(file, 'names no series');
}

function stampsOf(value: Value | undefined, file: string): { last: bigint[]; form: TimeForm } {
  if (value instanceof TimesValue) {
    const unit = NANOSECONDS[value.unit];
    if (unit === undefined || value.zone !== undefined) {
      return refuse(file, `holds stamps in a time zone; import it with includeData: false`);
    }
    const last = value.ticks.map((tick) => (tick * unit) / MILLISECOND);
    return { last, form: { kind: 'date', calendar: true } };
  }
  const integers = value instanceof Tensor ? value.bigints(file) : value;
  if (
    !Array.isArray(integers) ||
    !integers.every((v) => typeof v === 'bigint' || Number.isSafeInteger(v))
  ) {
    return refuse(file, 'holds no time stamps');
  }
  return { last: integers.map((v) => BigInt(v)), form: { kind: 'number', calendar: false } };
}

/** One of the columns of a table of numbers. */
function columnOf(table: Tensor, names: readonly Value[], file: string) {
  const values = table.numbers(file);
  const width = names.length;
  return (name: Value): number[] | undefined => {
    const at = names.indexOf(name);
    if (at < 0) return undefined;
    return Array.from({ length: values.length / width }, (_, row) => values[row * width + at]!);
  };
}

/** The rows of a data set, checked against the number of its series. */
function rowsOf({ file, fields }: DatasetRecord, series: number): Rows {
  const table = (values: Value | undefined, names: Value | undefined, rows: number) => {
    if (
      !(values instanceof Tensor) ||
      !Array.isArray(names) ||
      values.length !== rows * names.length
    ) {
      return refuse(file, 'holds rows that do not fit its series');
    }
    return columnOf(values, names, file);
  };
  const indptr = fields.get('indptr');
  const offsets = indptr instanceof Tensor ? indptr.numbers(file) : [];
  const rising = offsets.every((offset, s) => offset >= (offsets[s - 1] ?? 0));
  if (!rising || offsets[0] !== 0 || offsets.length !== series + 1) {
    return refuse(file, 'holds rows that do not fit its series');
  }
  const names = fields.get('static_cols') ?? null;
  const none = () => undefined;
  return {
    file,
    series,
    offsets,
    column: table(fields.get('temporal'), fields.get('temporal_cols'), offsets.at(-1)!),
    static: names === null ? none : table(fields.get('static'), names, series),
  };
}

/** What a checkpoint says of the data of its fit, as far as `models` read it. */
export function importData(checkpoint: Checkpoint, models: readonly ModelRecord[]): ImportedData {
  const { configuration, dataset } = checkpoint;
  if (dataset === undefined) {
    // Without rows the series have no names, so that their scales are nobody's: a forecast computes its own.
    const { contract, tensors } = importColumns(checkpoint, models, undefined);
    const nobody = tensorsOf([]);
    return {
      contract: { ids: [], ...contract },
      tensors: new Map([...nobody, ...tensors]),
      form: undefined,
      missing: false,
    };
  }
  const { file, fields } = dataset;
  const ids = idsOf(configuration.get('uids'), file);
  const { last, form } = stampsOf(configuration.get('last_dates'), file);
  if (last.length !== ids.length) return refuse(file, 'holds stamps that do not fit its series');
  const rows = rowsOf(dataset, ids.length);
  const observed = rows.column('available_mask');
  if (observed?.some((mask) => mask !== 0 && mask !== 1)) {
    return refuse(file, 'holds an available_mask other than 0 and 1');
  }
  const names = textList(fields.get('temporal_cols')) ?? [];
  const target = names[Number(fields.get('y_idx') ?? 0)] ?? '';
  const scaled = rows.column(target) ?? refuse(file, 'holds no target');
  const scales =
    scalesOf(configuration.get('scalers_'), target, ids.length, file) ??
    ids.map(() => ({ shift: 0, scale: 1 }));
  const scaler = configuration.get('local_scaler_type');
  const original = scales.flatMap((one, s) =>
    scaled.slice(rows.offsets[s], rows.offsets[s + 1]).map((value) => unscale(scaler, value, one)),
  );
  // A row that was not observed has some number in the place of its target, by convention 0.
  const values = original.map((value, row) => (observed?.[row] === 0 ? Number.NaN : value));
  const columns = importColumns(checkpoint, models, rows);
  const tensors = new Map<string, Tensor>([
    ...tensorsOf(scales),
    ['data/offsets', Tensor.integers([rows.offsets.length], rows.offsets.map(BigInt))],
    ['data/last_times', Tensor.integers([last.length], last)],
    ['data/values', Tensor.doubles([values.length], values)],
    ...columns.tensors,
  ]);
  const missing = values.some(Number.isNaN);
  return { contract: { ids, ...columns.contract }, tensors, form, missing };
}
