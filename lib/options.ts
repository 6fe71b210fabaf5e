import { ForecastError } from './errors';
import { isArray, isObject, lengthOf } from './values';

/** The edit distance between two short words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The known name that `received` was probably meant to be. */
export function closestName(received: string, known: readonly string[]): string | undefined {
  const plain = (name: string) => name.toLowerCase().replace(/[_-]/g, '');
  let best: string | undefined;
  // Short names are near to everything: at least one character must stay.
  let least = Math.min(Math.max(2, Math.floor(received.length / 3)), received.length - 1) + 1;
  for (const name of known) {
    const d = distance(plain(received), plain(name));
    if (d < least) {
      least = d;
      best = name;
    }
  }
  return best;
}

/** How a message goes on that does not know `received`: the name that was probably meant, or nothing. */
export function didYouMean(received: string, known: readonly string[]): string {
  const meant = closestName(received, known);
  return meant === undefined ? '' : `; did you mean "${meant}"?`;
}

/** How a received value reads in a message. */
export function show(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (value === null || typeof value !== 'object') return String(value);
  try {
    if (Array.isArray(value)) return `an array of ${Number(value.length)}`;
    const { name } = value.constructor ?? {};
    return typeof name === 'string' && name !== '' && name !== 'Object' ? `a ${name}` : 'an object';
  } catch {
    return 'an object that cannot be read';
  }
}

/** A wrong option: E0010, naming place, option, what was received and what was expected. */
export function optionError(
  place: string,
  name: string,
  received: unknown,
  expected: string,
): ForecastError {
  return new ForecastError(
    'ERR_ND_CONFIG',
    `[${place}] received ${name} = ${show(received)}, expected ${expected}`,
    { option: name, received: show(received), expected },
  );
}

/** Throws E0010 unless `options` is an object that has only `known` names; says which one was meant. */
export function checkNames(place: string, options: unknown, known: readonly string[]): void {
  if (!isObject(options) || isArray(options)) {
    throw optionError(place, 'options', options, 'an object');
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const meant = didYouMean(name, known) || `, expected ${quoted(known)}`;
    throw new ForecastError(
      'ERR_ND_CONFIG',
      `[${place}] received the unknown option "${name}"${meant}`,
      { option: name, closest: closestName(name, known) ?? null, known: [...known] },
    );
  }
}

/** The options by name after checkNames(), each of them read once: what is checked is what is used, whatever a getter says the next time. */
export function readOptions<Options extends object>(
  place: string,
  options: Options,
  known: readonly (keyof Options & string)[],
): Partial<Options> {
  checkNames(place, options, known);
  const read: Partial<Options> = {};
  for (const name of known) {
    const value = options[name];
    if (value !== undefined) read[name] = value;
  }
  return read;
}

export const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');

/** `value` when it is undefined or one of `known`; the message says which one was meant. */
export function optionalChoice<Name extends string>(
  place: string,
  name: string,
  value: unknown,
  known: readonly Name[],
): Name | undefined {
  if (value === undefined || known.includes(value as Name)) return value as Name | undefined;
  const meant = typeof value === 'string' ? didYouMean(value, known) : '';
  const choices = known.length > 1 ? `one of ${quoted(known)}` : quoted(known);
  throw optionError(place, name, value, `${choices}${meant}`);
}

/** `value` when it is undefined or an integer of at least `minimum`, and of at most `maximum`. */
export function optionalInteger(
  place: string,
  name: string,
  value: unknown,
  minimum: number,
  maximum = Number.MAX_SAFE_INTEGER,
): number | undefined {
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value) || (value as number) < minimum || (value as number) > maximum) {
    const isBounded = maximum < Number.MAX_SAFE_INTEGER;
    const range = isBounded ? `in [${minimum}, ${maximum}]` : `of at least ${minimum}`;
    throw optionError(place, name, value, `an integer ${range}`);
  }
  return value as number;
}

/** Whether no half of a pair of code units stands alone: UTF-8, as files and native code have it, knows no such thing. */
export const isWellFormed = (text: string) => !/\p{Surrogate}/u.test(text);

export function optionalString(place: string, name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw optionError(place, name, value, 'a name');
  if (!isWellFormed(value)) throw optionError(place, name, value, 'a name in well-formed Unicode');
  return value;
}

export function optionalBoolean(place: string, name: string, value: unknown): boolean | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'boolean') throw optionError(place, name, value, 'true or false');
  return value;
}

export function optionalFunction<Callback>(
  place: string,
  name: string,
  value: Callback | undefined,
): Callback | undefined {
  if (value !== undefined && typeof value !== 'function') {
    throw optionError(place, name, value, 'a function');
  }
  return value;
}

const nothing = () => undefined;

/** Whether it does what is asked of a signal here; one that was tampered with has all methods, and they refuse to work. */
function isSignal(value: unknown): value is AbortSignal {
  if (!isObject(value)) return false;
  const signal = value as AbortSignal;
  try {
    signal.addEventListener('abort', nothing);
    signal.removeEventListener('abort', nothing);
    return typeof signal.aborted === 'boolean' && typeof signal.throwIfAborted === 'function';
  } catch {
    return false;
  }
}

export function optionalSignal(place: string, value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined;
  if (!isSignal(value)) {
    throw optionError(place, 'signal', value, 'an AbortSignal');
  }
  return value;
}

/** Most values of an option, lists within lists counted together. */
const MOST_VALUES = 100_000;

/** A JSON value without anything that JSON would drop or change silently, of at most `mostValues` values. */
export function checkedJson(
  place: string,
  name: string,
  value: unknown,
  mostValues = MOST_VALUES,
): unknown {
  return new JsonCheck(place, mostValues).value(name, value, 0);
}

class JsonCheck {
  readonly #place: string;
  readonly #mostValues: number;
  #values = 0;

  constructor(place: string, mostValues: number) {
    this.#place = place;
    this.#mostValues = mostValues;
  }

  value(name: string, value: unknown, depth: number): unknown {
    const refuse = (expected: string) => optionError(this.#place, name, value, expected);
    if (depth > 16) throw refuse('at most 16 levels of nesting');
    if (++this.#values > this.#mostValues) throw refuse(`at most ${this.#mostValues} values`);
    switch (typeof value) {
      case 'string':
        if (!isWellFormed(value)) throw refuse('well-formed Unicode');
        return value;
      case 'boolean':
        return value;
      case 'number':
        if (!Number.isFinite(value)) throw refuse('a finite number');
        return value;
      case 'bigint':
        if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) {
          throw refuse('an integer below 2^53');
        }
        return Number(value);
      case 'object':
        if (value === null) return null;
        if (isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) {
          return this.#list(name, value as ArrayLike<unknown>, depth);
        }
        if (isPlain(value)) return this.#record(name, value, depth);
    }
    throw refuse('plain data (numbers, strings, booleans, arrays, objects)');
  }

  #list(name: string, list: ArrayLike<unknown>, depth: number): unknown[] {
    const length = lengthOf(list);
    if (length === undefined || length > this.#mostValues) {
      throw optionError(this.#place, name, list, `at most ${this.#mostValues} values`);
    }
    // A hole is no value, and reads as undefined.
    return Array.from({ length }, (_, i) => {
      const value = list[i];
      // Numbers come by the million; where they are is of interest only when they are wrong.
      if (Number.isFinite(value) && ++this.#values <= this.#mostValues) return value;
      return this.value(`${name}[${i}]`, value, depth + 1);
    });
  }

  #record(name: string, record: object, depth: number): unknown {
    const entries: [string, unknown][] = [];
    for (const [key, value] of Object.entries(record)) {
      const path = name === '' ? key : `${name}.${key}`;
      if (!isWellFormed(key)) throw optionError(this.#place, path, value, 'well-formed Unicode');
      if (value !== undefined) entries.push([key, this.value(path, value, depth + 1)]);
    }
    return Object.fromEntries(entries);
  }
}

/** An object of a literal, of this realm or another one. */
function isPlain(value: object): boolean {
  if (!isObject(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
