import { AdaptiveIntervals, NeuralForecast } from '../../lib/index';
import type { AdaptiveOptions, AdaptiveState } from '../../types/index';
import { linear, monthly, sizes } from './support';

const panel = monthly(90);

async function calibrated() {
  const nf = new NeuralForecast({ ...sizes, models: [linear()] });
  await nf.fit(panel, { intervals: { method: 'adaptive', windows: 20 } });
  return nf;
}

/** Numbers in [0, 1) that look random and are always the same. */
const noise = (t: number) => (Math.sin(t * 12.9898) * 43758.5453) % 1;

test('bounds begin at the errors of the calibration', async () => {
  const nf = await calibrated();
  const table = await nf.predict(null, { levels: [80, 95] });
  const intervals = nf.adaptiveIntervals();
  expect([intervals.horizon, intervals.levels]).toEqual([4, [80, 95]]);
  const bounds = intervals.forecast('1', table.column('NLinear'));
  for (const { level, lo, hi } of bounds) {
    expect([...lo]).toEqual([...table.column(`NLinear-lo-${level}`)]);
    expect([...hi]).toEqual([...table.column(`NLinear-hi-${level}`)]);
  }
});

test('coverage holds while errors grow, without any calibration', () => {
  const intervals = new AdaptiveIntervals({ horizon: 1, levels: 90 });
  let covered = 0;
  for (let t = 0; t < 4000; t++) {
    const { lo, hi } = intervals.forecast('a', [0])[0]!;
    const value = noise(t) * (t < 2000 ? 1 : 8);
    if (lo[0]! <= value && value <= hi[0]!) covered += 1;
    intervals.update('a', value);
  }
  expect(covered / 4000).toBeGreaterThan(0.88);
  expect(covered / 4000).toBeLessThan(0.92);
});

test('a state goes on where it was, waiting forecasts included', () => {
  const first = new AdaptiveIntervals({ horizon: 3, levels: [50, 80], rate: 0.2 });
  for (let t = 0; t < 20; t++) {
    first.forecast('ä', [1, 2, 3]);
    first.update('ä', t % 7 === 3 ? null : noise(t));
  }
  first.forecast('ä', [1, 2, 3]);
  const second = AdaptiveIntervals.fromJSON(JSON.parse(JSON.stringify(first)));
  for (const one of [first, second]) one.update('ä', 9);
  expect(second.forecast('ä', [0, 0, 0])).toEqual(first.forecast('ä', [0, 0, 0]));
  expect(second.toJSON()).toEqual(first.toJSON());
});

test('what does not fit is refused', async () => {
  const fails = (call: () => unknown, number: string, message: RegExp) => {
    try {
      call();
    } catch (error) {
      expect(error).toMatchObject({ number, message: expect.stringMatching(message) });
      return;
    }
    throw new Error('accepted');
  };
  fails(() => new AdaptiveIntervals({} as AdaptiveOptions), 'E0010', /received horizon/);
  fails(() => new AdaptiveIntervals({ horizon: 2, levels: 0 }), 'E0010', /received levels/);
  fails(() => new AdaptiveIntervals({ horizon: 2, rate: 0 }), 'E0010', /received rate = 0/);
  const intervals = new AdaptiveIntervals({ horizon: 2 });
  fails(() => intervals.forecast('a', [1, 2, 3]), 'E0002', /received 3 steps, expected 1 to 2/);
  fails(() => intervals.forecast('a', []), 'E0002', /received 0 steps/);
  fails(() => intervals.forecast('a', [Number.NaN]), 'E0011', /step 0 of series "a"/);
  fails(() => intervals.forecast('', [1]), 'E0010', /received series = ""/);
  fails(() => intervals.update('a', '1' as unknown as number), 'E0011', /received "1"/);
  fails(() => AdaptiveIntervals.fromJSON([] as unknown as AdaptiveState), 'E0010', /state/);
  fails(
    () => AdaptiveIntervals.fromJSON({ ...intervals.toJSON(), horizon: 0 }),
    'E0006',
    /expected one that toJSON\(\) gave/,
  );
  const nf = new NeuralForecast({ ...sizes, models: [linear()] });
  fails(() => nf.adaptiveIntervals(), 'E0001', /not fitted/);
  fails(() => nf.adaptiveIntervals('NLiner'), 'E0010', /did you mean "NLinear"/);
});
