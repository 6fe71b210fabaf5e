import { distributionLoss, NeuralForecast } from '../../lib/index';
import type { NeuralForecastOptions } from '../../types/index';
import { sizes, tiny } from './support';

// What is wrong with data, and the documented error for each of it: all of them in one place.

const rows = 40;
const steps = Array.from({ length: rows }, (_, i) => i);
const panel = { ds: steps, y: steps.map((i) => 5 + (i % 7)), promo: steps.map((i) => i % 3) };
const after = (count: number) => ({
  ds: Array.from({ length: count }, (_, i) => rows + i),
  promo: Array.from({ length: count }, (_, i) => i % 3),
});
const make = (model = {}, options: Partial<NeuralForecastOptions> = {}) =>
  new NeuralForecast({ ...sizes, models: [tiny(model)], ...options });

async function promoted() {
  const nf = make({ futrExog: ['promo'] });
  await nf.fit(panel);
  return nf;
}

test.each<[string, () => unknown, string, RegExp]>([
  [
    'a duplicated time stamp',
    () => make().fit({ ...panel, ds: panel.ds.with(9, 8) }),
    'E0011',
    /series "1", row 9 \(time 8.*has this time twice, first in row 8/,
  ],
  [
    'a missing future column',
    async () => (await promoted()).predict(null, { future: { ds: after(4).ds } }),
    'E0004',
    /no column "promo", which a model reads/,
  ],
  [
    'no future at all',
    async () => (await promoted()).predict(),
    'E0004',
    /reads the future column\(s\) "promo".*makeFutureFrame\(\) gives its rows/,
  ],
  [
    'more categories than declared',
    () =>
      make({ histExog: ['promo'], catExog: ['promo'], catCardinalities: { promo: 2 } }).fit(panel),
    'E0011',
    /"promo" has 3 distinct values, expected at most 2/,
  ],
  [
    'a category that the fit did not see',
    async () => {
      const nf = make({ futrExog: ['promo'], catExog: ['promo'] }, { unseenCategory: 'error' });
      await nf.fit(panel);
      return nf.predict(null, { future: { ...after(4), promo: [1, 2, 7, 0] } });
    },
    'E0011',
    /series "1": the column "promo" has the category "7", which the fit did not see; expected "0", "1", "2", or unseenCategory: "mean"/,
  ],
  [
    'an infinite weight',
    () => make({}, { sampleWeight: 'w' }).fit({ ...panel, w: panel.y.with(3, Infinity) }),
    'E0011',
    /series "1", row 3: w is Infinity, expected a weight/,
  ],
  [
    'a negative count',
    () =>
      make({ loss: distributionLoss({ distribution: 'Poisson' }) }).fit({
        ...panel,
        y: panel.y.with(11, -2),
      }),
    'E0011',
    /row 11 .*value -2\): MLP expects a count/,
  ],
  [
    'a horizon longer than the future table',
    async () => (await promoted()).predict(null, { future: after(4), horizon: 6 }),
    'E0004',
    /the future table lacks 2 of 6 rows \("1" at 44, "1" at 45\)/,
  ],
  [
    'a missing target',
    () => make().fit({ ...panel, y: [...panel.y.slice(0, -1), null] as number[] }),
    'E0011',
    /row 39: y is missing, expected a number; fill or drop the row/,
  ],
  [
    'an infinite target, also where targets may be missing',
    () => make({}, { missing: 'mask' }).fit({ ...panel, y: panel.y.with(2, -Infinity) }),
    'E0011',
    /row 2: y is -Infinity, expected a finite number/,
  ],
])('%s', async (_name, call, number, message) => {
  await expect((async () => call())()).rejects.toMatchObject({
    number,
    message: expect.stringMatching(message),
    help: `docs/errors.md#${number.toLowerCase()}`,
    details: expect.any(Object),
  });
});

test('a category that the fit did not see is forecast by the mean of all', async () => {
  const weekdays = steps.map((i) => ['mon', 'tue', 'wed'][i % 3] as string);
  const nf = make({ futrExog: ['day'], catExog: ['day'] });
  await nf.fit({ ...panel, day: weekdays });
  const forecast = async (day: string) => {
    const future = { ds: after(4).ds, day: [day, 'tue', 'wed', 'mon'] };
    return [...(await nf.predict(null, { future })).column('MLP')];
  };
  expect(await forecast('sun')).toEqual(await forecast('holiday'));
  expect(await forecast('sun')).not.toEqual(await forecast('mon'));
});
