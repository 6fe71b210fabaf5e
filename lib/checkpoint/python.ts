/** Records of pickles as the values they stand for: what NeuralForecast, NumPy and pandas put into checkpoints. */

import { PyDict, PyName, PyRecord, PySet } from './pickle';
import { refuse, shown } from './refuse';
import { type Dtype, elementsOf, SIZES, Tensor } from './tensor';
import type { TorchFile } from './torch-file';
import { ClassValue, OtherValue, ScalerValue, TimesValue, type Value } from './values';
import { frameOf, intervalsOf } from './python-frame';
import { lossOf } from './python-loss';
import { offsetOf } from './python-offset';

const DEEPEST = 64;
/** Values may be shared in a pickle; without a limit a small file could describe an endless tree. */
const MOST_VALUES = 200_000;

const DTYPES: Readonly<Record<string, Dtype>> = {
  f8: 'F64',
  i8: 'I64',
  f4: 'F32',
  i4: 'I32',
  i2: 'I16',
  i1: 'I8',
  u1: 'U8',
  b1: 'BOOL',
  M8: 'I64',
};

const SCALERS: Readonly<Record<string, string>> = {
  LocalStandardScaler: 'standard',
  LocalMinMaxScaler: 'minmax',
  LocalRobustScaler: 'robust',
  LocalBoxCoxScaler: 'boxcox',
};

export const isDict = (value: unknown): value is PyDict => value instanceof PyDict;

export class PythonReader {
  #left: number;

  constructor(readonly torch: TorchFile) {
    this.#left = MOST_VALUES + 2 * torch.size;
  }

  get file(): string {
    return this.torch.file;
  }

  value(value: unknown, depth = 0): Value {
    if (depth > DEEPEST || this.#left-- <= 0) return refuse(this.file, 'is nested too deeply');
    if (Array.isArray(value)) return value.map((item) => this.value(item, depth + 1));
    if (value instanceof PyDict) return this.map(value, depth + 1);
    if (value instanceof PySet) return this.value(value.values, depth);
    if (value instanceof PyName) return new ClassValue(value.name);
    if (value instanceof PyRecord) return this.#record(value, depth);
    if (value instanceof Uint8Array) return new OtherValue('bytes');
    if (typeof value === 'object' && value !== null)
      return refuse(this.file, 'refers to what is no value');
    return value as Value;
  }

  map(dict: PyDict, depth = 0): Map<Value, Value> {
    return new Map(
      [...dict].map(([key, item]) => [this.value(key, depth), this.value(item, depth)]),
    );
  }

  #record(record: PyRecord, depth: number): Value {
    const tensor = this.torch.tensor(record);
    if (tensor) return tensor;
    const { module, name } = record.name;
    if (module.startsWith('neuralforecast.losses')) return lossOf(record, this, depth);
    if (module.startsWith('coreforecast')) return this.#scaler(record, depth);
    if (module.startsWith('pandas._libs.tslibs.offsets')) return offsetOf(record);
    if (name === 'OrderedDict' || name === 'AttributeDict' || name === 'dict') {
      return this.map(record.entries, depth + 1);
    }
    switch (`${module.split('.')[0]}.${name}`) {
      case 'numpy._reconstruct':
        return this.#array(record, depth);
      case 'numpy.scalar':
        return this.#scalar(record, depth);
      case 'pandas._new_Index':
      case 'pandas._new_DatetimeIndex':
        return this.#index(record, depth);
      case 'pandas.__pyx_unpickle_NDArrayBacked':
        return this.#stamps(record, depth);
      case 'pandas.Series':
        return this.#series(record, depth);
      case 'pandas.DataFrame':
        return frameOf(record, this, depth);
      case 'neuralforecast.PredictionIntervals':
        return intervalsOf(record);
      case 'pandas.ArrowStringArray':
        return arrowTexts(record, this);
      default:
        return new OtherValue(String(record.name));
    }
  }

  #scaler(record: PyRecord, depth: number): ScalerValue {
    const state = isDict(record.state) ? record.state : new PyDict();
    const stats = this.value(state.get('stats_') ?? null, depth + 1);
    const plain = SCALERS[record.name.name];
    if (plain === undefined)
      return refuse(this.file, `holds the unknown scaler ${shown(record.name.name)}`);
    const type = state.get('scale') === 'iqr' ? `${plain}-iqr` : plain;
    return new ScalerValue(type, stats instanceof Tensor ? stats : undefined);
  }

  /** State of an array: (version, shape, dtype, by columns?, content). */
  #array(record: PyRecord, depth: number): Value {
    const [, shape, dtype, byColumns, content] = Array.isArray(record.state) ? record.state : [];
    if (!Array.isArray(shape)) return refuse(this.file, 'holds an array without a shape');
    if (Array.isArray(content)) return this.value(content, depth + 1); // of Python objects
    const bytes = bytesOf(content);
    const type = this.#dtype(dtype);
    if (bytes === undefined || (byColumns === true && shape.length > 2)) {
      return refuse(this.file, 'holds an array in a form that is not known');
    }
    if (type.code.startsWith('U')) return textsOf(bytes, Number(type.code.slice(1)), this.file);
    const tensor =
      byColumns === true && shape.length === 2
        ? this.#numbers(type.code, [...shape].reverse(), bytes).transposed()
        : this.#numbers(type.code, shape, bytes);
    return type.unit === undefined
      ? tensor
      : new TimesValue(tensor.bigints(this.file), type.unit, undefined);
  }

  #scalar({ args: [dtype, content] }: PyRecord, depth: number): Value {
    const bytes = bytesOf(content);
    const { code } = this.#dtype(dtype);
    if (bytes === undefined) return this.value(content, depth + 1);
    if (code.startsWith('U')) return textsOf(bytes, Number(code.slice(1)), this.file)[0] ?? '';
    const [value] = this.#numbers(code, [], bytes).numbers(this.file);
    return code === 'b1' ? value !== 0 : value!;
  }

  #numbers(code: string, shape: readonly unknown[], bytes: Uint8Array): Tensor {
    const dtype = Object.hasOwn(DTYPES, code) ? DTYPES[code] : undefined;
    if (dtype === undefined)
      return refuse(this.file, `holds an array of the unknown type ${shown(code)}`);
    if (elementsOf(shape, this.file) * SIZES[dtype] !== bytes.length) {
      return refuse(this.file, 'is damaged: an array has another size than its shape says');
    }
    return new Tensor(dtype, shape as number[], bytes);
  }

  /** dtype(code), then its state: version, byte order, …, and of stamps their unit. */
  #dtype(value: unknown): { code: string; unit: string | undefined } {
    if (!(value instanceof PyRecord) || value.name.name !== 'dtype')
      return refuse(this.file, 'holds an array without a type');
    const state = Array.isArray(value.state) ? value.state : [];
    if (state[1] === '>') return refuse(this.file, 'holds numbers that are not little-endian');
    const unit =
      Array.isArray(state[8]) && Array.isArray(state[8][1]) ? state[8][1][0] : state[8]?.[0];
    const code = String(value.args[0]);
    const bytes = bytesOf(unit);
    const text = bytes ? Buffer.from(bytes).toString('latin1') : undefined;
    return { code, unit: code === 'M8' ? (text ?? 'ns') : undefined };
  }

  #index({ args: [, options] }: PyRecord, depth: number): Value {
    if (!isDict(options)) return refuse(this.file, 'holds an index without data');
    const data = this.value(options.get('data') ?? null, depth + 1);
    return data ?? new OtherValue('index');
  }

  /** State of stamps: (data, dtype, …), in one of the orders in which pandas wrote them. */
  #stamps({ state }: PyRecord, depth: number): Value {
    const parts = (Array.isArray(state) ? state : []).map((part) =>
      isRecordOf(part, 'dtype') ? null : this.value(part, depth + 1),
    );
    return (
      parts.find((part) => part instanceof TimesValue) ??
      refuse(this.file, 'holds stamps in a form that is not known')
    );
  }

  #series({ state }: PyRecord, depth: number): Value {
    const manager = isDict(state) ? state.get('_mgr') : undefined;
    const parts = manager instanceof PyRecord && Array.isArray(manager.state) ? manager.state : [];
    const block: unknown = Array.isArray(parts[1]) ? parts[1][0] : undefined;
    return block === undefined
      ? refuse(this.file, 'holds a column in a form that is not known')
      : this.value(block, depth + 1);
  }
}

const isRecordOf = (value: unknown, name: string): value is PyRecord =>
  value instanceof PyRecord && value.name.name === name;

/** Bytes, also those that Python 2 texts carry. */
function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (isRecordOf(value, 'encode') && typeof value.args[0] === 'string')
    return Buffer.from(value.args[0], 'latin1');
  return undefined;
}

/** Texts of `length` characters of four bytes each, padded with zeros. */
function textsOf(bytes: Uint8Array, length: number, file: string): string[] {
  if (!(length > 0) || bytes.length % (4 * length) !== 0)
    return refuse(file, 'is damaged: texts have no length');
  const codes = new Tensor('I32', [], bytes).numbers(file);
  return Array.from({ length: codes.length / length }, (_, i) => {
    const text = codes.slice(i * length, (i + 1) * length);
    if (text.some((code) => code < 0 || code > 0x10ffff))
      refuse(file, 'is damaged: a text holds no characters');
    return String.fromCodePoint(...text).replace(/\0+$/, '');
  });
}

/** Texts as Apache Arrow has them: where each begins, and all of them in a row. */
function arrowTexts(record: PyRecord, reader: PythonReader): readonly string[] {
  const array = isDict(record.state) ? record.state.get('_pa_array') : undefined;
  const fields = array instanceof PyRecord && Array.isArray(array.args[0]) ? array.args[0] : [];
  const [type, length, nulls, offset, buffers] = fields;
  const size = type instanceof PyRecord && type.args[0] === 'large_string' ? 8 : 4;
  const content = (value: unknown) =>
    isRecordOf(value, 'py_buffer') && isRecordOf(value.args[0], 'bytearray')
      ? bytesOf(value.args[0].args[0])
      : undefined;
  const [places, texts] = Array.isArray(buffers) ? buffers.slice(1).map(content) : [];
  if (
    !places ||
    !texts ||
    nulls !== 0 ||
    offset !== 0 ||
    places.length < (Number(length) + 1) * size
  ) {
    return refuse(reader.file, 'holds texts in a form that is not known');
  }
  const used = places.subarray(0, (Number(length) + 1) * size);
  const begins = new Tensor(size === 8 ? 'I64' : 'I32', [], used).numbers(reader.file);
  return begins
    .slice(1)
    .map((end, i) => Buffer.from(texts.subarray(begins[i], end)).toString('utf8'));
}
