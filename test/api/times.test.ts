import fc from 'fast-check';
import { Int64View } from '../../lib/int64';
import { readNote, writeNote } from '../../lib/note';
import { formatIso, isCalendarFrequency, parseIso, TimeReader, writeTimes } from '../../lib/times';

const utc = (text: string) => parseIso(text)?.time;

function roundTrip(values: readonly unknown[], frequency = '') {
  const stamps = new BigInt64Array(values.length);
  const reader = new TimeReader(frequency, stamps);
  values.forEach((value, row) => {
    const problem = reader.read(value, row);
    if (problem !== undefined) throw new Error(problem);
  });
  return writeTimes(stamps, reader.form);
}

test('ISO stamps: month, day, time of day, fraction, offset; no zone means UTC', () => {
  expect(utc('1949-01')).toBe(Date.UTC(1949, 0, 1));
  expect(utc('1949-01-31')).toBe(Date.UTC(1949, 0, 31));
  expect(utc('2024-02-29T12:30')).toBe(Date.UTC(2024, 1, 29, 12, 30));
  expect(utc('2024-02-29 12:30:15')).toBe(Date.UTC(2024, 1, 29, 12, 30, 15));
  expect(utc('2024-02-29T12:30:15.25Z')).toBe(Date.UTC(2024, 1, 29, 12, 30, 15, 250));
  expect(utc('2024-03-01T01:00:00+02:00')).toBe(Date.UTC(2024, 1, 29, 23));
  expect(utc('2024-03-01T01:00:00-0530')).toBe(Date.UTC(2024, 2, 1, 6, 30));
  expect(utc('0099-03-01')).toBe(new Date('0099-03-01').getTime());
});

test.each([
  '',
  '1949',
  '1949-13',
  '1949-00-01',
  '2023-02-29',
  '1900-02-29',
  '2024-01-32',
  '2024-01-01T24:00',
  '2024-01-01T12:60',
  '2024-01-01T12',
  '2024-01-01T00:00:00.0001',
  '01/02/2024',
  '2024-01-01T00:00:00 UTC',
])('"%s" is no ISO stamp', (text) => {
  expect(parseIso(text)).toBeUndefined();
});

test.each([
  [['1949-01-01', '1949-02-01']],
  [['1949-01', '1949-02']],
  [['2024-01-01T00:00', '2024-01-01T00:15']],
  [['2024-01-01 00:00:00', '2024-01-01 00:15:00']],
  [['2024-01-01T00:00:00Z', '2024-01-01T00:15:00Z']],
  [['2024-01-01T00:00:00.000Z', '2024-01-01T00:00:00.250Z']],
  [['2024-01-01T00:00:00.00', '2024-01-01T00:00:00.25']],
  [['2024-01-01T00:00:00+02:00', '2024-01-01T00:15:00+02:00']],
  [['2024-01-01T00:00:00-03:30', '2024-01-01T00:15:00-03:30']],
])('%j is written as it came', (texts) => {
  expect(roundTrip(texts)).toEqual(texts);
});

test('a mixture of precisions is written with the finest', () => {
  expect(roundTrip(['2024-01-01', '2024-01-01T12:00'])).toEqual([
    '2024-01-01T00:00',
    '2024-01-01T12:00',
  ]);
});

test('a form never loses a part of a stamp', () => {
  const day = { kind: 'iso', calendar: true, precision: 'day' } as const;
  expect(formatIso(Date.UTC(2024, 0, 1), day)).toBe('2024-01-01');
  expect(formatIso(Date.UTC(2024, 0, 1, 6), day)).toBe('2024-01-01T06:00:00');
  expect(formatIso(Date.UTC(2024, 0, 15), { ...day, precision: 'month' })).toBe('2024-01-15');
  expect(formatIso(Date.UTC(2024, 0, 1, 0, 0, 30), { ...day, precision: 'minute' })).toBe(
    '2024-01-01T00:00:30',
  );
});

test('Dates, numbers and bigints come back as what they were', () => {
  const dates = [new Date('2024-01-01'), new Date('2024-01-02')];
  expect(roundTrip(dates)).toEqual(dates);
  expect(roundTrip([1, 2, 3])).toEqual(Float64Array.of(1, 2, 3));
  expect(roundTrip([1n, 2n])).toEqual(BigInt64Array.of(1n, 2n));
});

test('numbers are written to 64-bit integers and read from them exactly', () => {
  const stamps = new BigInt64Array(2);
  const view = new Int64View(stamps);
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      view.set(1, value);
      expect(stamps[1]).toBe(BigInt(value));
      expect(view.get(1)).toBe(value);
      expect(stamps[0]).toBe(0n);
    }),
  );
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      stamps[0] = value;
      expect(view.get(0)).toBe(Number(value));
    }),
  );
});

test('integers are plain time, or milliseconds when the frequency is that of a calendar', () => {
  const calendarOf = (frequency: string) => {
    const reader = new TimeReader(frequency, new BigInt64Array(1));
    reader.read(1, 0);
    return reader.form.calendar;
  };
  expect(calendarOf('')).toBe(false);
  expect(calendarOf('2')).toBe(false);
  expect(calendarOf('15min')).toBe(true);
  expect(isCalendarFrequency('MS')).toBe(true);
});

test.each([
  [[1, '2024-01-01'], /an ISO string, while the rows before have a number/],
  [[1, 2n], /a bigint, while/],
  [[undefined], /is missing/],
  [[null], /is missing/],
  [[1.5], /expected an integer/],
  [[NaN], /expected an integer/],
  [[2 ** 53], /below 2\^53/],
  [[2n ** 63n], /64 bits/],
  [[new Date(Number.NaN)], /invalid Date/],
  [[true], /expected a Date/],
  [['yesterday'], /ISO 8601/],
])('%p is refused', (values, message) => {
  expect(() => roundTrip(values)).toThrow(message);
});

test('every stamp to the millisecond survives writing and reading', () => {
  const stamp = fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9999, 0, 1) });
  const zone = fc.constantFrom('', 'Z', '+02:00', '-03:30', '+14:00');
  fc.assert(
    fc.property(stamp, zone, (time, z) => {
      const form = { kind: 'iso', calendar: true, precision: 'month', zone: z } as const;
      const shifted = formatIso(time, form);
      // A date alone has no zone, so that it is only written at midnight of that zone.
      const hasClock = shifted.includes('T');
      expect(hasClock || z === '' || z === 'Z' ? utc(shifted) : time).toBe(time);
    }),
  );
});

test('any text is either refused or a finite time', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789-T: Z+.') }), (text) => {
      const time = utc(text);
      expect(time === undefined || Number.isFinite(time)).toBe(true);
    }),
  );
});

describe('what a saved file keeps', () => {
  const columns = { timeColumn: 'time' };

  test.each([
    ['2024-01-01'],
    ['2024-01'],
    ['2024-01-01 12:30:15.250+05:30'],
    ['2024-01-01T12:30Z'],
    [new Date(0)],
    [7],
    [7n],
  ])('the form of %p', (value) => {
    const reader = new TimeReader('', new BigInt64Array(1));
    reader.read(value, 0);
    const note = { columns, frequency: 'D', time: reader.form };
    expect(readNote(writeNote(note))).toEqual(note);
  });

  const iso = { kind: 'iso', calendar: true, precision: 'day', digits: 0, separator: 'T' };
  test.each(
    [
      ['', 'null', '7', '"text"', '[]', '{}', '{"columns":7,"frequency":7,"time":7}'],
      ['{"columns":{"idColumn":7,"targetColumn":"","other":"x"}}'],
      ['{"time":{"kind":"date","calendar":false}}', '{"time":{"kind":"week","calendar":true}}'],
      [
        { ...iso },
        { ...iso, zone: 'CET' },
        { ...iso, zone: '', digits: 1e9 },
        { ...iso, zone: '', precision: 'year' },
        { ...iso, zone: '', calendar: false },
      ].map((time) => JSON.stringify({ time })),
    ].flat(),
  )('nothing of %s', (text) => {
    expect(readNote(text)).toEqual({ columns: {}, frequency: '', time: undefined });
  });
});
