import { BacktestTable, ForecastTable } from '../../lib/forecast-table';

const table = new ForecastTable({
  ids: ['a', 'say "b", c'],
  series: [0, 1],
  horizon: 2,
  times: () => ['2024-01-01', '2024-01-02', '2024-01-01', '2024-01-02'],
  names: ['NHITS', 'NHITS-lo-80'],
  values: [Float64Array.of(1, 2, 3, 4.5), Float64Array.of(0, 1, 2, 3)],
  idColumn: 'unique_id',
  timeColumn: 'ds',
});

test('columns', () => {
  expect(table).toMatchObject({ length: 4, horizon: 2, series: ['a', 'say "b", c'] });
  expect(table.columns).toEqual(['unique_id', 'ds', 'NHITS', 'NHITS-lo-80']);
  expect(table.modelColumns).toEqual(['NHITS', 'NHITS-lo-80']);
  expect(table.unique_id).toEqual(['a', 'a', 'say "b", c', 'say "b", c']);
  expect(table.column('NHITS')).toEqual(Float64Array.of(1, 2, 3, 4.5));
  expect(() => table.column('NBEATS')).toThrow(/"NHITS", "NHITS-lo-80"/);
  expect(Object.keys(table.toColumns())).toEqual(table.columns);
});

test('records, by call and by iteration', () => {
  const records = table.toRecords();
  expect(records[3]).toEqual({
    unique_id: 'say "b", c',
    ds: '2024-01-02',
    NHITS: 4.5,
    'NHITS-lo-80': 3,
  });
  expect([...table]).toEqual(records);
});

test('CSV quotes what needs it', () => {
  expect(table.toCsv()).toBe(
    [
      'unique_id,ds,NHITS,NHITS-lo-80',
      'a,2024-01-01,1,0',
      'a,2024-01-02,2,1',
      '"say ""b"", c",2024-01-01,3,2',
      '"say ""b"", c",2024-01-02,4.5,3',
      '',
    ].join('\n'),
  );
});

test('Dates are written as ISO stamps under the given column names', () => {
  const dated = new ForecastTable({
    ids: ['1'],
    series: [0],
    horizon: 1,
    times: () => [new Date(0)],
    names: ['M'],
    values: [Float64Array.of(7)],
    idColumn: 'symbol',
    timeColumn: 'time',
  });
  expect(dated.toCsv()).toBe('symbol,time,M\n1,1970-01-01T00:00:00.000Z,7\n');
  expect(dated.toRecords()).toEqual([{ symbol: '1', time: new Date(0), M: 7 }]);
});

test.each([
  ['dates', [new Date(0), new Date(60_000)]],
  ['texts', ['a day', 'another day']],
  ['numbers', Float64Array.of(3, 4)],
  ['bigints', BigInt64Array.of(3n, 4n)],
])('a table of known rows repeats its cutoffs, given as %s', (_, cutoffs) => {
  const known = new BacktestTable({
    ids: ['a', 'b'],
    series: [1, 1],
    horizon: 2,
    times: () => Float64Array.of(4, 5, 5, 6),
    names: ['M'],
    values: [Float64Array.of(1, 2, 3, 4)],
    idColumn: 'unique_id',
    timeColumn: 'ds',
    cutoffs: () => cutoffs,
    actual: Float64Array.of(1, 2, 2, 3),
    targetColumn: 'load',
    frequency: '1',
  });
  const [first, second] = cutoffs;
  expect([...known.cutoff]).toEqual([first, first, second, second]);
  expect([...known.y]).toEqual([1, 2, 2, 3]);
  expect(known.frequency).toBe('1');
  expect(known.columns).toEqual(['unique_id', 'ds', 'cutoff', 'M', 'load']);
  expect(known.toRecords()[2]).toEqual({ unique_id: 'b', ds: 5, cutoff: second, M: 3, load: 2 });
  expect(known.toCsv().split('\n')).toHaveLength(6);
});
