// Static columns are scaled over the series of a fit: statistics, other panels, predictors, folds, files.

import path from 'node:path';
import { readSafetensors } from '../../lib/checkpoint/safetensors';
import fs from 'node:fs';
import { NeuralForecast, nhits } from '../../lib/index';
import { monthly, temporaryFolder } from './support';

const folder = temporaryFolder();
const names = ['a', 'b', 'c', 'd', 'e'];
const AREA = [1, 2.5, 7, 3, 12];
const rows = 24;
const panel = {
  unique_id: names.flatMap((name) => Array.from({ length: rows }, () => name)),
  ds: names.flatMap(() => monthly(rows).ds),
  y: names.flatMap((_, s) => monthly(rows).y.map((value) => value + 5 * s)),
};
const statics = { unique_id: names, area: AREA, kind: [3, 3, 7, 7, 3] };

const make = (options: object = {}) =>
  new NeuralForecast({
    horizon: 3,
    inputSize: 6,
    models: [
      nhits({
        mlpUnits: [[4, 4]],
        stackTypes: ['identity'],
        nBlocks: [1],
        nPoolKernelSize: [1],
        nFreqDownsample: [1],
        maxSteps: 3,
        windowsBatchSize: 8,
        statExog: ['area', 'kind'],
        catExog: ['kind'],
      }),
    ],
    ...options,
  } as never);

async function fitted(options: object, area: readonly number[] = AREA) {
  const nf = make(options);
  await nf.fit(panel, { statics: { ...statics, area } });
  return nf;
}

const forecast = async (nf: NeuralForecast, ...call: unknown[]) => [
  ...(await nf.predict(...(call as []))).column('NHITS'),
];

// What coreforecast makes of the five values.
test.each([
  ['standard', 5.1, 3.979949712753296],
  ['robust', 3, 2],
  ['robust-iqr', 3, 4.5],
  ['minmax', 1, 11],
] as const)('the statistics of %s are those of the reference', async (scaler, shift, scale) => {
  const nf = await fitted({ localStaticScaler: scaler });
  expect(nf.info().localStaticScaler).toBe(scaler);
  const file = path.join(folder, `${scaler}.safetensors`);
  await nf.save(file);
  const { tensors, metadata } = readSafetensors(fs.readFileSync(file), file);
  expect(JSON.parse(metadata.get('data')!).scaledStatics).toEqual(['area']);
  expect(tensors.get('data/static_shift')!.numbers(file)[0]).toBeCloseTo(shift, 6);
  expect(tensors.get('data/static_scale')!.numbers(file)[0]).toBeCloseTo(scale, 6);
  // What the network sees are the scaled values, and nothing else is.
  const scaled = AREA.map((value) => (value - shift) / scale);
  const plain = await forecast(await fitted({}, scaled));
  for (const [i, value] of (await forecast(nf)).entries()) expect(value).toBeCloseTo(plain[i]!, 3);
  const loaded = await NeuralForecast.load(file);
  expect(await forecast(loaded)).toEqual(await forecast(nf));
  expect(await forecast(nf.clone())).toEqual(await forecast(nf));
});

test("boxcox finds the reference's exponent with compat, and needs positive values", async () => {
  const nf = await fitted({ localStaticScaler: 'boxcox', compat: 'neuralforecast' });
  const file = path.join(folder, 'boxcox.safetensors');
  await nf.save(file);
  const { tensors } = readSafetensors(fs.readFileSync(file), file);
  const [exponent] = tensors.get('data/static_shift')!.numbers(file);
  expect(Math.abs(exponent! - 0.04545951634645462)).toBeLessThan(0.03);
  const other = { ...statics, area: [1, 2, 0, 4, 5] };
  await expect(
    make({ localStaticScaler: 'boxcox' }).fit(panel, { statics: other }),
  ).rejects.toMatchObject({
    number: 'E0011',
    message: expect.stringContaining(
      '[localStaticScaler] static column "area": received the value 0',
    ),
  });
});

test('other series have the scale of the fit, with compat one of their own', async () => {
  const ends = panel.unique_id.flatMap((name, row) => (name === 'c' ? [row] : []));
  const single = {
    unique_id: ends.map(() => 'new'),
    ds: ends.map((row) => panel.ds[row]!),
    y: ends.map((row) => panel.y[row]!),
  };
  const call = { statics: { unique_id: ['new'], area: [7], kind: [7] } };
  const nf = await fitted({ localStaticScaler: 'standard' });
  const all = await forecast(nf);
  expect(await forecast(nf, single, call)).toEqual(all.slice(6, 9));
  const compat = await fitted({ localStaticScaler: 'standard', compat: 'neuralforecast' });
  const own = (await forecast(compat)).slice(6, 9);
  expect(await forecast(compat, single, { ...call, refitSeriesScaler: false })).toEqual(own);
  expect(await forecast(compat, single, call)).not.toEqual(own);
  // A predictor knows no panel: the scale of the fit.
  const predictor = await nf.predictor();
  const received = predictor.predictSync({
    windows: single.y.slice(-6),
    statics: { area: [7], kind: [7] },
  } as never);
  for (const [i, value] of all.slice(6, 9).entries()) expect(received[i]).toBeCloseTo(value, 3);
});

test('folds scale by the series that they learn from', async () => {
  const options = { folds: 5 } as const;
  const run = async (made: object) => {
    const table = await make(made).crossValidation(panel, { ...options, statics } as never);
    return [...table.column('NHITS')];
  };
  const scaled = await run({ localStaticScaler: 'standard' });
  expect(scaled).not.toEqual(await run({}));
  expect(scaled.every(Number.isFinite)).toBe(true);
});

test('an unknown name is refused with the closest one', () => {
  expect(() => make({ localStaticScaler: 'standart' })).toThrow(
    /\[localStaticScaler\] received "standart".*did you mean "standard"/,
  );
});
