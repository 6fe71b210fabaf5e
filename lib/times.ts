import { ForecastError } from './errors';
import { Int64View } from './int64';
import { show } from './options';
import { Zone } from './zones';

/** The kinds in which time stamps come, and go back. */
export type TimeKind = 'date' | 'iso' | 'number' | 'bigint';

/** How the time stamps of a table are written, so that forecasts are written the same way. */
export interface TimeForm {
  readonly kind: TimeKind;
  /** Whether stamps are milliseconds since 1970-01-01 UTC rather than plain integers. */
  readonly calendar: boolean;
  /** Of ISO strings: how much of the stamp is written. */
  readonly precision?: IsoPrecision;
  /** Of ISO strings: digits after the second's point. */
  readonly digits?: number;
  readonly separator?: 'T' | ' ';
  /** Of ISO strings: '' (none was written, UTC or `timeZone` is meant), 'Z' or an offset such as '+02:00'. */
  readonly zone?: string;
  /** Whose clocks count days and months. */
  readonly timeZone?: string;
  /** Whether native code counts what the clocks of `timeZone` show, as if it were UTC; else instants. */
  readonly wall?: boolean;
}

type IsoPrecision = 'month' | 'day' | 'minute' | 'second';

const DAY = 86_400_000;
const PRECISIONS: readonly IsoPrecision[] = ['month', 'day', 'minute', 'second'];
const ISO =
  /^(\d{4})-(\d\d)(?:-(\d\d)(?:([Tt ])(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?([Zz]|[+-]\d\d(?::?\d\d)?)?)?)?$/;
const ZONE = /^(?:Z|[+-]\d\d(?::?\d\d)?)?$/;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const isLeap = (year: number) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

function offsetMinutes(zone: string): number {
  if (zone === '' || zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', '') || 0);
  return zone[0] === '-' ? -minutes : minutes;
}

interface ParsedIso {
  readonly time: number;
  readonly precision: IsoPrecision;
  readonly digits: number;
  readonly separator: 'T' | ' ';
  readonly zone: string;
}

/** An ISO 8601 calendar stamp (month, day or time of day; offset honoured, none means UTC), or undefined. */
export function parseIso(text: string): ParsedIso | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const [, y, mo, d, separator, h, mi, s, fraction = '', zone = ''] = match;
  const year = Number(y);
  const month = Number(mo);
  const day = Number(d ?? 1);
  if (month < 1 || month > 12 || day < 1) return undefined;
  if (day > MONTH_DAYS[month - 1]! + (month === 2 && isLeap(year) ? 1 : 0)) return undefined;
  const hour = Number(h ?? 0);
  const minute = Number(mi ?? 0);
  const second = Number(s ?? 0);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  // Finer than a millisecond is more than a stamp can hold.
  if (/[1-9]/.test(fraction.slice(3))) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const canonicalZone = zone.toUpperCase();
  const time =
    date.getTime() +
    ((hour * 60 + minute - offsetMinutes(canonicalZone)) * 60 + second) * 1000 +
    Number(fraction.slice(0, 3).padEnd(3, '0'));
  return {
    time,
    precision:
      d === undefined ? 'month' : h === undefined ? 'day' : s === undefined ? 'minute' : 'second',
    digits: fraction.length,
    separator: separator === ' ' ? ' ' : 'T',
    zone: canonicalZone,
  };
}

const offsetText = (offset: number) => {
  const minutes = Math.abs(Math.round(offset / 60_000));
  const two = (n: number) => String(n).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
};

/** Writes an instant in a form with a time zone. */
function formatZoned(instant: number, form: TimeForm, zone: Zone): string {
  if (form.zone === '') return formatIso(zone.wallTime(instant), form);
  const written = form.zone === 'Z' ? 'Z' : offsetText(zone.offsetAt(instant));
  return formatIso(instant, { ...form, zone: written });
}

/** Writes a stamp in a form; more is written where the form would lose a part of it. */
export function formatIso(time: number, form: TimeForm): string {
  const zone = form.zone ?? '';
  const local = new Date(time + offsetMinutes(zone) * 60_000).toISOString();
  let precision = form.precision ?? 'second';
  let digits = form.digits ?? 0;
  const rest = (((time + offsetMinutes(zone) * 60_000) % DAY) + DAY) % DAY;
  if (precision === 'month' && !local.includes('-01T')) precision = 'day';
  if (PRECISIONS.indexOf(precision) < 2 && rest !== 0) precision = 'second';
  if (precision === 'minute' && rest % 60_000 !== 0) precision = 'second';
  const fractionNeeded = [1000, 100, 10, 1].findIndex((unit) => rest % unit === 0);
  digits = Math.max(digits, fractionNeeded);
  const date = local.slice(0, local.indexOf('T'));
  if (precision === 'month') return date.slice(0, -3);
  if (precision === 'day') return date;
  const clock = local.slice(date.length + 1);
  const fraction = digits > 0 ? `.${clock.slice(9, 12).padEnd(digits, '0').slice(0, digits)}` : '';
  return `${date}${form.separator ?? 'T'}${clock.slice(0, precision === 'minute' ? 5 : 8)}${precision === 'minute' ? '' : fraction}${zone}`;
}

/** Whether a frequency counts calendar time ('MS', '15min') rather than integers ('1'). */
export const isCalendarFrequency = (frequency: string) => !/^\s*\d*\s*$/.test(frequency);

/** Of this realm or another one; what only claims to be a Date, as a proxy does, has no time. */
export const isDate = (value: unknown): value is Date => {
  try {
    Date.prototype.getTime.call(value);
    return true;
  } catch {
    return false;
  }
};

function kindOf(value: unknown): TimeKind | undefined {
  switch (typeof value) {
    case 'string':
      return 'iso';
    case 'number':
      return 'number';
    case 'bigint':
      return 'bigint';
    default:
      return isDate(value) ? 'date' : undefined;
  }
}

const KIND_NAMES: Readonly<Record<TimeKind, string>> = {
  date: 'a Date',
  iso: 'an ISO string',
  number: 'a number',
  bigint: 'a bigint',
};

const isDayOrLonger = (frequency: string) =>
  /^\s*\d*\s*(D|B|W|M|MS|Q|QS|Y|YS)(-|\s*$)/.test(frequency);

/** Reads the time stamps of one table, all of one kind, and remembers how they were written. */
export class TimeReader {
  readonly #stamps: BigInt64Array;
  readonly #numbers: Int64View;
  #kind: TimeKind | undefined;
  #form: TimeForm;
  // A panel repeats its stamps in every series.
  readonly #seen = new Map<string, number>();

  readonly #frequency: string;
  readonly #zone: Zone | undefined;
  /** What the clocks of the zone show in every row, in milliseconds since midnight; NaN: not the same. */
  #timeOfDay: number | undefined;

  /** `stamps` receives what is read. */
  constructor(frequency: string, stamps: BigInt64Array, timeZone?: string) {
    this.#frequency = frequency;
    this.#zone = timeZone === undefined ? undefined : new Zone(timeZone);
    this.#form = { kind: 'number', calendar: isCalendarFrequency(frequency) };
    this.#stamps = stamps;
    this.#numbers = new Int64View(stamps);
  }

  /** Writes the stamp of a row as an integer; gives the reason if it is none. */
  read(value: unknown, row: number): string | undefined {
    if (typeof value === 'number' && this.#kind === 'number' && Number.isSafeInteger(value)) {
      return this.#write(value, row);
    }
    const kind = kindOf(value);
    if (kind === undefined) {
      const missing = value === undefined || value === null;
      return `is ${missing ? 'missing' : show(value)}, expected a Date, an ISO string, an integer or a bigint`;
    }
    if (this.#kind === undefined) {
      this.#kind = kind;
      this.#form = {
        ...this.#form,
        kind,
        calendar: this.#form.calendar || kind === 'date' || kind === 'iso',
      };
    } else if (this.#kind !== kind) {
      return `is ${show(value)}, ${KIND_NAMES[kind]}, while the rows before have ${KIND_NAMES[this.#kind]}; use one kind in the whole column`;
    }
    switch (kind) {
      case 'iso':
        return this.#iso(value as string, row);
      case 'date': {
        const time = Date.prototype.getTime.call(value);
        return Number.isNaN(time) ? 'is an invalid Date' : this.#write(time, row);
      }
      case 'number':
        return Number.isSafeInteger(value)
          ? this.#write(value as number, row)
          : `is ${show(value)}, expected an integer below 2^53`;
      case 'bigint':
        if (BigInt.asIntN(64, value as bigint) !== value) {
          return `is ${show(value)}, expected an integer of 64 bits`;
        }
        this.#stamps[row] = value;
        this.#watch(this.#numbers.get(row));
        return undefined;
    }
  }

  /**
   * Writes the stamps of the rows from `from` on while they are integers, as those before were; gives the first row that
   * is left to `read`.
   */
  readIntegers(values: Float64Array, from: number, to: number): number {
    if (this.#kind !== 'number' || this.#zone) return from;
    const numbers = this.#numbers;
    for (let row = from; row < to; row++) {
      const value = values[row]!;
      if (!Number.isSafeInteger(value)) return row;
      numbers.set(row, value);
    }
    return to;
  }

  /** How the stamps read so far are written. */
  get form(): TimeForm {
    return this.#form;
  }

  /**
   * After the last row: a visit of each row that turns its stamp into what the clocks of the time zone show, where days
   * and longer steps are counted; undefined where nothing is to be done.
   */
  toWallTimes(): ((row: number) => void) | undefined {
    const zone = this.#zone;
    if (!zone || !this.#form.calendar) return undefined;
    const wall =
      this.#frequency === '' ? !Number.isNaN(this.#timeOfDay) : isDayOrLonger(this.#frequency);
    this.#form = { ...this.#form, timeZone: zone.name, wall };
    return wall
      ? (row) => this.#numbers.set(row, zone.wallTime(this.#numbers.get(row)))
      : undefined;
  }

  #write(time: number, row: number): undefined {
    this.#numbers.set(row, time);
    this.#watch(time);
  }

  #watch(instant: number): void {
    if (!this.#zone || Number.isNaN(this.#timeOfDay)) return;
    const time = ((this.#zone.wallTime(instant) % DAY) + DAY) % DAY;
    this.#timeOfDay ??= time;
    if (this.#timeOfDay !== time) this.#timeOfDay = Number.NaN;
  }

  #iso(text: string, row: number): string | undefined {
    const seen = this.#seen.get(text);
    if (seen !== undefined) return this.#write(seen, row);
    const parsed = parseIso(text);
    if (!parsed) {
      return `is ${show(text)}, expected an ISO 8601 stamp such as "1949-01-31" or "1949-01-31T12:00:00Z", at most milliseconds fine`;
    }
    const { precision = 'month', digits = 0, separator, zone } = this.#form;
    const finer = PRECISIONS.indexOf(parsed.precision) > PRECISIONS.indexOf(precision);
    this.#form = {
      ...this.#form,
      precision: finer ? parsed.precision : precision,
      digits: Math.max(digits, parsed.digits),
      separator: separator ?? parsed.separator,
      zone: zone ?? parsed.zone,
    };
    const time = this.#zone && parsed.zone === '' ? this.#zone.instant(parsed.time) : parsed.time;
    if (this.#seen.size < 100_000) this.#seen.set(text, time);
    return this.#write(time, row);
  }
}

const isOneOf = <Value>(values: readonly Value[], value: unknown): value is Value =>
  values.includes(value as Value);

/** A form that was kept as JSON, or undefined where it is none that this version can write. */
export function readTimeForm(value: unknown): TimeForm | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, calendar, precision, digits, separator, zone, timeZone, wall } = value as Record<
    string,
    unknown
  >;
  const zoned =
    typeof timeZone === 'string' && typeof wall === 'boolean' ? { timeZone, wall } : undefined;
  if (!isOneOf(['date', 'iso', 'number', 'bigint'] as const, kind)) return undefined;
  if (typeof calendar !== 'boolean') return undefined;
  if (kind !== 'iso') return calendar || kind !== 'date' ? { kind, calendar, ...zoned } : undefined;
  const isWritable =
    calendar &&
    isOneOf(PRECISIONS, precision) &&
    isOneOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], digits) &&
    isOneOf(['T', ' '] as const, separator) &&
    typeof zone === 'string' &&
    ZONE.test(zone);
  return isWritable ? { kind, calendar, precision, digits, separator, zone, ...zoned } : undefined;
}

/** Time stamps in the kind in which they came; `times` may be overwritten. */
export function writeTimes(
  times: BigInt64Array,
  form: TimeForm,
): Date[] | string[] | Float64Array | BigInt64Array {
  const numbers = new Int64View(times);
  const rows = { length: times.length };
  const zone = form.timeZone === undefined ? undefined : new Zone(form.timeZone);
  if (zone && form.wall) {
    for (let row = 0; row < times.length; row++) numbers.set(row, zone.instant(numbers.get(row)));
  }
  switch (form.kind) {
    case 'bigint':
      return times;
    case 'number': {
      const written = new Float64Array(times.length);
      for (let row = 0; row < written.length; row++) written[row] = numbers.get(row);
      return written;
    }
    case 'date':
      return Array.from(rows, (_, row) => new Date(numbers.get(row)));
    case 'iso':
      return Array.from(rows, (_, row) =>
        zone ? formatZoned(numbers.get(row), form, zone) : formatIso(numbers.get(row), form),
      );
    default:
      throw new ForecastError('ERR_ND_INTERNAL', `[times] unknown kind ${show(form.kind)}`);
  }
}
