/**
 * Reads Python pickles without Python: a closed table of the opcodes of protocols 2 to 4, and records that hold what a
 * pickle says about an object instead of making it. Nothing is looked up, called or executed; a name outside of the
 * packages that write checkpoints, an unknown opcode and data that does not fit are refused.
 */

import { ByteReader } from './byte-reader';
import { refuse, shown } from './refuse';

/** A class or function that a pickle names. */
export class PyName {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}
  toString(): string {
    return `${this.module}.${this.name}`;
  }
}

/** A dictionary; keys are what Python had. */
export class PyDict extends Map<unknown, unknown> {}

export class PySet {
  readonly values: unknown[] = [];
}

/** What a pickle says of an object: what to call with which arguments, and what to put into it. */
export class PyRecord {
  /** Of __setstate__ or __dict__. */
  state: unknown = undefined;
  readonly items: unknown[] = [];
  readonly entries = new PyDict();
  constructor(
    readonly name: PyName,
    readonly args: readonly unknown[],
  ) {}
}

/** Something outside of the pickle, such as the numbers of a tensor. */
export class PyReference {
  constructor(readonly id: unknown) {}
}

/** Of what may be named: whole packages, or single names of those that can do harm. None of them is ever called. */
const PACKAGES = [
  'neuralforecast',
  'torch',
  'numpy',
  'pandas',
  'pyarrow',
  'coreforecast',
  'utilsforecast',
  'pytorch_lightning',
  'lightning',
  'lightning_fabric',
];
const NAMES = new Set([
  ...[
    'set',
    'frozenset',
    'slice',
    'bytearray',
    'complex',
    'getattr',
    'list',
    'dict',
    'tuple',
    'object',
  ].flatMap((name) => [`builtins.${name}`, `__builtin__.${name}`]),
  'collections.OrderedDict',
  'collections.defaultdict',
  'copyreg._reconstructor',
  'copy_reg._reconstructor',
  'datetime.datetime',
  'datetime.date',
  'datetime.timedelta',
  'functools.partial',
  '_codecs.encode',
]);

const MAX_LONG = 32; // bytes of an integer
const MARK = Symbol('mark');

/** One pickle after another from the same bytes, which torch's older files need. */
export class PickleReader {
  readonly #file: string;
  readonly #bytes: ByteReader;
  #stack: unknown[] = [];
  #marks: number[] = [];
  #memo = new Map<number, unknown>();

  constructor(bytes: Uint8Array, file: string) {
    this.#file = file;
    this.#bytes = new ByteReader(bytes, file);
  }

  /** Where the pickle that was read last ends. */
  get position(): number {
    return this.#bytes.position;
  }

  read(): unknown {
    this.#stack = [];
    this.#marks = [];
    this.#memo = new Map();
    const first = this.#bytes.byte();
    const protocol = this.#bytes.byte();
    if (first !== 0x80 || protocol < 2 || protocol > 4) {
      refuse(this.#file, 'is no pickle of protocol 2 to 4');
    }
    for (;;) {
      const opcode = this.#bytes.byte();
      if (opcode === 0x2e) break; // STOP
      const run = OPCODES.get(opcode);
      if (run === undefined) {
        refuse(
          this.#file,
          `holds the opcode 0x${opcode.toString(16)}, which this reader does not know`,
        );
      }
      run(this, this.#bytes);
    }
    const value = this.pop();
    if (this.#stack.length > 0) refuse(this.#file, 'is damaged: values are left at its end');
    return value;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }
  pop(): unknown {
    if (this.#stack.length === 0) this.fail('takes a value that is not there');
    const value = this.#stack.pop();
    if (value === MARK) this.fail('takes a mark for a value');
    return value;
  }
  top(): unknown {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }
  mark(): void {
    this.#marks.push(this.#stack.length);
    this.#stack.push(MARK);
  }
  /** The values after the last mark. */
  popMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined || this.#stack[mark] !== MARK)
      return this.fail('takes a mark that is not there');
    return this.#stack.splice(mark).slice(1);
  }
  popTuple(length: number): unknown[] {
    const values = Array.from({ length }, () => this.pop());
    return values.reverse();
  }
  remember(key: number): void {
    this.#memo.set(key, this.top());
  }
  memoize(): void {
    this.remember(this.#memo.size);
  }
  recall(key: number): void {
    if (!this.#memo.has(key)) this.fail('recalls what it has not remembered');
    this.push(this.#memo.get(key));
  }
  name(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string') this.fail('names no class');
    const text = `${module}.${name}`;
    if (!NAMES.has(text) && !PACKAGES.includes(module.split('.', 1)[0]!)) {
      refuse(this.#file, `names ${shown(text)}, which no checkpoint needs; nothing was executed`);
    }
    this.push(new PyName(module, name));
  }
  call(name: unknown, args: unknown): void {
    if (!(name instanceof PyName) || !Array.isArray(args)) this.fail('calls what is no name');
    this.push(new PyRecord(name, args));
  }
  build(state: unknown): void {
    const object = this.top();
    if (!(object instanceof PyRecord)) this.fail('fills what is no object');
    object.state = state;
  }
  append(values: readonly unknown[]): void {
    const list = this.top();
    const into = list instanceof PyRecord ? list.items : list;
    if (!Array.isArray(into)) this.fail('appends to what is no list');
    for (const value of values) into.push(value);
  }
  setItems(pairs: readonly unknown[]): void {
    const object = this.top();
    const into = object instanceof PyRecord ? object.entries : object;
    if (!(into instanceof PyDict) || pairs.length % 2 !== 0) {
      this.fail('sets entries of what is no dictionary');
    }
    for (let i = 0; i < pairs.length; i += 2) into.set(pairs[i], pairs[i + 1]);
  }
  addItems(values: readonly unknown[]): void {
    const set = this.top();
    if (!(set instanceof PySet)) this.fail('adds to what is no set');
    for (const value of values) set.values.push(value);
  }
  fail(what: string): never {
    return refuse(this.#file, `is damaged: it ${what} (byte ${this.#bytes.position})`);
  }
}

type Run = (vm: PickleReader, bytes: ByteReader) => void;

/** A two's complement little-endian integer; beyond 2^53 a bigint. */
function long(vm: PickleReader, bytes: ByteReader, length: number): number | bigint {
  if (length < 0 || length > MAX_LONG) return vm.fail('holds an integer that is too long');
  let value = 0n;
  bytes.take(length).forEach((byte, i) => {
    value |= BigInt(byte) << BigInt(8 * i);
  });
  const signed = BigInt.asIntN(8 * length, value);
  const small = Number(signed);
  return Number.isSafeInteger(small) ? small : signed;
}

function fromPairs(vm: PickleReader, pairs: readonly unknown[]): void {
  vm.push(new PyDict());
  vm.setItems(pairs);
}

function fromValues(vm: PickleReader, values: readonly unknown[]): void {
  vm.push(new PySet());
  vm.addItems(values);
}

const OPCODES: ReadonlyMap<number, Run> = new Map<number, Run>([
  [0x95, (_, b) => void b.int64()], // FRAME: lengths are checked where they are used
  [0x28, (vm) => vm.mark()],
  [0x30, (vm) => void vm.pop()],
  [0x31, (vm) => void vm.popMark()],
  [0x32, (vm) => vm.push(vm.top())], // DUP
  [0x4e, (vm) => vm.push(null)],
  [0x88, (vm) => vm.push(true)],
  [0x89, (vm) => vm.push(false)],
  [0x4a, (vm, b) => vm.push(b.int32())],
  [0x4b, (vm, b) => vm.push(b.byte())],
  [0x4d, (vm, b) => vm.push(b.uint16())],
  [0x8a, (vm, b) => vm.push(long(vm, b, b.byte()))], // LONG1
  [0x8b, (vm, b) => vm.push(long(vm, b, b.int32()))], // LONG4
  [0x47, (vm, b) => vm.push(b.float64BigEndian())],
  [0x58, (vm, b) => vm.push(b.text(b.uint32()))], // BINUNICODE
  [0x8c, (vm, b) => vm.push(b.text(b.byte()))],
  [0x8d, (vm, b) => vm.push(b.text(b.int64()))],
  [0x42, (vm, b) => vm.push(b.take(b.uint32()))], // BINBYTES
  [0x43, (vm, b) => vm.push(b.take(b.byte()))],
  [0x8e, (vm, b) => vm.push(b.take(b.int64()))],
  [0x5d, (vm) => vm.push([])],
  [0x61, (vm) => vm.append([vm.pop()])],
  [0x65, (vm) => vm.append(vm.popMark())],
  [0x6c, (vm) => vm.push(vm.popMark())],
  [0x29, (vm) => vm.push([])], // tuples are arrays too
  [0x74, (vm) => vm.push(vm.popMark())],
  [0x85, (vm) => vm.push(vm.popTuple(1))],
  [0x86, (vm) => vm.push(vm.popTuple(2))],
  [0x87, (vm) => vm.push(vm.popTuple(3))],
  [0x7d, (vm) => vm.push(new PyDict())],
  [0x64, (vm) => fromPairs(vm, vm.popMark())],
  [0x73, (vm) => vm.setItems(vm.popTuple(2))],
  [0x75, (vm) => vm.setItems(vm.popMark())],
  [0x8f, (vm) => vm.push(new PySet())],
  [0x90, (vm) => vm.addItems(vm.popMark())],
  [0x91, (vm) => fromValues(vm, vm.popMark())],
  [0x63, (vm, b) => vm.name(b.line(), b.line())], // GLOBAL
  [0x93, (vm) => vm.name(...(vm.popTuple(2) as [unknown, unknown]))],
  [0x52, (vm) => vm.call(...(vm.popTuple(2) as [unknown, unknown]))], // REDUCE
  [0x81, (vm) => vm.call(...(vm.popTuple(2) as [unknown, unknown]))], // NEWOBJ
  [0x62, (vm) => vm.build(vm.pop())],
  [0x51, (vm) => vm.push(new PyReference(vm.pop()))], // BINPERSID
  [0x94, (vm) => vm.memoize()],
  [0x71, (vm, b) => vm.remember(b.byte())],
  [0x72, (vm, b) => vm.remember(b.uint32())],
  [0x68, (vm, b) => vm.recall(b.byte())],
  [0x6a, (vm, b) => vm.recall(b.uint32())],
]);

/** The one pickle that `bytes` hold. */
export function readPickle(bytes: Uint8Array, file: string): unknown {
  const reader = new PickleReader(bytes, file);
  const value = reader.read();
  if (reader.position !== bytes.length) refuse(file, 'holds data behind its end');
  return value;
}
