import path from 'node:path';
import { NeuralForecast } from '../../lib/index';
import { Zone } from '../../lib/zones';
import { linear, temporaryFolder } from './support';

const folder = temporaryFolder();
const at = (text: string) => Date.parse(text);
const sizes = { horizon: 3, inputSize: 6 };

describe('Zone', () => {
  const berlin = new Zone('Europe/Berlin');

  test.each([
    ['2024-01-15T12:00Z', '2024-01-15T13:00Z'],
    ['2024-03-31T00:59Z', '2024-03-31T01:59Z'],
    ['2024-03-31T01:00Z', '2024-03-31T03:00Z'],
    ['2024-10-27T00:30Z', '2024-10-27T02:30Z'],
    ['2024-10-27T01:30Z', '2024-10-27T02:30Z'],
  ])('%s is %s on the wall', (instant, wall) => {
    expect(berlin.wallTime(at(instant))).toBe(at(wall));
  });

  test('every hour but the repeated one comes back', () => {
    for (const year of ['2024-03-30', '2024-10-26']) {
      for (let hour = 0; hour < 72; hour++) {
        const instant = at(`${year}T00:00Z`) + hour * 3_600_000;
        const back = berlin.instant(berlin.wallTime(instant));
        const isSecond = instant === at('2024-10-27T01:00Z');
        expect(back).toBe(isSecond ? instant - 3_600_000 : instant);
      }
    }
  });

  test('a time that the clocks skip', () => {
    expect(berlin.instant(at('2024-03-31T02:30Z'))).toBe(at('2024-03-31T01:30Z'));
  });

  test('half hours, and south of the equator', () => {
    expect(new Zone('Asia/Kolkata').offsetAt(0)).toBe(5.5 * 3_600_000);
    const sydney = new Zone('Australia/Sydney');
    expect(sydney.instant(at('2024-10-06T00:00Z'))).toBe(at('2024-10-05T14:00Z'));
    expect(sydney.instant(at('2024-10-07T00:00Z'))).toBe(at('2024-10-06T13:00Z'));
  });
});

/** Midnights in Berlin from 20 March 2024, across the change to summer time. */
const days = 14;
const y = Array.from({ length: days }, (_, i) => i % 7);
const march = Array.from({ length: days }, (_, i) => {
  const day = new Date(Date.UTC(2024, 2, 18 + i)).toISOString().slice(0, 10);
  return { day, offset: i <= 13 ? '+01:00' : '+02:00' };
});

async function forecastStamps(ds: readonly unknown[], options = {}) {
  const nf = new NeuralForecast({
    ...sizes,
    models: [linear()],
    timeZone: 'Europe/Berlin',
    ...options,
  });
  const { frequency } = await nf.fit({ ds, y });
  return { nf, frequency, next: [...((await nf.predict()).ds as unknown[])] };
}

describe('days across the change to summer time', () => {
  test('stamps with offsets', async () => {
    // 18 to 31 March; the clocks change in the morning of the 31st.
    const { frequency, next } = await forecastStamps(
      march.map(({ day, offset }) => `${day}T00:00:00${offset}`),
    );
    expect(frequency).toBe('D');
    expect(next).toEqual([
      '2024-04-01T00:00:00+02:00',
      '2024-04-02T00:00:00+02:00',
      '2024-04-03T00:00:00+02:00',
    ]);
  });

  test('Dates', async () => {
    const dates = march.map(({ day, offset }) => new Date(`${day}T00:00:00${offset}`));
    const { next } = await forecastStamps(dates, { frequency: 'D' });
    expect(next[0]).toEqual(new Date('2024-03-31T22:00:00Z'));
  });

  test('stamps without offsets are what the clocks show', async () => {
    const { next } = await forecastStamps(march.map(({ day }) => `${day} 00:00`));
    expect(next).toEqual(['2024-04-01 00:00', '2024-04-02 00:00', '2024-04-03 00:00']);
  });

  test('without a zone the same stamps are no days', async () => {
    const dates = Array.from(
      { length: 16 },
      (_, i) => new Date(new Zone('Europe/Berlin').instant(Date.UTC(2024, 2, 20 + i))),
    );
    const nf = new NeuralForecast({ ...sizes, models: [linear()], frequency: 'D' });
    const fit = nf.fit({ ds: dates, y: dates.map((_, i) => i % 7) });
    await expect(fit).rejects.toMatchObject({ number: 'E0011' });
  });
});

test('hours are elapsed time, written with the offset of their day', async () => {
  const hours = Array.from(
    { length: days },
    (_, i) => new Date(at('2024-03-30T11:00Z') + i * 3_600_000),
  );
  const text = hours.map(
    (t) => `${new Date(t.getTime() + 3_600_000).toISOString().slice(0, 16)}+01:00`,
  );
  const { frequency, next } = await forecastStamps(text);
  expect(frequency).toBe('h');
  expect(next).toEqual([
    '2024-03-31T03:00+02:00',
    '2024-03-31T04:00+02:00',
    '2024-03-31T05:00+02:00',
  ]);
});

test('a saved object keeps its zone', async () => {
  const { nf, next } = await forecastStamps(
    march.map(({ day, offset }) => `${day}T00:00:00${offset}`),
  );
  const file = path.join(folder, 'zoned.safetensors');
  await nf.save(file);
  const loaded = await NeuralForecast.load(file);
  expect(loaded.info().timeZone).toBe('Europe/Berlin');
  expect([...((await loaded.predict()).ds as unknown[])]).toEqual(next);
});

test('an unknown zone is E0010', () => {
  const construct = () =>
    new NeuralForecast({ ...sizes, models: [linear()], timeZone: 'Europe/Berln' });
  expect(construct).toThrow(expect.objectContaining({ number: 'E0010' }));
});
