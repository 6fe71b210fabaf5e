import { ForecastError } from './errors';

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
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return value.constructor?.name && value.constructor.name !== 'Object'
    ? `a ${value.constructor.name}`
    : 'an object';
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
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
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

/** `value` when it is undefined or an integer of at least `minimum`. */
export function optionalInteger(
  place: string,
  name: string,
  value: unknown,
  minimum: number,
): number | undefined {
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value) || (value as number) < minimum) {
    throw optionError(place, name, value, `an integer of at least ${minimum}`);
  }
  return value as number;
}

export function optionalString(place: string, name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw optionError(place, name, value, 'a name');
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

export function optionalSignal(place: string, value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined;
  const signal = value as AbortSignal;
  if (
    typeof signal !== 'object' ||
    signal === null ||
    typeof signal.addEventListener !== 'function'
  ) {
    throw optionError(place, 'signal', value, 'an AbortSignal');
  }
  return signal;
}

/** A JSON value without anything that JSON would drop or change silently. */
export function checkedJson(place: string, name: string, value: unknown, depth = 0): unknown {
  if (depth > 16) throw optionError(place, name, value, 'at most 16 levels of nesting');
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw optionError(place, name, value, 'a finite number');
      return value;
    case 'bigint':
      if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) {
        throw optionError(place, name, value, 'an integer below 2^53');
      }
      return Number(value);
    case 'object': {
      if (value === null) return null;
      if (ArrayBuffer.isView(value))
        return checkedJson(place, name, Array.from(value as never), depth);
      if (Array.isArray(value))
        return value.map((v, i) => checkedJson(place, `${name}[${i}]`, v, depth + 1));
      const prototype = Object.getPrototypeOf(value);
      if (prototype !== null && Object.getPrototypeOf(prototype) !== null) break;
      return Object.fromEntries(
        Object.entries(value)
          .filter(([, v]) => v !== undefined)
          .map(([key, v]) => [
            key,
            checkedJson(place, name === '' ? key : `${name}.${key}`, v, depth + 1),
          ]),
      );
    }
  }
  throw optionError(place, name, value, 'plain data (numbers, strings, booleans, arrays, objects)');
}
