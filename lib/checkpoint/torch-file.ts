/** Files that torch.save wrote: a pickle whose references are storages of numbers, which tensors cut out. */

import { ByteReader } from './byte-reader';
import { PickleReader, PyName, PyRecord, PyReference, readPickle } from './pickle';
import { refuse, shown } from './refuse';
import { type Dtype, elementsOf, SIZES, Tensor } from './tensor';
import { readZip } from './zip';

const STORAGES: Readonly<Record<string, Dtype>> = {
  DoubleStorage: 'F64',
  LongStorage: 'I64',
  ComplexFloatStorage: 'C64',
  FloatStorage: 'F32',
  IntStorage: 'I32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;

interface Storage {
  readonly dtype: Dtype;
  readonly bytes: Uint8Array;
}

/** Bytes of a storage by its key. */
type Storages = ReadonlyMap<string, Uint8Array>;

export class TorchFile {
  readonly #storages: Storages;

  private constructor(
    readonly file: string,
    readonly value: unknown,
    /** Bytes of the pickle. */
    readonly size: number,
    storages: Storages,
  ) {
    this.#storages = storages;
  }

  /** A .ckpt: a ZIP archive of one folder. */
  static read(bytes: Uint8Array, file: string): TorchFile {
    const members = readZip(bytes, file);
    const pickle = [...members.keys()].find((name) => name.endsWith('/data.pkl'));
    if (pickle === undefined) return refuse(file, 'is no archive of PyTorch: it has no data.pkl');
    const folder = pickle.slice(0, -'data.pkl'.length);
    const order = members.get(`${folder}byteorder`);
    if (order !== undefined && Buffer.from(order).toString('latin1') !== 'little') {
      return refuse(file, 'holds numbers that are not little-endian');
    }
    const prefix = `${folder}data/`;
    const storages = new Map(
      [...members]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, content]) => [name.slice(prefix.length), content]),
    );
    const program = members.get(pickle)!;
    return new TorchFile(file, readPickle(program, file), program.length, storages);
  }

  /** A pickle by itself, whose tensors bring their storages along. */
  static ofPickle(bytes: Uint8Array, file: string): TorchFile {
    return new TorchFile(file, readPickle(bytes, file), bytes.length, new Map());
  }

  /** The tensor that a record describes; undefined when it is none. */
  tensor(value: unknown): Tensor | undefined {
    if (!(value instanceof PyRecord)) return undefined;
    switch (String(value.name)) {
      case 'torch._utils._rebuild_parameter':
        return this.tensor(value.args[0]);
      case 'torch._utils._rebuild_tensor_v2':
        return this.#cut(value.args);
      default:
        return undefined;
    }
  }

  #cut([storage, offset, shape, strides]: readonly unknown[]): Tensor {
    const { dtype, bytes } = this.#storage(storage);
    const item = SIZES[dtype];
    if (!Array.isArray(shape) || !Array.isArray(strides) || shape.length !== strides.length) {
      return refuse(this.file, 'is damaged: a tensor has no shape');
    }
    const count = elementsOf(shape, this.file);
    const held = Math.floor(bytes.length / item);
    if (count > held) return refuse(this.file, 'is damaged: a tensor is larger than its storage');
    const first = elementsOf([offset], this.file);
    // The last element lies furthest, because strides are not negative.
    const reach = shape.reduce(
      (sum, size, i) => sum + (size - 1) * elementsOf([strides[i]], this.file),
      first,
    );
    if (count > 0 && !(reach < held))
      return refuse(this.file, 'is damaged: a tensor leaves its storage');
    const out = new Uint8Array(count * item);
    const index = new Array<number>(shape.length).fill(0);
    let at = first;
    for (let i = 0; i < count; i++) {
      out.set(bytes.subarray(at * item, (at + 1) * item), i * item);
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at += strides[axis];
        if (++index[axis]! < shape[axis]) break;
        at -= strides[axis] * shape[axis];
        index[axis] = 0;
      }
    }
    return new Tensor(dtype, shape, out);
  }

  #storage(value: unknown): Storage {
    if (value instanceof PyReference) return storageOf(value.id, this.#storages, this.file);
    if (value instanceof PyRecord && String(value.name) === 'torch.storage._load_from_bytes') {
      const [bytes] = value.args;
      if (bytes instanceof Uint8Array) return readLegacyStorage(bytes, this.file);
    }
    return refuse(this.file, 'is damaged: a tensor has no storage');
  }
}

/** ('storage', its type, key, device, elements). */
function storageOf(id: unknown, storages: Storages, file: string): Storage {
  const [kind, type, key] = Array.isArray(id) ? id : [];
  if (kind !== 'storage' || !(type instanceof PyName))
    return refuse(file, 'refers to what is no storage');
  const dtype = Object.hasOwn(STORAGES, type.name) ? STORAGES[type.name] : undefined;
  if (dtype === undefined)
    return refuse(file, `holds numbers of the unknown type ${shown(type.name)}`);
  const bytes = storages.get(String(key));
  return bytes ? { dtype, bytes } : refuse(file, `lacks the storage ${shown(String(key))}`);
}

/** One storage in the form before ZIP archives, as pickled data sets hold it: five pickles and the numbers. */
function readLegacyStorage(bytes: Uint8Array, file: string): Storage {
  const reader = new PickleReader(bytes, file);
  if (reader.read() !== LEGACY_MAGIC) return refuse(file, 'is damaged: a storage has no beginning');
  reader.read(); // version
  reader.read(); // properties of the machine
  const reference = reader.read();
  const keys = reader.read();
  if (!(reference instanceof PyReference) || !Array.isArray(keys) || keys.length !== 1) {
    return refuse(file, 'is damaged: it holds what is no storage');
  }
  const rest = new ByteReader(bytes.subarray(reader.position), file);
  rest.int64(); // elements
  return storageOf(reference.id, new Map([[String(keys[0]), rest.take(rest.left)]]), file);
}
