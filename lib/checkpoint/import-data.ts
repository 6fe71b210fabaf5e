/** Series, their scales and their rows, as saved files of ours hold them. */

import type { TimeForm } from '../times';
import { refuse } from './refuse';
import { Tensor } from './tensor';
import { type Checkpoint, isMap, ScalerValue, TimesValue, type Value } from './values';

export interface ImportedData {
  /** Part of the metadata "data". */
  readonly contract: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Of the stamps; undefined when there are none. */
  readonly form: TimeForm | undefined;
}

type Statistics = readonly { readonly shift: number; readonly scale: number }[];

const NANOSECONDS: Readonly<Record<string, bigint>> = {
  s: 10n ** 9n,
  ms: 10n ** 6n,
  us: 1000n,
  ns: 1n,
};
const MILLISECOND = 10n ** 6n;

/** Without rows the series have no names, so that their scales are nobody's: a forecast computes its own. */
const NOTHING: ImportedData = {
  contract: { ids: [] },
  tensors: new Map([
    ['data/scaler_shift', Tensor.doubles([0], [])],
    ['data/scaler_scale', Tensor.doubles([0], [])],
  ]),
  form: undefined,
};

function statisticsOf(
  scalers: Value | undefined,
  column: string,
  series: number,
  file: string,
): Statistics {
  const scaler = isMap(scalers) ? scalers.get(column) : undefined;
  const stats = scaler instanceof ScalerValue ? scaler.stats : undefined;
  if (stats === undefined) return Array.from({ length: series }, () => ({ shift: 0, scale: 1 }));
  const values = stats.numbers(file);
  if (values.length !== 2 * series)
    return refuse(file, `scales ${values.length / 2} series, expected ${series}`);
  return Array.from({ length: series }, (_, s) => ({
    shift: values[2 * s]!,
    scale: values[2 * s + 1]!,
  }));
}

/** The value before a series scaler, whose boxcox has λ where others have a shift. */
function unscale(
  type: Value | undefined,
  value: number,
  { shift, scale }: Statistics[number],
): number {
  if (type !== 'boxcox') return value * scale + shift;
  return shift === 0 ? Math.exp(value) : (shift * value + 1) ** (1 / shift);
}

/** Names of series: texts, or integers. */
function idsOf(value: Value | undefined, file: string): string[] {
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

/** What a checkpoint says of the data of its fit. */
export function importData({ configuration, dataset }: Checkpoint): ImportedData {
  if (dataset === undefined) return NOTHING;
  const { file, fields } = dataset;
  const ids = idsOf(configuration.get('uids'), file);
  const { last, form } = stampsOf(configuration.get('last_dates'), file);
  const temporal = fields.get('temporal');
  const columns = fields.get('temporal_cols');
  const indptr = fields.get('indptr');
  if (!(temporal instanceof Tensor) || !(indptr instanceof Tensor) || !Array.isArray(columns)) {
    return refuse(file, 'holds no rows');
  }
  const offsets = indptr.numbers(file);
  const rows = offsets.at(-1) ?? 0;
  const values = temporal.numbers(file);
  const rising = offsets.every((offset, s) => offset >= (offsets[s - 1] ?? 0));
  if (
    !rising ||
    offsets[0] !== 0 ||
    offsets.length !== ids.length + 1 ||
    last.length !== ids.length ||
    values.length !== rows * columns.length
  ) {
    return refuse(file, 'holds rows that do not fit its series');
  }
  const column = (name: Value) => {
    const at = columns.indexOf(name);
    return at < 0
      ? undefined
      : Array.from({ length: rows }, (_, row) => values[row * columns.length + at]!);
  };
  if (column('available_mask')?.some((mask) => mask !== 1)) {
    return refuse(file, 'holds rows without a target; import it with includeData: false');
  }
  const target = String(columns[Number(fields.get('y_idx') ?? 0)]);
  const scales = statisticsOf(configuration.get('scalers_'), target, ids.length, file);
  const scaler = configuration.get('local_scaler_type');
  const scaled = column(target) ?? refuse(file, 'holds no target');
  const original = ids.flatMap((_, s) =>
    scaled.slice(offsets[s], offsets[s + 1]).map((value) => unscale(scaler, value, scales[s]!)),
  );
  const tensors = new Map<string, Tensor>([
    [
      'data/scaler_shift',
      Tensor.doubles(
        [ids.length],
        scales.map(({ shift }) => shift),
      ),
    ],
    [
      'data/scaler_scale',
      Tensor.doubles(
        [ids.length],
        scales.map(({ scale }) => scale),
      ),
    ],
    ['data/offsets', Tensor.integers([offsets.length], offsets.map(BigInt))],
    ['data/last_times', Tensor.integers([last.length], last)],
    ['data/values', Tensor.doubles([rows], original)],
  ]);
  return { contract: { ids }, tensors, form };
}
