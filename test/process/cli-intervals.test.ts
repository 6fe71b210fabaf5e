import { AIR, cli, json, QUICK, read } from './cli-support';

const model = ['--model', 'nlinear', '--horizon', '6', '--input-size', '24', ...QUICK];

test('fit calibrates, predict and cv ask', () => {
  const calibrated = ['--intervals', 'error', '--interval-windows', '9'];
  expect(cli('fit', AIR, ...model, ...calibrated, '--output', 'air.safetensors').status).toBe(0);
  const { document } = json('predict', 'air.safetensors', '--levels', '80,90');
  expect(Object.keys(document.forecast[0])).toEqual([
    ...['unique_id', 'ds', 'NLinear'],
    ...['NLinear-lo-90', 'NLinear-lo-80', 'NLinear-hi-80', 'NLinear-hi-90'],
  ]);
  const judged = json('cv', 'air.safetensors', AIR, '--windows', '2', '--levels', '80');
  expect(judged.document.scores[0]['coverage-80']).toEqual(expect.any(Number));
  const trained = json('cv', AIR, ...model, ...calibrated, '--windows', '12', '--levels', '80');
  expect(trained.document.scores[0].model).toBe('NLinear');
  expect(trained.document.scores[0]['coverage-80']).toBeGreaterThan(30);
});

test('forecast takes them, and levels are then no option of a loss', () => {
  const flags = ['--intervals', 'distribution', '--interval-pooled', '--interval-windows', '20'];
  const run = ['forecast', AIR, ...model, ...flags, '--levels', '80', '--no-plot'];
  expect(cli(...run, '--output', 'next.csv').status).toBe(0);
  expect(read('next.csv').split('\n')[0]).toBe('unique_id,ds,NLinear,NLinear-lo-80,NLinear-hi-80');
});

test('a companion alone is a mistake', () => {
  const { status, stderr } = cli('fit', AIR, ...model, '--interval-windows', '9', '--output', 'x');
  expect(status).toBe(2);
  expect(stderr).toContain('--intervals is missing');
});
