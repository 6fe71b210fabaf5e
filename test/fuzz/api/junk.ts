/**
 * Values that no call expects, described by plain data: what is described can be printed, shrunk, kept in a file and
 * built again, which a revoked proxy cannot.
 */

import fc from 'fast-check';

/** What getters, traps and functions of the caller throw here. It must come through as it is, or as a cause. */
export const CALLERS_ERROR = new Error('thrown by code of the caller');

const raise = () => {
  throw CALLERS_ERROR;
};

const TRAPS = ['get', 'has', 'ownKeys', 'getOwnPropertyDescriptor', 'getPrototypeOf'] as const;

function detached<Array extends ArrayBufferView>(array: Array): Array {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

/** The libraries that this project compiles against do not know of these yet. */
const Resizable = ArrayBuffer as unknown as new (
  bytes: number,
  options: { maxByteLength: number },
) => ArrayBuffer;

export const resizableBuffer = (bytes: number) =>
  new Resizable(bytes, { maxByteLength: 2 * bytes + 8 });

function outOfBounds(): Float64Array {
  const buffer = resizableBuffer(64);
  const array = new Float64Array(buffer, 32, 4);
  (buffer as ArrayBuffer & { resize(bytes: number): void }).resize(8);
  return array;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
}

const cyclic = () => {
  const value: Record<string, unknown> = {};
  value.self = value;
  value.list = [value];
  return value;
};

/** Few objects that read as 10^9 values. */
const bomb = () => {
  let value: unknown = 1;
  for (let level = 0; level < 9; level++) value = Array(10).fill(value);
  return value;
};

const nested = () => {
  let value: unknown = 1;
  for (let level = 0; level < 10_000; level++) value = [value];
  return value;
};

const liar = (length: unknown) =>
  new Proxy([1, 2, 3], {
    get: (array, key) => (key === 'length' ? length : Reflect.get(array, key)),
  });

const MAKERS = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  false: () => false,
  symbol: () => Symbol('junk'),
  bigint: () => 5n,
  hugeBigint: () => 2n ** 80n,
  function: () => () => 1,
  throwingFunction: () => raise,
  asyncFunction: () => async () => 1,
  class: () => class {},
  date: () => new Date(0),
  invalidDate: () => new Date(Number.NaN),
  lastDate: () => new Date(8.64e15),
  regExp: () => /x/,
  map: () => new Map([['a', 1]]),
  set: () => new Set([1]),
  error: () => new Error('junk'),
  promise: () => Promise.resolve(1),
  thenable: () => Object.defineProperty({}, 'then', { value: raise }),
  iterator: () => [1, 2][Symbol.iterator](),
  generator: () =>
    (function* () {
      yield 1;
    })(),
  boxedNumber: () => Object(3),
  boxedString: () => Object('MLP'),
  boxedBigint: () => Object(1n),
  boxedSymbol: () => Object(Symbol('junk')),
  nullPrototype: () => Object.create(null),
  ownProto: () => JSON.parse('{"__proto__":{"threads":7,"polluted":true}}'),
  constructorKey: () => JSON.parse('{"constructor":{"prototype":{"polluted":true}}}'),
  oddConstructor: () => ({ constructor: { name: Symbol('junk') } }),
  throwingConstructor: () => Object.defineProperty({}, 'constructor', { get: raise }),
  throwingGetters: () =>
    Object.defineProperties(
      {},
      Object.fromEntries(
        ['type', 'length', '0', 'ds', 'y', 'signal', 'windows', 'text', 'threads'].map((key) => [
          key,
          { get: raise, enumerable: true },
        ]),
      ),
    ),
  throwingConversion: () => ({ toString: raise, valueOf: raise, toJSON: raise }),
  throwingPrimitive: () => ({ [Symbol.toPrimitive]: raise }),
  throwingProxy: () => new Proxy({}, Object.fromEntries(TRAPS.map((trap) => [trap, raise]))),
  throwingArrayProxy: () => new Proxy([1], Object.fromEntries(TRAPS.map((trap) => [trap, raise]))),
  clearProxy: () => new Proxy({ ds: [1, 2], y: [1, 2] }, {}),
  revokedProxy: revoked,
  lengthMinus: () => liar(-1),
  lengthNaN: () => liar(Number.NaN),
  lengthHuge: () => liar(2 ** 53),
  lengthHalf: () => liar(1.5),
  lengthText: () => liar('3'),
  lengthSymbol: () => liar(Symbol('junk')),
  emptyArray: () => [],
  emptyObject: () => ({}),
  sparse: () => Object.assign(new Array(3), { 0: 1, 2: 3 }),
  hugeSparse: () => new Array(4_294_967_295),
  frozen: () => Object.freeze([1, 2, 3]),
  sealed: () => Object.seal({ ds: [1], y: [1] }),
  cyclic,
  cyclicArray: () => {
    const list: unknown[] = [];
    list.push(list, list);
    return list;
  },
  bomb,
  nested,
  buffer: () => new ArrayBuffer(8),
  sharedBuffer: () => new SharedArrayBuffer(8),
  dataView: () => new DataView(new ArrayBuffer(8)),
  detachedFloats: () => detached(new Float64Array(4)),
  detachedInts: () => detached(new BigInt64Array(4)),
  sharedFloats: () => new Float64Array(new SharedArrayBuffer(64)),
  resizableFloats: () => new Float64Array(resizableBuffer(64)),
  outOfBoundsFloats: outOfBounds,
  noFloats: () => new Float64Array(0),
  nanFloats: () => new Float64Array(8).fill(Number.NaN),
  bigints: () => new BigInt64Array(8),
  bytes: () => new Uint8Array([0x1f, 0x8b, 8, 0]),
  longText: () => 'x'.repeat(100_000),
  zeroText: () => 'a\0b',
  loneSurrogate: () => 'a\ud800b',
  protoText: () => '__proto__',
  constructorText: () => 'constructor',
  toStringText: () => 'toString',
  abortedSignal: () => AbortSignal.abort(CALLERS_ERROR),
  hollowSignal: () => ({ addEventListener: () => undefined }),
  emptySignal: () => new EventTarget(),
  weakRef: () => new WeakRef({}),
  global: () => globalThis,
  manyKeys: () => Object.fromEntries(Array.from({ length: 150_000 }, (_, i) => [`k${i}`, [1]])),
} as const satisfies Readonly<Record<string, () => unknown>>;

/** A value, described. Numbers are texts, because JSON has no NaN. */
export type Junk =
  | { readonly make: keyof typeof MAKERS }
  | { readonly number: string }
  | { readonly text: string }
  | { readonly list: readonly Junk[] }
  | { readonly record: readonly (readonly [key: string, value: Junk])[] };

export function build(junk: Junk): unknown {
  if ('make' in junk) return MAKERS[junk.make]();
  if ('number' in junk) return Number(junk.number);
  if ('text' in junk) return junk.text;
  if ('list' in junk) return junk.list.map(build);
  return Object.fromEntries(junk.record.map(([key, value]) => [key, build(value)]));
}

/** No sizes between a hundred and a million: valid ones among them are slow and large, and say nothing new. */
const NUMBERS = [
  ...[
    'NaN',
    'Infinity',
    '-Infinity',
    '-0',
    '0',
    '1',
    '2',
    '3',
    '4',
    '5',
    '7',
    '16',
    '-1',
    '0.5',
    '1.5',
  ],
  ...['1e-320', '1e-9', '1e6', '1000001', '2147483647', '2147483648', '4294967295', '4294967296'],
  ...['9007199254740991', '9007199254740992', '9223372036854775807', '-9223372036854775808'],
  ...['1e15', '1e21', '1e300', '1.7976931348623157e308', '-1e300', '8640000000000000'],
];

const KEYS = [
  ...[
    'ds',
    'y',
    'unique_id',
    'type',
    'options',
    'alias',
    'models',
    'horizon',
    'loss',
    'signal',
    'threads',
  ],
  ...[
    'windows',
    'count',
    'text',
    'toColumns',
    'length',
    '0',
    '__proto__',
    'constructor',
    'toString',
    '',
  ],
];

const utf16 = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit));
export const keys = fc.oneof(fc.constantFrom(...KEYS), fc.string({ maxLength: 6 }));
export const texts = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: utf16, maxLength: 6 }),
  fc.constantFrom(
    'MLP',
    'D',
    'MS',
    '15min',
    '1',
    '',
    'Europe/Berlin',
    '2020-01-01',
    '-271821-04-20',
  ),
);

export const junk: fc.Arbitrary<Junk> = fc.letrec<{ junk: Junk }>((tie) => ({
  junk: fc.oneof(
    { depthSize: 'small', maxDepth: 2 },
    {
      weight: 8,
      arbitrary: fc
        .constantFrom(...(Object.keys(MAKERS) as (keyof typeof MAKERS)[]))
        .map((make) => ({ make })),
    },
    { weight: 5, arbitrary: fc.constantFrom(...NUMBERS).map((number) => ({ number })) },
    { weight: 2, arbitrary: fc.integer({ min: -3, max: 40 }).map((n) => ({ number: String(n) })) },
    { weight: 3, arbitrary: texts.map((text) => ({ text })) },
    { weight: 2, arbitrary: fc.array(tie('junk'), { maxLength: 4 }).map((list) => ({ list })) },
    {
      weight: 2,
      arbitrary: fc
        .array(fc.tuple(keys, tie('junk')), { maxLength: 4 })
        .map((record) => ({ record })),
    },
  ),
})).junk;
