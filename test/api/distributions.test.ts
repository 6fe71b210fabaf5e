import {
  distributionLoss,
  gmm,
  type mae,
  mqLoss,
  NeuralForecast,
  pmm,
  scrps,
} from '../../lib/index';
import { linear, monthly, sizes } from './support';

const panel = monthly(60);
const counts = { ds: panel.ds, y: panel.y.map((_, i) => (i * 7) % 5) };

async function fitted(loss: ReturnType<typeof mae>, options = {}) {
  const nf = new NeuralForecast({
    ...sizes,
    models: [linear({ loss, scalerType: 'standard', ...options })],
  });
  await nf.fit(panel);
  return nf;
}

test('a distribution gives its mean, its quantiles and its parameters', async () => {
  const loss = distributionLoss({ distribution: 'Normal', levels: [80], returnParams: true });
  const table = await (await fitted(loss)).predict();
  expect(table.modelColumns).toEqual([
    ...[
      'NLinear',
      'NLinear-median',
      'NLinear-lo-80',
      'NLinear-hi-80',
      'NLinear-loc',
      'NLinear-scale',
    ],
  ]);
  const [mean, deviation, high] = ['NLinear', 'NLinear-scale', 'NLinear-hi-80'].map((name) => [
    ...table.column(name),
  ]) as [number[], number[], number[]];
  mean.forEach((m, i) => {
    expect(high[i]).toBeCloseTo(m + 1.2815515655446004 * (deviation[i] as number), 8);
  });
});

test('levels and quantiles are asked for when a forecast is', async () => {
  const nf = await fitted(distributionLoss({ distribution: 'StudentT' }));
  expect((await nf.predict(null, { quantiles: 0.99 })).modelColumns).toEqual([
    'NLinear',
    'NLinear_ql0.99',
  ]);
  const windows = await nf.crossValidation(null, { useFitted: true, levels: [50], windows: 2 });
  expect(windows.modelColumns).toEqual([
    'NLinear',
    'NLinear-median',
    'NLinear-lo-50',
    'NLinear-hi-50',
  ]);
  const insample = await nf.predictInsample(null, { quantiles: [0.2], stepSize: 10 });
  expect(insample.modelColumns).toEqual(['NLinear', 'NLinear_ql0.2']);
  expect(nf.columns).toContain('NLinear-lo-90');
});

test('quantiles between those of a quantile loss are interpolated', async () => {
  const nf = await fitted(mqLoss({ quantiles: [0.1, 0.5, 0.9] }));
  const table = await nf.predict(null, { quantiles: [0.1, 0.25, 0.9] });
  const [low, between, high] = table.modelColumns.map((name) => [...table.column(name)]) as [
    number[],
    number[],
    number[],
  ];
  between.forEach((value, i) => {
    expect(value).toBeGreaterThanOrEqual(low[i] as number);
    expect(value).toBeLessThanOrEqual(high[i] as number);
  });
});

test.each([[0], [120], ['80'], [[]], [[50, Number.NaN]]])(
  'levels: %j is refused',
  async (levels) => {
    const nf = await fitted(distributionLoss({ distribution: 'Normal' }));
    await expect(nf.predict(null, { levels: levels as number[] })).rejects.toMatchObject({
      number: 'E0010',
      message: expect.stringContaining('levels'),
    });
  },
);

test('mixtures learn counts, validated by quantiles', async () => {
  const nf = new NeuralForecast({
    ...sizes,
    models: [
      linear({ loss: pmm({ nComponents: 3, levels: [80] }), validLoss: scrps() }),
      linear({ loss: gmm({ nComponents: 2, weighted: true, levels: [80] }), alias: 'G' }),
    ],
  });
  const fit = await nf.fit(counts, { valSize: 8 });
  for (const model of fit.models) expect(model.validLoss).toEqual(expect.any(Number));
  const table = await nf.predict();
  for (const value of table.column('NLinear-hi-80')) expect(Number.isInteger(value)).toBe(true);
});
