/** The safetensors format: the length of a JSON header, the header, and the numbers row by row. */

import { ByteReader } from './byte-reader';
import { refuse, shown } from './refuse';
import { type Dtype, elementsOf, SIZES, Tensor } from './tensor';

export interface SafetensorsContent {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

const LONGEST_HEADER = 100_000_000; // of the reference implementation of the format
const METADATA = '__metadata__';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Parses what must be a JSON object. */
export function parseObject(text: string, file: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(file, `${what} is no valid JSON`);
  }
  return isObject(value) ? value : refuse(file, `${what} is no JSON object`);
}

/** Tensors are views of `bytes`. */
export function readSafetensors(bytes: Uint8Array, file: string): SafetensorsContent {
  const reader = new ByteReader(bytes, file);
  const length = reader.int64();
  if (length > LONGEST_HEADER)
    refuse(file, 'is damaged: its header is longer than the format allows');
  const header = parseObject(reader.text(length), file, 'the header');
  const data = reader.take(reader.left);
  const metadata = new Map<string, string>();
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (!isObject(entry)) return refuse(file, `${shown(name)} is described by no JSON object`);
    if (name !== METADATA) tensors.set(name, readTensor(name, entry, data, file));
    else {
      for (const [key, text] of Object.entries(entry)) {
        metadata.set(
          key,
          typeof text === 'string' ? text : refuse(file, 'its metadata is no text'),
        );
      }
    }
  }
  return { metadata, tensors };
}

function readTensor(
  name: string,
  { dtype, shape, data_offsets: offsets }: Record<string, unknown>,
  data: Uint8Array,
  file: string,
): Tensor {
  if (typeof dtype !== 'string' || !Object.hasOwn(SIZES, dtype)) {
    return refuse(file, `the tensor ${shown(name)} has the unknown type ${shown(String(dtype))}`);
  }
  if (!Array.isArray(shape) || !Array.isArray(offsets)) {
    return refuse(file, `the tensor ${shown(name)} has no shape or no place`);
  }
  const [begin, end] = offsets;
  if (
    !Number.isSafeInteger(begin) ||
    !Number.isSafeInteger(end) ||
    begin < 0 ||
    end > data.length
  ) {
    return refuse(
      file,
      `the tensor ${shown(name)} lies outside of the file: it is truncated or damaged`,
    );
  }
  if (end - begin !== elementsOf(shape, file) * SIZES[dtype as Dtype]) {
    return refuse(file, `the tensor ${shown(name)} has another size than its shape says`);
  }
  return new Tensor(dtype as Dtype, shape, data.subarray(begin, end));
}

const byteOrder = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Same content, same bytes: the order of tensors is that of the format's library (widest type first, then name). */
export function writeSafetensors(
  metadata: Readonly<Record<string, string>>,
  tensors: ReadonlyMap<string, Tensor>,
): Uint8Array {
  const types = Object.keys(SIZES);
  const sorted = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      types.indexOf(a.dtype) - types.indexOf(b.dtype) || byteOrder(nameA, nameB),
  );
  const header: Record<string, unknown> = { [METADATA]: metadata };
  let offset = 0;
  for (const [name, { dtype, shape, bytes }] of sorted) {
    const end = offset + bytes.length;
    header[name] = { dtype, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const file = Buffer.alloc(8 + padded + offset, ' ');
  file.writeBigUInt64LE(BigInt(padded));
  text.copy(file, 8);
  let at = 8 + padded;
  for (const [, { bytes }] of sorted) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}
