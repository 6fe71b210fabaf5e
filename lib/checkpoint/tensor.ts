/** Numbers with a type and a shape, as files hold them: row by row, little-endian. */

import { refuse } from './refuse';

/** Types of the safetensors format that checkpoints use, with the bytes of one number. */
export const SIZES = {
  F64: 8,
  I64: 8,
  C64: 8,
  F32: 4,
  I32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

export type Dtype = keyof typeof SIZES;

export class Tensor {
  constructor(
    readonly dtype: Dtype,
    readonly shape: readonly number[],
    readonly bytes: Uint8Array,
  ) {}

  get length(): number {
    return this.bytes.length / SIZES[this.dtype];
  }

  #view(): DataView {
    return new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
  }

  /** The values as numbers; of 64-bit integers those below 2^53 are exact. */
  numbers(file: string): number[] {
    const view = this.#view();
    const read = READERS[this.dtype];
    if (read === undefined)
      refuse(file, `holds numbers of the type ${this.dtype} where others are expected`);
    const size = SIZES[this.dtype];
    return Array.from({ length: this.length }, (_, i) => read(view, i * size));
  }

  /** The values of 64-bit integers. */
  bigints(file: string): bigint[] {
    if (this.dtype !== 'I64') return this.numbers(file).map((value) => wholeNumber(value, file));
    const view = this.#view();
    return Array.from({ length: this.length }, (_, i) => view.getBigInt64(8 * i, true));
  }

  /** A table of the shape [n, m] as one of [m, n]. */
  transposed(): Tensor {
    const [rows = 0, columns = 0] = this.shape;
    const size = SIZES[this.dtype];
    const bytes = new Uint8Array(this.bytes.length);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const from = (i * columns + j) * size;
        bytes.set(this.bytes.subarray(from, from + size), (j * rows + i) * size);
      }
    }
    return new Tensor(this.dtype, [columns, rows], bytes);
  }

  static floats(shape: readonly number[], values: Iterable<number>): Tensor {
    return new Tensor('F32', shape, bytesOf(Float32Array.from(values)));
  }
  static doubles(shape: readonly number[], values: Iterable<number>): Tensor {
    return new Tensor('F64', shape, bytesOf(Float64Array.from(values)));
  }
  static integers(shape: readonly number[], values: Iterable<bigint>): Tensor {
    return new Tensor('I64', shape, bytesOf(BigInt64Array.from(values)));
  }
}

const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

function wholeNumber(value: number, file: string): bigint {
  if (!Number.isSafeInteger(value)) refuse(file, `holds ${value} where an integer is expected`);
  return BigInt(value);
}

const READERS: Partial<Record<Dtype, (view: DataView, at: number) => number>> = {
  F64: (view, at) => view.getFloat64(at, true),
  F32: (view, at) => view.getFloat32(at, true),
  I64: (view, at) => Number(view.getBigInt64(at, true)),
  I32: (view, at) => view.getInt32(at, true),
  I16: (view, at) => view.getInt16(at, true),
  I8: (view, at) => view.getInt8(at),
  U8: (view, at) => view.getUint8(at),
  BOOL: (view, at) => view.getUint8(at),
};

/** Elements of a shape; refused when that is no size of anything that fits into memory. */
export function elementsOf(shape: readonly unknown[], file: string): number {
  let count = 1;
  for (const size of shape) {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      return refuse(file, 'is damaged: a shape holds what is no size');
    }
    count *= size;
  }
  if (!Number.isSafeInteger(count)) refuse(file, 'is damaged: a shape is larger than any file');
  return count;
}
