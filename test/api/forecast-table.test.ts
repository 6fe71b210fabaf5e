import { ForecastTable } from '../../lib/forecast-table';

const table = new ForecastTable({
  ids: ['a', 'say "b", c'],
  horizon: 2,
  times: ['2024-01-01', '2024-01-02', '2024-01-01', '2024-01-02'],
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
    horizon: 1,
    times: [new Date(0)],
    names: ['M'],
    values: [Float64Array.of(7)],
    idColumn: 'symbol',
    timeColumn: 'time',
  });
  expect(dated.toCsv()).toBe('symbol,time,M\n1,1970-01-01T00:00:00.000Z,7\n');
  expect(dated.toRecords()).toEqual([{ symbol: '1', time: new Date(0), M: 7 }]);
});
