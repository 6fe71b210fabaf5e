import path from 'node:path';
import { NeuralForecast } from '../../lib/index';
import expected from '../fixtures/v0.1.json';

// Written once by version 0.1: DLinear over two monthly series, 60 rows each. Neither file may ever change.
const file = path.join(__dirname, '..', 'fixtures', 'v0.1.safetensors');

/** Sums may be taken in another order by other instruction sets and versions, weights are those of the file. */
const sameNumbers = (received: Iterable<number>, numbers: readonly number[]) => {
  const values = [...received];
  expect(values).toHaveLength(numbers.length);
  const worst = Math.max(...values.map((value, i) => Math.abs(value / numbers[i]! - 1)));
  expect(worst).toBeLessThan(1e-6);
};

test('a file of version 0.1 loads and forecasts what it did', async () => {
  const nf = await NeuralForecast.load(file);
  expect(nf.info()).toMatchObject({
    packageVersion: '0.1.0',
    fitted: true,
    frequency: 'MS',
    localScaler: 'standard',
    horizon: 4,
    inputSize: 12,
    series: ['north', 'south'],
    hasData: true,
  });
  expect(nf.info().models[0]).toMatchObject({ type: 'DLinear', parameters: 104 });
  // Options that came later have their defaults.
  expect(nf.info().models[0]!.options).toMatchObject(expected.options);
  const { step, trainLoss, learningRate } = nf.history().toColumns();
  expect(step!.length).toBeGreaterThan(0);
  expect(trainLoss).not.toContain(Number.NaN);
  expect([...learningRate!]).toEqual([...step!].map(() => Number.NaN));
  const forecast = await nf.predict();
  expect([...forecast.unique_id]).toEqual(expected.forecast.unique_id);
  const stamps = [...forecast.ds].map((stamp) => new Date(stamp as Date).toISOString());
  expect(stamps).toEqual(expected.forecast.ds);
  sameNumbers(forecast.column('DLinear'), expected.forecast.DLinear);
  const predictor = await nf.predictor();
  sameNumbers(predictor.predictSync(expected.window), expected.predicted);
  await nf.dispose();
});
