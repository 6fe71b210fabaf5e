/** Changes of valid arguments: what is nearly right goes further into a call than what is wholly wrong. */

import fc from 'fast-check';
import { lengthOf } from '../../../lib/values';
import { build, CALLERS_ERROR, type Junk, junk, keys, resizableBuffer } from './junk';

type Box = Record<PropertyKey, unknown>;

interface Place {
  readonly parent: Box;
  readonly key: string;
}

const isBox = (value: unknown): value is Box => typeof value === 'object' && value !== null;

/** The places in a tree of arguments; of a long array the ends. */
function places(root: unknown[]): Place[] {
  const found: Place[] = [];
  const visit = (parent: unknown, depth: number) => {
    if (!isBox(parent) || depth > 5 || Object.isFrozen(parent)) return;
    const isPlain = Array.isArray(parent) || Object.getPrototypeOf(parent) === Object.prototype;
    if (!isPlain) return;
    const all = Object.keys(parent);
    for (const key of all.length > 8 && Array.isArray(parent)
      ? [...all.slice(0, 2), all.at(-1)!]
      : all) {
      found.push({ parent, key });
      visit(parent[key], depth + 1);
    }
  };
  visit(root, 0);
  return found;
}

/** An array that can be walked through: not one of four billion holes, nor one that lies about its length. */
const isWalkable = (value: unknown): value is unknown[] =>
  Array.isArray(value) && (lengthOf(value) ?? Number.POSITIVE_INFINITY) <= 1000;

const numbersOf = (value: unknown): number[] | undefined =>
  isWalkable(value) && value.every((item) => typeof item === 'number') ? value : undefined;

function floatsIn(buffer: (bytes: number) => ArrayBufferLike) {
  return (value: unknown) => {
    const numbers = numbersOf(value);
    if (!numbers) return value;
    const array = new Float64Array(buffer(8 * numbers.length));
    array.set(numbers);
    return array;
  };
}

/** The same or nearly the same value in another shape. */
const SHAPES: Readonly<Record<string, (value: unknown) => unknown>> = {
  proxy: (value) => (isBox(value) ? new Proxy(value, {}) : value),
  frozen: (value) => (isBox(value) && !ArrayBuffer.isView(value) ? Object.freeze(value) : value),
  noPrototype: (value) =>
    isBox(value) && !Array.isArray(value) ? Object.assign(Object.create(null), value) : value,
  instance: (value) =>
    isBox(value) && !Array.isArray(value) ? Object.assign(new (class Own {})(), value) : value,
  polluted: (value) =>
    isBox(value)
      ? Object.defineProperty(value, '__proto__', { value: { threads: 9 }, enumerable: true })
      : value,
  sparse: (value) => {
    if (Array.isArray(value)) delete value[1];
    return value;
  },
  reversed: (value) => (isWalkable(value) ? value.reverse() : value),
  repeated: (value) => (isWalkable(value) ? [...value, ...value] : value),
  shorter: (value) => (isWalkable(value) ? value.slice(1) : value),
  empty: (value) => (Array.isArray(value) ? [] : typeof value === 'string' ? '' : value),
  floats: floatsIn((bytes) => new ArrayBuffer(bytes)),
  shared: floatsIn((bytes) => new SharedArrayBuffer(bytes)),
  resizable: floatsIn((bytes) => resizableBuffer(bytes)),
  text: (value) => (isBox(value) || typeof value === 'symbol' ? value : String(value)),
  boxed: (value) => (isBox(value) ? value : Object(value)),
  bigint: (value) => (Number.isSafeInteger(value) ? BigInt(value as number) : value),
  negated: (value) => (typeof value === 'number' ? -value : value),
  tenTimes: (value) => (typeof value === 'number' ? 10 * value : value),
  upperCase: (value) => (typeof value === 'string' ? value.toUpperCase() : value),
  typo: (value) => (typeof value === 'string' ? value.slice(1) : value),
};

const HOW = [
  'replace',
  'replace',
  'shape',
  'shape',
  'delete',
  'add',
  'rename',
  'getter',
  'throwing',
  'changing',
] as const;

/** One change: where (modulo the number of places), how, and with what. */
export interface Change {
  readonly at: number;
  readonly how: (typeof HOW)[number];
  readonly shape: string;
  readonly key: string;
  readonly value: Junk;
}

const isAccessor = (how: string) => ['getter', 'throwing', 'changing'].includes(how);

function define(parent: Box, key: string, get: () => unknown): void {
  Object.defineProperty(parent, key, { get, enumerable: true, configurable: true });
}

function apply(root: unknown[], change: Change): void {
  const all = places(root);
  if (all.length === 0) return;
  const { parent, key } = all[change.at % all.length]!;
  const value = parent[key];
  // An argument itself is a value by the time of the call.
  const isArgument = (parent as unknown) === root;
  const how = isArgument && isAccessor(change.how) ? 'replace' : change.how;
  switch (how) {
    case 'replace':
      parent[key] = build(change.value);
      return;
    case 'shape':
      parent[key] = SHAPES[change.shape]?.(value);
      return;
    case 'delete':
      delete parent[key];
      return;
    case 'add': {
      const owner =
        isBox(value) && Object.isExtensible(value) && !ArrayBuffer.isView(value) ? value : parent;
      Object.defineProperty(owner, change.key, {
        value: build(change.value),
        enumerable: true,
        configurable: true,
        writable: true,
      });
      return;
    }
    case 'rename':
      delete parent[key];
      Object.defineProperty(parent, change.key, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
      return;
    case 'getter':
      define(parent, key, () => value);
      return;
    case 'throwing':
      define(parent, key, () => {
        throw CALLERS_ERROR;
      });
      return;
    case 'changing': {
      let reads = 0;
      define(parent, key, () => (reads++ === 0 ? value : build(change.value)));
    }
  }
}

export const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.record({
    at: fc.nat({ max: 999 }),
    how: fc.constantFrom(...HOW),
    shape: fc.constantFrom(...Object.keys(SHAPES)),
    key: keys,
    value: junk,
  }),
  { minLength: 0, maxLength: 3, size: 'max' },
);

/** Arguments after the changes that are possible; an argument list of junk where nothing valid is wanted. */
export function changed(args: unknown[], list: readonly Change[]): unknown[] {
  for (const change of list) {
    try {
      apply(args, change);
    } catch (error) {
      // A fixed length or a sealed object: this change cannot be made.
      if (!(error instanceof TypeError || error instanceof RangeError || error === CALLERS_ERROR))
        throw error;
    }
  }
  return args;
}
