import path from 'node:path';
import { NeuralForecast } from '../../lib/index';
import type { ModelDescription } from '../../types/index';
import { forecastOf, monthly, sizes, temporaryFolder, tiny } from './support';

const folder = temporaryFolder();
const file = (name: string) => path.join(folder, name);
const panel = monthly(60);
const make = (models: ModelDescription[] = [tiny()], options = {}) =>
  new NeuralForecast({ ...sizes, models, ...options });
/** Takes over weights without a step of its own. */
const still = (options = {}) => tiny({ maxSteps: 0, randomSeed: 9, ...options });

let pretrained: NeuralForecast;
beforeAll(async () => {
  pretrained = make();
  await pretrained.fit(panel);
  await pretrained.save(file('pretrained'));
});

test('a fit begins from the weights of a file or of an object', async () => {
  const expected = await forecastOf(pretrained);
  expect(await forecastOf(await fitted(still()))).not.toEqual(expected);
  for (const initialWeights of [file('pretrained'), pretrained, { from: pretrained }]) {
    const nf = make([still()]);
    await nf.fit(panel, { initialWeights });
    expect(await forecastOf(nf)).toEqual(expected);
  }
});

async function fitted(model: ModelDescription, options = {}) {
  const nf = make([model]);
  await nf.fit(panel, options);
  return nf;
}

test('weights are those of the moment of the call, and an object can give its own', async () => {
  const nf = pretrained.clone();
  const target = make([still()]);
  const taking = target.fit(panel, { initialWeights: nf });
  const training = nf.fit(panel);
  await Promise.all([taking, training]);
  expect(await forecastOf(target)).toEqual(await forecastOf(pretrained));
  const again = pretrained.clone();
  await again.fit(panel, { initialWeights: again, freeze: '*' });
  expect(await forecastOf(again)).toEqual(await forecastOf(pretrained));
});

test('frozen weights stay, the others learn', async () => {
  const initialWeights = pretrained;
  const expected = await forecastOf(pretrained);
  const frozen = await fitted(tiny({ maxSteps: 20 }), { initialWeights, freeze: ['*'] });
  expect(await forecastOf(frozen)).toEqual(expected);
  const tuned = await fitted(tiny({ maxSteps: 20 }), { initialWeights, freeze: ['mlp.*'] });
  expect(await forecastOf(tuned)).not.toEqual(expected);
  expect(await forecastOf(tuned)).not.toEqual(
    await forecastOf(await fitted(tiny({ maxSteps: 20 }), { initialWeights })),
  );
});

test('part of the weights goes to a model of another horizon', async () => {
  const nf = make([tiny()], { horizon: 6 });
  await expect(nf.fit(panel, { initialWeights: pretrained })).rejects.toMatchObject({
    code: 'ERR_ND_CONFIG',
    message: expect.stringContaining('out.weight is [4, 8], expected [6, 8]'),
  });
  const weights = Object.keys(nf.info().models[0]!.weights).filter((name) => !/^out/.test(name));
  expect(weights).toContain('mlp.0.weight');
  await nf.fit(panel, { initialWeights: { from: file('pretrained'), weights } });
  expect((await forecastOf(nf)).MLP).toHaveLength(6);
});

test('info says the names and shapes of weights', () => {
  expect(make().info().models[0]?.weights).toMatchObject({
    'mlp.0.weight': [8, 8],
    'out.bias': [4],
  });
});

test.each([
  [{ initialWeights: 5 }, 'initialWeights = 5, expected the path of a saved file'],
  [{ initialWeights: null }, 'initialWeights = null'],
  [{ initialWeights: '' }, 'path = ""'],
  [{ initialWeights: new Map() }, 'initialWeights = a Map, expected the path'],
  [{ initialWeights: {} }, 'initialWeights = undefined'],
  [{ initialWeights: { from: 'x', weight: '*' } }, 'did you mean "weights"?'],
  [{ initialWeights: { from: 'x', weights: [] } }, 'weights = an array of 0'],
  [{ freeze: 3 }, 'freeze = 3, expected patterns of names'],
  [{ freeze: ['mlp.*', ''] }, 'freeze = an array of 2'],
  [{ freeze: 'mpl.0.weight' }, 'did you mean "mlp.0.weight"?'],
])('refuses %j', async (options, message) => {
  await expect(make().fit(panel, options as object)).rejects.toMatchObject({
    code: 'ERR_ND_CONFIG',
    message: expect.stringContaining(message),
  });
});

test('a source that is not fitted, or was disposed, is refused', async () => {
  await expect(make().fit(panel, { initialWeights: make() })).rejects.toMatchObject({
    code: 'ERR_ND_NOT_FITTED',
  });
  const gone = pretrained.clone();
  await gone.dispose();
  await expect(make().fit(panel, { initialWeights: gone })).rejects.toMatchObject({
    code: 'ERR_ND_BUSY',
  });
});
