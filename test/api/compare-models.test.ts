import { compareModels, dieboldMariano, evaluate, NeuralForecast } from '../../lib/index';
import { holm } from '../../lib/metrics/compare';
import type { TableInput } from '../../types/index';
import { linear, monthly, sizes, tiny } from './support';

/** Errors of two forecasts; the expected numbers were computed from the formulas with SciPy's t distribution. */
const A = [
  ...[0.2, 1.072, 0.385, -0.87, -1.075, 0.413, 0.973, 0.379, -0.749, -0.607, 0.593, 0.977],
  ...[0.282, -0.769, -0.536, 0.679, 0.921, 0.091, -1.17, -0.611, 0.657, 0.904, -0.124, -0.928],
];
const B = [
  ...[0.187, 1.416, 0.269, -1.43, -0.546, 0.722, 0.934, 0.192, -1.321, -0.736, 1.225, 0.878],
  ...[-0.45, -0.965, -0.554, 1.089, 1.129, -0.896, -1.118, 0.131, 0.893, 0.86, -0.742, -1.406],
];

/** Numbers in (0, 1), always the same ones. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

describe('dieboldMariano', () => {
  test.each([
    [{}, -2.8204690781454307, 0.009702284730254284, 'rectangular'],
    [
      { loss: 'absolute', alternative: 'less' },
      -2.4437285372533886,
      0.01131197419437691,
      'rectangular',
    ],
    [{ horizon: 3, alternative: 'greater' }, -3.003858012906002, 0.9968336484320724, 'rectangular'],
    [{ horizon: 4, loss: 'absolute' }, -4.138094470136265, 0.0003990490673981437, 'rectangular'],
    [{ horizon: 12 }, -4.074587536907804, 0.00046736178649170104, 'bartlett'],
    [{ horizon: 20, alternative: 'less' }, -1.7576536352066419, 0.046055187019785955, 'bartlett'],
  ] as const)('%j', (options, statistic, pValue, variance) => {
    const result = dieboldMariano(A, B, options);
    expect(result.statistic).toBeCloseTo(statistic, 10);
    expect(Math.abs(result.pValue / pValue - 1)).toBeLessThan(1e-6);
    expect(result).toMatchObject({
      observations: 24,
      variance,
      horizon: (options as { horizon?: number }).horizon ?? 1,
    });
    const back = dieboldMariano(B, A, options);
    expect(back.statistic).toBeCloseTo(-statistic, 10);
    expect(back.meanDifference).toBeCloseTo(-result.meanDifference, 12);
  });

  test('a loss of its own, typed arrays', () => {
    const result = dieboldMariano(Float64Array.from(A), Float64Array.from(B), {
      loss: (e) => e * e,
    });
    expect(result).toEqual(dieboldMariano(A, B));
  });

  test('no difference at all, or always the same', () => {
    expect(dieboldMariano(A, A)).toMatchObject({ statistic: 0, pValue: 1 });
    const worse = dieboldMariano([2, 2, 2, 2], [1, 1, 1, 1], { horizon: 2 });
    expect(worse).toMatchObject({ statistic: Infinity, pValue: 0, meanDifference: 3 });
    const less = dieboldMariano([2, 2, 2, 2], [1, 1, 1, 1], { alternative: 'less' });
    expect(less.pValue).toBe(1);
  });

  test('rejects as often as it says when both are equally good', () => {
    const draw = uniform(7);
    const [runs, n] = [1000, 60];
    let rejected = 0;
    for (let run = 0; run < runs; run++) {
      // Differences of forecasts three steps ahead overlap: a moving average of three shocks.
      const shocks = Array.from({ length: n + 2 }, () => draw() + draw() + draw() - 1.5);
      const differences = Array.from(
        { length: n },
        (_, t) => shocks[t]! + shocks[t + 1]! + shocks[t + 2]!,
      );
      const zero = differences.map(() => 0);
      const { pValue } = dieboldMariano(differences, zero, { horizon: 3, loss: (e) => e });
      if (pValue < 0.05) rejected += 1;
    }
    expect(rejected / runs).toBeGreaterThan(0.03);
    expect(rejected / runs).toBeLessThan(0.09);
  });

  test.each([
    [[A, B.slice(1)], 'E0002', /24 and 23 errors/],
    [[[1], [2]], 'E0003', /1 pairs of losses, expected more than the 1/],
    [[A, B, { horizon: 24 }], 'E0003', /more than the 24/],
    [[A, B.with(3, Number.NaN)], 'E0011', /at 3 .*NaN/],
    [[A, B, { los: 'squared' }], 'E0010', /did you mean "loss"/],
    [[A, B, { loss: 'square' }], 'E0010', /did you mean "squared"/],
    [['A', B], 'E0010', /errorsA/],
  ] as const)('%j is %s', (args, number, message) => {
    expect(() => dieboldMariano(...(args as unknown as [number[], number[]]))).toThrow(
      expect.objectContaining({ number, message: expect.stringMatching(message) }),
    );
  });
});

test('Holm: the example of its paper-and-pencil form', () => {
  expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual(
    [0.03, 0.06, 0.06, 0.02].map((p) => expect.closeTo(p, 12)),
  );
  expect(holm([0.6, 0.7])).toEqual([1, 1]);
  expect(holm([])).toEqual([]);
});

describe('compareModels', () => {
  const draw = uniform(3);
  const windows = 40;
  const rows = Array.from({ length: windows }, (_, w) =>
    [0, 1, 2].map((h) => {
      const y = 10 + draw();
      const near = y + (draw() - 0.5);
      return {
        ds: w * 3 + h + 1,
        cutoff: w * 3,
        y,
        Good: near,
        Same: near + 1e-3 * (draw() - 0.5),
        Bad: y + 2 * draw(),
      };
    }),
  ).flat();

  test('ranks, and tells chance from difference', () => {
    const result = compareModels(rows);
    expect(result).toMatchObject({
      metric: 'mae',
      across: 'windows',
      observations: 40,
      overlap: 1,
    });
    expect(result.models.map(({ rank }) => rank)).toEqual([1, 2, 3]);
    expect(result.models[2]!.model).toBe('Bad');
    expect(result.pair('Good', 'Bad')).toMatchObject({ significant: true });
    expect(result.pair('Good', 'Bad')!.adjustedPValue).toBeLessThan(1e-6);
    expect(result.pair('Same', 'Good')!.significant).toBe(false);
    expect(result.pair('Good', 'Good')).toBeUndefined();
    const [good, bad] = [result.pair('Good', 'Bad')!, result.pair('Bad', 'Good')!];
    expect(good.difference).toBeLessThan(0);
    expect(bad).toEqual({
      ...{ ...good, a: 'Bad', b: 'Good' },
      ...{ difference: -good.difference, statistic: -good.statistic },
    });
    // The same numbers as those of the parts.
    const means = evaluate(rows, { metrics: 'mae', by: 'window' });
    const errors = (model: string) =>
      means
        .toRecords()
        .filter((r) => r.model === model)
        .map(({ mae }) => mae as number);
    const test = dieboldMariano(errors('Good'), errors('Bad'), { loss: 'absolute' });
    expect(good.statistic).toBeCloseTo(test.statistic, 9);
    expect(good.pValue).toBeCloseTo(test.pValue, 12);
    const text = String(result);
    expect(text).toMatch(/^\| rank \| model \| +mae \| vs /);
    expect(text).toMatch(/\|\s+3 \| Bad .* worse/);
    expect(text).toMatch(/over 40 windows; better, worse: below 0.05\n$/);
  });

  test('windows that overlap are no independent evidence', () => {
    const overlapping = rows.map((row) => ({
      ...row,
      cutoff: row.cutoff / 3,
      ds: row.cutoff / 3 + ((row.ds - 1) % 3) + 1,
    }));
    const result = compareModels(overlapping, { models: ['Good', 'Bad'] });
    expect(result).toMatchObject({ observations: 40, overlap: 3 });
    expect(String(result)).toContain('3 of which overlap');
  });

  test('many series, one window: the series are the observations', () => {
    const panel = rows.map(({ ds, y, Good, Bad }, i) => ({
      unique_id: `s${i % 30}`,
      ds,
      y,
      Good,
      Bad,
    }));
    expect(compareModels(panel)).toMatchObject({ across: 'series', observations: 30, overlap: 1 });
    expect(() => compareModels(panel, { across: 'windows' })).toThrow(/1 pairs of losses/);
  });

  test('a backtest with a baseline, scaled', async () => {
    const panel = monthly(90);
    const nf = new NeuralForecast({ ...sizes, models: [tiny(), linear()] });
    const backtest = await nf.crossValidation(panel, { windows: 8, stepSize: 2 });
    const result = compareModels(backtest, {
      train: panel,
      baselines: 'SeasonalNaive',
      metric: 'mase',
      alpha: 0.1,
    });
    expect(result).toMatchObject({ observations: 8, overlap: 2, alpha: 0.1, metric: 'mase' });
    expect(result.models.map(({ model }) => model).sort()).toEqual([
      'MLP',
      'NLinear',
      'SeasonalNaive',
    ]);
    expect(result.pairs).toHaveLength(3);
  });

  test('judges all on the rows that all have', () => {
    // sMAPE exists everywhere, MAPE not where the actual value is 0.
    const zero = rows.map((row, i) => (i % 7 === 0 ? { ...row, y: 0 } : row));
    const result = compareModels(zero, { metric: 'mape' });
    expect(result.observations).toBe(40);
    for (const { mean } of result.models) expect(mean).toBeLessThan(100);
  });

  test.each([
    [
      rows.map((row, i) => (i === 4 ? { ...row, Bad: Number.NaN } : row)),
      {},
      'E0011',
      /series "1", row 4: the forecast of Bad/,
    ],
    [rows, { models: ['Good'] }, 'E0010', /at least two models/],
    [rows, { metric: 'rmse' }, 'E0010', /did you mean "mse"/],
    [rows, { metric: 'crps' }, 'E0010', /columns of quantiles/],
    [rows, { metric: 'mase' }, 'E0010', /option train/],
    [rows, { alpha: 5 }, 'E0010', /alpha = 5/],
  ] as const)('%# is refused', (table, options, number, message) => {
    expect(() => compareModels(table as TableInput, options as never)).toThrow(
      expect.objectContaining({ number, message: expect.stringMatching(message) }),
    );
  });
});
