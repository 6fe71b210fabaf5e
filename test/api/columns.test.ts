import fc from 'fast-check';
import { readPanel } from '../../lib/columns';
import { SINGLE_SERIES } from '../../lib/tables';
import { ForecastError } from '../../lib/errors';

const read = (table: unknown, names = {}, frequency = '') =>
  readPanel('fit', table as never, names, { frequency });

async function failure(call: () => Promise<unknown>): Promise<ForecastError> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(ForecastError);
    return error as ForecastError;
  }
  throw new Error('nothing was thrown');
}

const records = [
  { unique_id: 'b', ds: 1, y: 1.5 },
  { unique_id: 'a', ds: 1, y: 2.5 },
  { unique_id: 'b', ds: 2, y: 3.5 },
];

test('records and columns of any array type say the same', async () => {
  const expected = {
    ids: ['b', 'a'],
    series: Int32Array.of(0, 1, 0),
    times: BigInt64Array.of(1n, 1n, 2n),
    target: Float64Array.of(1.5, 2.5, 3.5),
    calendar: false,
    frequency: '',
    missing: false,
    features: [],
    statics: [],
  };
  expect((await read(records)).input).toEqual(expected);
  const unique_id = ['b', 'a', 'b'];
  const y = [1.5, 2.5, 3.5];
  expect((await read({ unique_id, ds: [1, 1, 2], y })).input).toEqual(expected);
  expect(
    (await read({ unique_id, ds: Int32Array.of(1, 1, 2), y: Float32Array.from(y) })).input,
  ).toEqual(expected);
  expect((await read({ unique_id, ds: BigInt64Array.of(1n, 1n, 2n), y })).input).toEqual(expected);
  expect((await read({ toColumns: () => ({ unique_id, ds: [1, 1, 2], y }) })).input).toEqual(
    expected,
  );
});

test('arrays of doubles are read, and refused, like other arrays', async () => {
  const ok = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const odd = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 0.5, -0);
  const stamp = fc.oneof({ weight: 9, arbitrary: fc.integer() }, odd);
  const row = fc.tuple(stamp, fc.oneof({ weight: 9, arbitrary: ok }, odd));
  const rows = fc.array(row, { minLength: 1, maxLength: 600 });
  const outcome = (ds: unknown, y: unknown, missing: boolean) =>
    readPanel('fit', { ds, y } as never, {}, { missing }).catch((error) => error);
  await fc.assert(
    fc.asyncProperty(rows, fc.boolean(), async (table, missing) => {
      const [ds, y] = [table.map(([t]) => t), table.map(([, v]) => v)];
      const plain = await outcome(ds, y, missing);
      expect(await outcome(Float64Array.from(ds), Float64Array.from(y), missing)).toEqual(plain);
    }),
  );
});

test('a table without an id column is one series', async () => {
  expect((await read({ ds: [1, 2], y: [1, 2] })).input.ids).toEqual([SINGLE_SERIES]);
  expect((await read([{ ds: 1, y: 1 }])).input.ids).toEqual([SINGLE_SERIES]);
});

test('names of series may be numbers and bigints', async () => {
  expect((await read({ unique_id: [7, 7n, 'x'], ds: [1, 2, 1], y: [1, 2, 3] })).input.ids).toEqual([
    '7',
    'x',
  ]);
});

test('other column names', async () => {
  const names = { idColumn: 'symbol', timeColumn: 'time', targetColumn: 'price' };
  const { input } = await read([{ symbol: 'X', time: new Date(5), price: 2, y: 'ignored' }], names);
  expect(input).toMatchObject({ ids: ['X'], times: BigInt64Array.of(5n), calendar: true });
});

test('milliseconds under a calendar frequency', async () => {
  expect((await read({ ds: [0, 900_000], y: [1, 2] }, {}, '15min')).input.calendar).toBe(true);
});

test.each([
  [[{ ds: 1, y: Number.NaN }], /series "1", row 0: y is NaN/],
  [[{ ds: 1, y: Number.POSITIVE_INFINITY }], /y is Infinity/],
  [[{ ds: 1, y: null }], /y is missing/],
  [[{ ds: 1, y: 1 }, { ds: 2 }], /row 1: y is missing/],
  [[{ ds: 1, y: '3' }], /y is "3", expected a number/],
  [[{ ds: 1, y: 1 }, { y: 1 }], /row 1: ds is missing/],
  [
    [
      { ds: 1, y: 1 },
      { ds: '2024-01-01', y: 1 },
    ],
    /row 1: ds .* use one kind/,
  ],
  [
    [
      { unique_id: 'a', ds: 1, y: 1 },
      { ds: 2, y: 1 },
    ],
    /row 1: unique_id is missing/,
  ],
  [[{ ds: 1, y: 1 }, 7], /row 1 is 7/],
  [{ ds: [1, 2], y: [1] }, /equally long/],
  [{ ds: [1], y: 5 }, /column "y" is 5/],
  [{ ds: [1], value: [5] }, /no column "y"/],
  [{ unique_id: [{}], ds: [1], y: [5] }, /unique_id is an object/],
  [{}, /without columns/],
  [null, /expected an array of records/],
  ['text', /expected an array of records/],
])('%j is E0011', async (table, message) => {
  const error = await failure(() => read(table));
  expect(error.message).toMatch(message);
  expect(error).toMatchObject({ code: 'ERR_ND_DATA', number: 'E0011' });
});

test('the error names series, row, column and value', async () => {
  const bad = [...records, { unique_id: 'a', ds: 2, y: undefined }];
  expect((await failure(() => read(bad))).details).toEqual({
    series: 'a',
    row: 3,
    column: 'y',
    value: 'undefined',
  });
});

test('a missing column names the closest one', async () => {
  expect((await failure(() => read([{ date: 1, Y: 1, ds: 1 }]))).message).toMatch(
    /targetColumn: "Y"/,
  );
  expect((await failure(() => read(records, { idColumn: 'id' }))).message).toMatch(
    /no column "id"/,
  );
});

test('no rows is E0003', async () => {
  expect((await failure(() => read([]))).number).toBe('E0003');
  expect((await failure(() => read({ ds: [], y: [] }))).number).toBe('E0003');
});

test('every table is read as it is, or refused with a documented error', async () => {
  const cell = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.string(),
    fc.constantFrom(undefined, null, true, 1n, new Date(0), '2024-01-01'),
  );
  const record = fc.record({ unique_id: cell, ds: cell, y: cell }, { requiredKeys: [] });
  await fc.assert(
    fc.asyncProperty(fc.array(record), async (table) => {
      let panel: Awaited<ReturnType<typeof read>>;
      try {
        panel = await read(table);
      } catch (error) {
        expect(error).toBeInstanceOf(ForecastError);
        expect((error as ForecastError).code).toMatch(/^ERR_ND_(DATA|EMPTY)$/);
        return;
      }
      const { input } = panel;
      expect(input.target).toEqual(Float64Array.from(table, (r) => r.y as number));
      expect(Array.from(input.series, (s) => input.ids[s])).toEqual(
        table.map((r) =>
          table.some((t) => t.unique_id !== undefined) ? String(r.unique_id) : '1',
        ),
      );
      expect(input.target.every(Number.isFinite)).toBe(true);
    }),
  );
});

const large = 200_000;
const manyRows = {
  unique_id: Array.from({ length: large }, (_, i) => `s${Math.floor(i / 1000)}`),
  ds: Array.from({ length: large }, (_, i) => `2024-01-01T00:${String(i % 60).padStart(2, '0')}`),
  y: Float64Array.from({ length: large }, (_, i) => i),
};

test('a large table lets the event loop turn while it is read', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const { input } = await read(manyRows);
  clearInterval(timer);
  expect(input.ids).toHaveLength(200);
  expect(input.target.at(-1)).toBe(large - 1);
  expect(turns).toBeGreaterThan(1);
});

test('a signal ends the reading of a large table', async () => {
  const controller = new AbortController();
  const reading = readPanel('fit', manyRows, {}, { signal: controller.signal });
  setImmediate(() => controller.abort(new Error('enough')));
  await expect(reading).rejects.toThrow('enough');
});

test('a small table is read at the time of the call', async () => {
  const table = { ds: [1, 2], y: [1, 2] };
  const reading = read(table);
  table.y[1] = Number.NaN;
  expect([...(await reading).input.target]).toEqual([1, 2]);
});
