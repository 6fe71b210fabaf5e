import { NeuralForecast } from '../../lib/index';
import { join } from 'node:path';
import { AIR, cli, folder, json, QUICK, read } from './cli-support';

const MLP = ['--model', 'mlp', '--hidden-size', '8', '--input-size', '12', ...QUICK];

const train = (output: string, ...flags: string[]) =>
  json('fit', AIR, ...MLP, '--output', output, ...flags);

const forecast = async (name: string) => {
  const nf = await NeuralForecast.load(join(folder, name));
  return [...(await nf.predict()).column('MLP')];
};

test('fit begins from saved weights, all or part of them, and freezes', async () => {
  expect(train('large.st', '--horizon', '6').status).toBe(0);
  const taken = ['--initial-weights', 'large.st'];
  expect(train('same.st', '--horizon', '6', ...taken, '--freeze', 'mlp.*,out.*').status).toBe(0);
  expect(await forecast('same.st')).toEqual(await forecast('large.st'));
  const part = ['--horizon', '3', '--take-weights', 'mlp.*', ...taken];
  expect(train('short.st', ...part).status).toBe(0);
  expect(await forecast('short.st')).toHaveLength(3);
});

test('says what does not fit', () => {
  expect(train('wide.st', '--horizon', '6').status).toBe(0);
  const run = (...flags: string[]) => cli('fit', AIR, ...MLP, '--output', 'x.st', ...flags);
  const other = run('--horizon', '3', '--initial-weights', 'wide.st');
  expect(other.status).toBe(1);
  expect(other.stderr).toContain('out.weight is [6, 8], expected [3, 8]');
  const alone = run('--horizon', '3', '--take-weights', 'mlp.*');
  expect(alone.stderr).toContain('--take-weights needs --initial-weights');
});

test('a teacher in a file teaches', async () => {
  expect(train('teacher.st', '--horizon', '3').status).toBe(0);
  expect(train('alone.st', '--horizon', '3', '--seed', '4').status).toBe(0);
  const taught = ['--horizon', '3', '--seed', '4', '--teacher', 'teacher.st'];
  expect(train('taught.st', ...taught).status).toBe(0);
  expect(
    train('more.st', ...taught, '--teacher-model', 'MLP', '--distill-weight', '1').status,
  ).toBe(0);
  const forecasts = await Promise.all(['alone.st', 'taught.st', 'more.st'].map(forecast));
  expect(new Set(forecasts.map(String)).size).toBe(3);

  const run = (...flags: string[]) => cli('fit', AIR, ...MLP, '--output', 'x.st', ...flags);
  const other = run('--horizon', '6', '--teacher', 'teacher.st');
  expect(other.status).toBe(1);
  expect(other.stderr).toContain('received the teacher MLP of horizon 3, expected one of 6');
  expect(run('--horizon', '3', '--distill-weight', '1').stderr).toContain('needs --teacher');
  expect(run('--horizon', '3', '--teacher-model', 'MLP').stderr).toContain('needs --teacher');
  const two = run(...taught, '--distill-weight', '0.1,0.2');
  expect(two.stderr).toContain('--distill-weight: received "0.1,0.2", expected one number');
});

test('--history writes losses by step, as CSV or drawn', () => {
  const { document } = train('told.st', '--horizon', '3', '--history', 'told.csv');
  expect(document.files).toEqual(['told.st', 'told.csv']);
  const lines = read('told.csv').trim().split('\n');
  expect(lines[0]).toBe('model,step,trainLoss,validLoss,learningRate');
  expect(lines).toHaveLength(1 + 5);
  const validated = ['--horizon', '3', '--val-size', '6', '--val-check-steps', '2'];
  expect(train('drawn.st', ...validated, '--history', 'told.svg').status).toBe(0);
  const svg = read('told.svg');
  for (const text of ['<svg', 'Training', 'MLP validation']) expect(svg).toContain(text);
  expect(svg.match(/<path[^>]*stroke-width="1.8"/g)?.length).toBeGreaterThanOrEqual(2);
  expect(train('page.st', ...validated, '--history', 'told.html').status).toBe(0);
  expect(read('told.html')).toContain('MLP validation');
});

test('--monitor-gradients says which explode, and writes norms', () => {
  const watched = ['--horizon', '3', '--scaler-type', 'identity', '--loss', 'mse'];
  const flags = [...watched, '--monitor-gradients', '--freeze', 'mlp.0.bias'];
  const { document } = train('watched.st', ...flags, '--history', 'watched.csv');
  const [model] = document.fit.models;
  expect(model).not.toHaveProperty('gradients');
  expect(model.gradientWarnings[0]).toMatchObject({ kind: 'exploding', firstStep: 1 });
  const header = read('watched.csv').split('\n')[0];
  expect(header).toContain('learningRate,gradientNorm,gradientNorm:mlp.0.weight,');
  expect(header).not.toContain('mlp.0.bias');
  const { stdout, stderr } = cli('fit', AIR, ...MLP, '--output', 'watched.st', ...flags);
  expect(stdout + stderr).toMatch(
    /the gradient of out\.weight is exploding at 5 steps from 1 to 5: norm \d/,
  );
  expect(train('plain.st', ...watched).document.fit.models[0]).not.toHaveProperty(
    'gradientWarnings',
  );
});
