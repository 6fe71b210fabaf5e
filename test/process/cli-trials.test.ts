import { AIR, cli, json, QUICK, read } from './cli-support';

const MLP = ['--model', 'mlp', '--hidden-size', '32', '--horizon', '6', '--input-size', '24'];
const BOTH = ['--model', 'mlp,nlinear', ...MLP.slice(2), ...QUICK];

test('find-learning-rate tries every model and writes the curves', () => {
  const { status, document } = json(
    ...['find-learning-rate', AIR, ...BOTH, '--from', '1e-5', '--steps', '40'],
    ...['--output', 'curve.csv'],
  );
  expect(status).toBe(0);
  expect(document).toMatchObject({
    command: 'find-learning-rate',
    rows: 144,
    files: ['curve.csv'],
    results: [{ model: 'MLP' }, { model: 'NLinear' }],
  });
  const [curve] = document.results;
  expect(curve.rates[0]).toBe(1e-5);
  expect(curve.rates).toContain(curve.suggestion);
  const lines = read('curve.csv').trim().split('\n');
  expect(lines[0]).toBe('model,rate,loss,smoothed');
  const steps = document.results.map(({ rates }: { rates: number[] }) => rates.length);
  expect(lines).toHaveLength(1 + steps[0] + steps[1]);
  expect(lines[1]).toBe(`MLP,${curve.rates[0]},${curve.losses[0]},${curve.smoothed[0]}`);
});

test('find-learning-rate says the rate', () => {
  const { status, stdout, stderr } = cli('find-learning-rate', AIR, ...MLP, ...QUICK);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^model +learning rate +first loss +lowest loss +steps +ended\n/);
  expect(stdout).toMatch(/^MLP +[\d.e-]+ +[\d.]+ +[\d.]+ +\d+ +(?:at the last|diverging at)/m);
});

test('find-batch-size measures and suggests', () => {
  const sizes = ['--from', '4', '--to', '16', '--steps', '2'];
  const { status, document } = json(
    ...['find-batch-size', AIR, ...MLP, ...QUICK, ...sizes, '--output', 'sizes.csv'],
  );
  expect(status).toBe(0);
  const [{ model, suggestion, measurements }] = document.results;
  expect(model).toBe('MLP');
  expect(measurements.map(({ size }: { size: number }) => size)).toEqual([4, 8, 16]);
  expect(read('sizes.csv')).toMatch(
    /^model,size,windowsPerSecond,msPerStep,memoryBytes\nMLP,4,[\d.]+,[\d.]+,\d+\nMLP,8,/,
  );
  expect([4, 8, 16]).toContain(suggestion);
  const { stdout } = cli('find-batch-size', AIR, ...MLP, ...QUICK, ...sizes);
  expect(stdout.match(/suggested/g)).toHaveLength(1);
  expect(stdout).toMatch(/^MLP +16 +\d+ +[\d.e-]+ +[\d.]+ kB/m);
});

test('check-one-batch passes, and ends with 1 where a model cannot learn', () => {
  const learns = ['--scaler-type', 'robust', '--learning-rate', '0.003', '--windows', '4'];
  const passed = json('check-one-batch', AIR, ...MLP, ...learns, '--output', 'losses.csv');
  expect(passed.status).toBe(0);
  const [result] = passed.document.results;
  expect(result).toMatchObject({ model: 'MLP', passed: true });
  expect(read('losses.csv').trim().split('\n')).toHaveLength(1 + result.losses.length);
  expect(read('losses.csv')).toMatch(/^model,step,loss\nMLP,0,[\d.]+\nMLP,1,/);

  const hopeless = [...MLP, '--learning-rate', '1e-9', '--steps', '5'];
  const { status, stdout, stderr } = cli('check-one-batch', AIR, ...hopeless);
  expect([status, stderr]).toEqual([1, '']);
  expect(stdout).toMatch(/^MLP +failed +[\d.]+ +[\d.]+ +5$/m);
  const failed = json('check-one-batch', AIR, ...hopeless);
  expect([failed.status, failed.document.results[0].passed]).toEqual([1, false]);
});

test('cv begins every fit from saved weights', () => {
  const data = ['--horizon', '6', '--windows', '2', '--refit'];
  const model = ['--model', 'mlp', '--hidden-size', '8', '--input-size', '24', ...QUICK];
  cli('fit', AIR, ...model, '--horizon', '6', '--output', 'large.st');
  const cv = (...flags: string[]) =>
    json('cv', AIR, ...model, ...data, ...flags).document.scores[0];
  const taken = ['--initial-weights', 'large.st'];
  const frozen = cv(...taken, '--freeze', '*');
  // What stays as it is forecasts as the saved model does.
  expect(json('cv', 'large.st', AIR, '--windows', '2').document.scores[0]).toEqual(frozen);
  expect(cv(...taken)).not.toEqual(frozen);
  expect(cv(...taken, '--take-weights', 'out.*')).not.toEqual(cv(...taken));
  expect(cli('cv', 'large.st', AIR, ...taken).stderr).toMatch(
    /^usage: --initial-weights: .*as it is/,
  );
});

test.each([
  [['find-learning-rate', AIR], /^usage: --horizon is missing/],
  [['find-learning-rate', AIR, ...MLP, '--from', 'low'], /^usage: --from: received "low"/],
  [['find-batch-size', AIR, ...MLP, '--to', '1.5'], /^usage: --to: received "1.5"/],
  [['find-batch-size', AIR, ...MLP, '--val-size', '6'], /^usage: unknown option '--val-size'/],
  [['check-one-batch', AIR, ...MLP, '--tolerance', ''], /^usage: --tolerance: received ""/],
])('refuses %j', (args, message) => {
  expect(cli(...args)).toEqual({ status: 2, stdout: '', stderr: expect.stringMatching(message) });
});

test('what the library refuses is its error', () => {
  const { status, stderr } = cli('find-learning-rate', AIR, ...MLP, '--from', '2', '--to', '1');
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^error E0010: \[findLearningRate\] received to = 1, expected a rate above/,
  );
});
