import { NeuralForecast } from '../../lib/index';
import { linear, monthly, sizes } from './support';

const panel = monthly(60);
const steps = { maxSteps: 30, learningRate: 0.01 };
const make = (options = {}) =>
  new NeuralForecast({ ...sizes, models: [linear(steps)], sampleWeight: 'w', ...options });
const weighted = (w: (row: number) => unknown) => ({ ...panel, w: panel.y.map((_, i) => w(i)) });

test('the column is read where something is trained, and only there', async () => {
  const nf = make();
  const data = weighted((i) => i % 2);
  await nf.fit(data);
  const { values } = { values: [...(await nf.predict(panel)).column('NLinear')] };
  expect([...(await nf.predict()).column('NLinear')]).toEqual(values);
  expect(nf.info().sampleWeight).toBe('w');
  await nf.crossValidation(panel, { useFitted: true });
  await nf.crossValidation(data);
  await expect(nf.crossValidation(panel)).rejects.toMatchObject({
    number: 'E0004',
    message: '[crossValidation] the table has no column "w", the sampleWeight; it has "ds", "y"',
  });
});

test('rows that weigh more are learned better; equal weights change nothing', async () => {
  const forecast = async (options: object, w: (row: number) => number) => {
    const nf = make(options);
    await nf.fit(weighted(w));
    return [...(await nf.predict()).column('NLinear')];
  };
  const plain = await forecast({ sampleWeight: undefined }, () => 1);
  expect(await forecast({}, () => 4)).toEqual(plain);
  expect(await forecast({}, (i) => 1 + i)).not.toEqual(plain);
});

test('a saved forecaster still wants its weights, a clone too', async () => {
  const nf = make();
  await nf.fit(weighted(() => 1));
  const copy = nf.clone();
  expect(copy.info().sampleWeight).toBe('w');
  await expect(copy.fit(panel)).rejects.toMatchObject({ number: 'E0004' });
});

test.each([
  ['infinite', Number.POSITIVE_INFINITY],
  ['NaN', Number.NaN],
  ['negative', -0.5],
  ['missing', undefined],
  ['a text', 'high'],
])('a weight that is %s is refused with its row', async (_name, bad) => {
  await expect(make().fit(weighted((i) => (i === 9 ? bad : 1)) as never)).rejects.toMatchObject({
    number: 'E0011',
    details: { row: 9, column: 'w' },
  });
});

test('a weight that a model reads too, and weights that are all 0, are refused', async () => {
  const models = [linear({}), { type: 'MLP', options: { histExog: ['w'] } }];
  expect(() => make({ models })).toThrow(/which MLP reads/);
  await expect(make().fit(weighted(() => 0))).rejects.toThrow(/is 0 in every row/);
});
