import fs from 'node:fs';
import path from 'node:path';
import { evaluate, mqLoss, NeuralForecast } from '../../lib/index';
import type { EvaluateOptions, TableInput } from '../../types/index';
import { monthly, sizes, tiny } from './support';

const reference = JSON.parse(
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'metrics.json'), 'utf8'),
);
const { table, train, seasonality, expected } = reference;
const withHistory = { train, seasonality };

/** One number of a table of a single row. */
const only = (input: TableInput, metric: string, options: EvaluateOptions = {}) => {
  const result = evaluate(input, options);
  expect(result.length).toBe(1);
  return result.column(metric)[0]!;
};

/** A row with intervals. */
const one = { ds: [1], y: [10], 'A-lo-80': [6], 'A-median': [8], 'A-hi-80': [9] };

describe('evaluate', () => {
  test.each(Object.keys(expected))('%s is what utilsforecast computes', (name) => {
    const [metric] = name.split('-') as [never];
    const result = evaluate(table, {
      ...withHistory,
      metrics: metric === 'pinball' || metric === 'wql' ? metric : [metric],
      models: ['M'],
      by: ['series', 'window'],
    });
    expect(result.columns.slice(0, 3)).toEqual(['model', 'unique_id', 'cutoff']);
    const values = result.column(name);
    expect(values.length).toBe(expected[name].length);
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[name][i], 9);
    });
  });

  test('interval metrics by hand', () => {
    expect(only(one, 'intervalScore-80')).toBeCloseTo(3 + 10 * 1, 12);
    expect(only(one, 'coverage-80')).toBe(0);
    expect(only({ ...one, y: [9] }, 'coverage-80')).toBe(100);
    expect(only(one, 'pinball-0.1')).toBeCloseTo(0.4, 12);
    expect(only(one, 'pinball')).toBeCloseTo((0.4 + 1 + 0.9) / 3, 12);
    expect(only(one, 'wql')).toBeCloseTo((2 * (0.4 + 1 + 0.9)) / 3 / 10, 12);
    expect(only(one, 'mae')).toBe(2);
    expect(only(one, 'bias')).toBe(-2);
  });

  test('crps of equally likely values is that of their distribution, and of a median its absolute error', () => {
    // E|X - y| - E|X - X'| / 2 over the values themselves.
    const members = [-1.2, 0.3, 0.4, 2.5, 7];
    const y = 1.1;
    const spread = members.flatMap((a) => members.map((b) => Math.abs(a - b)));
    const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
    const exact = mean(members.map((x) => Math.abs(x - y))) - mean(spread) / 2;
    const columns = members.map((x, i) => [`A_ql${(i + 0.5) / members.length}`, [x]]);
    expect(only({ ds: [1], y: [y], ...Object.fromEntries(columns) }, 'crps')).toBeCloseTo(
      exact,
      12,
    );
    expect(only({ ds: [1], y: [3], 'A-median': [5] }, 'crps')).toBe(2);
  });

  test('published: an interval of the normal distribution scores its Gneiting-Raftery expectation', () => {
    // Two points that a standard normal is below with probability 0.1 and 0.9, and actual values at its centiles.
    const z = 1.2815515655446004;
    const y = Array.from({ length: 3 }, (_, i) => [-2, 0, 2][i]!);
    const score = only(
      { ds: [1, 2, 3], y, 'A-lo-80': y.map(() => -z), 'A-hi-80': y.map(() => z) },
      'intervalScore-80',
    );
    expect(score).toBeCloseTo(2 * z + (2 / 3) * 10 * (2 - z), 12);
  });

  test('by step, window, series, in any order', () => {
    const steps = evaluate(table, { metrics: 'mae', by: ['step', 'model'] });
    expect(steps.columns).toEqual(['step', 'model', 'mae']);
    const error = (row: number) => Math.abs(table.M[row] - table.y[row]);
    const rows = table.y.map((_: number, row: number) => row);
    for (const step of [1, 2, 3]) {
      const own = rows.filter((row: number) => row % 3 === step - 1);
      const mean = own.reduce((sum: number, row: number) => sum + error(row), 0) / own.length;
      expect(steps.toRecords()[step - 1]).toEqual({
        ...{ step, model: 'M' },
        mae: expect.closeTo(mean, 12),
      });
    }
    const windows = evaluate(table, { metrics: 'mae', by: 'window' });
    expect(windows.toColumns().cutoff).toEqual([16, 19, 22]);
    const all = evaluate(table, { metrics: 'mae', by: ['series', 'window', 'step'] });
    expect(all.length).toBe(table.y.length);
  });

  test('the order of rows does not matter', () => {
    const order = table.y.map((_: number, i: number) => (i * 5) % table.y.length);
    const shuffled = Object.fromEntries(
      Object.entries(table as Record<string, unknown[]>).map(([name, values]) => [
        name,
        order.map((row: number) => values[row]),
      ]),
    );
    const options = { ...withHistory, by: ['series', 'window'] } as const;
    const key = (record: object) => JSON.stringify(Object.values(record).slice(0, 3));
    const sorted = (input: TableInput) =>
      evaluate(input, options)
        .toRecords()
        .sort((a, b) => key(a).localeCompare(key(b)));
    const [ours, theirs] = [sorted(shuffled), sorted(table)];
    ours.forEach((record, i) => {
      for (const [name, value] of Object.entries(record)) {
        if (typeof value === 'number') expect(value).toBeCloseTo(theirs[i]![name] as number, 9);
        else expect(value).toEqual(theirs[i]![name]);
      }
    });
  });

  test('nothing after a cutoff enters a scale', () => {
    const metrics = ['mase', 'rmsse', 'msis', 'owa'] as const;
    const options = {
      seasonality,
      metrics,
      by: ['series', 'window'],
      benchmark: 'SeasonalNaive',
    } as const;
    const before = evaluate(table, { ...options, train }).toRecords();
    // Spikes after the first cutoff of each series: only its second window sees some of them.
    const first: Record<string, number> = { a: 19, b: 16 };
    const y = train.y.map((value: number, row: number) =>
      train.ds[row] > first[train.unique_id[row]]! ? 1e6 : value,
    );
    const after = evaluate(table, { ...options, train: { ...train, y } }).toRecords();
    const windows = [0, 2];
    for (const row of windows) expect(after[row]).toEqual(before[row]);
    for (const row of [1, 3]) expect(after[row]!.mase).not.toBe(before[row]!.mase);
  });

  test('weights: rows, a column, series', () => {
    const two = { ds: [1, 2], y: [0, 0], M: [1, 3], w: [3, 1] };
    expect(only(two, 'mae', { metrics: 'mae', weights: 'w' })).toBe(1.5);
    expect(only(two, 'mae', { metrics: 'mae', weights: [0, 1], models: ['M'] })).toBe(3);
    expect(only(two, 'rmse', { weights: new Float64Array([3, 1]), models: ['M'] })).toBe(
      Math.sqrt(3),
    );
    const byName = { unique_id: ['a', 'b'], ds: [1, 1], y: [0, 0], M: [1, 3] };
    expect(only(byName, 'mae', { weights: { a: 1, b: 3 } })).toBe(2.5);
    // A forecast that is missing counts only where it has weight.
    expect(only({ ...two, M: [1, Number.NaN] }, 'mae', { weights: [1, 0], models: ['M'] })).toBe(1);
  });

  test('what is missing', () => {
    const gap = {
      ds: [1, 2],
      y: [0, Number.NaN],
      A: [1, 5],
      B: [2, Number.NaN],
      C: [Number.NaN, 1],
    };
    expect(evaluate(gap, { metrics: 'mae' }).column('mae')).toEqual(
      Float64Array.of(1, 2, Number.NaN),
    );
    const zero = { ds: [1, 2], y: [0, 2], A: [1, 1] };
    expect(only(zero, 'mape', { metrics: 'mape' })).toBe(50);
    expect(only({ ...zero, y: [0, 0] }, 'mape', { metrics: 'mape' })).toBeNaN();
    expect(only({ ...zero, y: [0, 0] }, 'wape')).toBeNaN();
    const flat = { ds: [-3, -2, -1], y: [4, 4, 4] };
    expect(only(zero, 'mase', { train: flat, seasonality: 1 })).toBeNaN();
  });

  test('actual values out of another table', () => {
    const actual = [
      { ds: '2020-01-02', y: 5 },
      { ds: '2020-01-01', y: 1 },
    ];
    const forecast = { ds: ['2020-01-01', '2020-01-02', '2020-01-03'], A: [2, 2, 2] };
    expect(only(forecast, 'mae', { actual })).toBe(2);
  });

  test('a backtest: its own names, frequency and cutoffs', async () => {
    const panel = monthly(60);
    const nf = new NeuralForecast({
      ...sizes,
      models: [tiny({ loss: mqLoss({ levels: [80] }) })],
      timeColumn: 'month',
      targetColumn: 'sales',
    });
    const rows = panel.y.map((sales, i) => ({ month: panel.ds[i], sales }));
    const backtest = await nf.crossValidation(rows, { windows: 3, stepSize: 2 });
    const result = evaluate(backtest, { train: rows, baselines: 'SeasonalNaive', by: 'window' });
    expect(result.columns).toEqual([
      ...['model', 'cutoff', 'mae', 'rmse', 'bias', 'smape', 'wape', 'mase', 'rmsse', 'pinball'],
      ...['pinball-0.1', 'pinball-0.5', 'pinball-0.9', 'wql', 'crps', 'coverage-80'],
      ...['intervalScore-80', 'msis-80'],
    ]);
    expect(result.toRecords().map(({ model }) => model)).toEqual(
      ['MLP', 'SeasonalNaive'].flatMap((name) => [name, name, name]),
    );
    expect(result.toColumns().cutoff![0]).toEqual(panel.ds[51]);
    // The panel grows by 12 in a year beside its season.
    expect(result.column('mae')[3]).toBeCloseTo(12, 9);
    expect(result.column('mase')[3]).toBeCloseTo(1, 9);
    expect(result.column('crps')[3]).toBeNaN();
    expect(result.toCsv().split('\n')[0]).toBe(result.columns.join());
    expect(String(result)).toMatch(/^\| model +\| cutoff +\| +mae \|/);
    expect(() => result.column('maee')).toThrow(/did you mean "mae"/);
  });

  test.each([
    [{ metric: 'mae' }, 'E0010', /did you mean "metrics"/],
    [{ metrics: 'maee' }, 'E0010', /did you mean "mae"/],
    [{ metrics: [] }, 'E0010', /at least one name/],
    [{ by: 'horizon' }, 'E0010', /expected one of "model", "series"/],
    [{ metrics: 'mase' }, 'E0010', /option train/],
    [{ baselines: 'Naive' }, 'E0010', /option train/],
    [{ train }, 'E0010', /seasonality/],
    [{ ...withHistory, metrics: 'owa', benchmark: 'Naive3' }, 'E0010', /did you mean "Naive/],
    [{ metrics: 'relmse' }, 'E0010', /the option benchmark, or the panel/],
    [{ models: ['N'] }, 'E0010', /did you mean|expected names out of "M"/],
    [{ weights: [1, 2] }, 'E0010', /one number for each of 12 rows/],
    [{ weights: 'weight' }, 'E0011', /no column "weight"/],
    [{ weights: { a: 1 } }, 'E0011', /series "b", row 6: the weight is NaN/],
    [{ weights: { a: 1, b: -1 } }, 'E0011', /the weight is -1/],
    [{ targetColumn: 'load' }, 'E0011', /no column "load"/],
    [{ idColumn: 'meter' }, 'E0011', /no column "meter"/],
    [
      { train: { unique_id: ['a'], ds: [1], y: [2] }, seasonality: 1 },
      'E0011',
      /series "b": train/,
    ],
  ])('%j is %s', (options, number, message) => {
    expect(() => evaluate(table, options as never)).toThrow(
      expect.objectContaining({ number, message: expect.stringMatching(message) }),
    );
  });

  test.each([
    [[], {}, 'E0003', /without rows/],
    [{ ds: [1], y: [1] }, {}, 'E0011', /without columns of forecasts/],
    [{ ds: [1, 1], y: [1, 1], M: [1, 2] }, {}, 'E0011', /second forecast of 1 .*"cutoff"/],
    [{ ds: ['x'], y: [1], M: [1] }, {}, 'E0011', /ds is "x"/],
    [{ ds: [1, 2], y: [1, 'x'], M: [1, 2] }, {}, 'E0011', /y is "x"/],
    [{ ds: [1], y: [1], M: [1] }, { metrics: 'coverage' }, 'E0010', /intervals such as/],
    [{ ds: [1], y: [1], M: [1] }, { by: 'window' }, 'E0010', /"cutoff"/],
  ])('%j with %j is %s', (input, options, number, message) => {
    expect(() => evaluate(input as never, options as never)).toThrow(
      expect.objectContaining({ number, message: expect.stringMatching(message) }),
    );
  });
});

describe('baselines', () => {
  const forecast = (y: number[], steps: number, seasonality: number) => {
    const at = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
    const table = { ds: at(y.length, steps), y: at(0, steps).fill(0), M: at(0, steps).fill(0) };
    const train = { ds: at(0, y.length), y };
    const baselines = ['Naive', 'SeasonalNaive', 'Naive2'] as const;
    const bias = evaluate(table, {
      train,
      seasonality,
      baselines,
      metrics: 'bias',
      by: 'step',
    }).column('bias');
    // The actual values are 0, so that the bias is the forecast.
    return [1, 2, 3].map((model) => [...bias.slice(model * steps, (model + 1) * steps)]);
  };

  test('a pure season is repeated, its level kept', () => {
    const factors = [0.5, 1, 1.5, 1];
    const y = Array.from({ length: 30 }, (_, t) => 100 * factors[t % 4]!);
    const [naive, seasonal, naive2] = forecast(y, 6, 4);
    expect(naive).toEqual(Array(6).fill(100));
    const next = [0, 1, 2, 3, 4, 5].map((h) => 100 * factors[(30 + h) % 4]!);
    expect(seasonal).toEqual(next);
    for (const [h, value] of next.entries()) expect(naive2![h]).toBeCloseTo(value, 9);
  });

  test('Naive2 of an odd season, as R computes it', () => {
    // forecast::naive(x / decompose(x, "multiplicative")$seasonal) * season, computed with a port of the M4 code.
    const y = Array.from({ length: 20 }, (_, t) => (50 + 2 * t) * [0.8, 1.3, 0.9][t % 3]!);
    expect(forecast(y, 4, 3)[2]).toEqual(
      [79.6744995187951, 70.20240881786961, 114.4, 79.6744995187951].map((value) =>
        expect.closeTo(value, 8),
      ),
    );
  });

  test('without a season Naive2 is the last value', () => {
    const y = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3];
    expect(forecast(y, 2, 4)[2]).toEqual([3, 3]);
    // Too short for a test, and shorter than a season.
    expect(forecast([1, 2, 3], 5, 4).slice(1)).toEqual([Array(5).fill(3), Array(5).fill(3)]);
  });
});
