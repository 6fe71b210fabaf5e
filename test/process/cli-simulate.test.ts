import { AIR, cli, json, QUICK, read } from './cli-support';

const model = [
  '--model',
  'nlinear',
  '--loss',
  'mqloss',
  '--horizon',
  '3',
  '--input-size',
  '24',
  ...QUICK,
];

beforeAll(() => {
  expect(cli('fit', AIR, ...model, '--output', 'paths.safetensors').status).toBe(0);
});

test('draws paths as CSV, with a seed the same ones again', () => {
  const own = cli('simulate', 'paths.safetensors', '--paths', '4');
  expect(own.status).toBe(0);
  const lines = own.stdout.trimEnd().split('\n');
  expect(lines[0]).toBe('unique_id,ds,path,NLinear');
  expect(lines.length).toBe(1 + 4 * 3);
  expect(lines.slice(1).map((line) => line.split(',')[2])).toEqual(
    ['0', '1', '2', '3'].flatMap((path) => [path, path, path]),
  );
  expect(cli('simulate', 'paths.safetensors', '--paths', '4', '--seed', '1').stdout).toBe(
    own.stdout,
  );
  const other = cli('simulate', 'paths.safetensors', '--paths', '4', '--seed', '2');
  expect(other.stdout).not.toBe(own.stdout);
});

test('another panel, method and horizon; a file or one document', () => {
  const asked = ['--paths', '2', '--method', 'schaakeShuffle', '--horizon', '5'];
  const written = cli('simulate', 'paths.safetensors', AIR, ...asked, '--output', 'paths.csv');
  expect(written).toMatchObject({ status: 0, stdout: 'wrote paths.csv\n' });
  const { document } = json('simulate', 'paths.safetensors', AIR, ...asked);
  expect(document).toMatchObject({ command: 'simulate', files: [] });
  expect(document.paths.length).toBe(2 * 5);
  expect(Object.keys(document.paths[0])).toEqual(['unique_id', 'ds', 'path', 'NLinear']);
  const [first] = read('paths.csv').split('\n').slice(1);
  expect(Number(first!.split(',')[3])).toBe(document.paths[0].NLinear);
});

test('what is wrong is said', () => {
  const method = cli('simulate', 'paths.safetensors', '--method', 'copula');
  expect(method.status).toBe(2);
  expect(method.stderr).toContain('schaakeShuffle');
  expect(cli('simulate', 'paths.safetensors', '--paths', '0').status).toBe(2);
  const many = cli('simulate', 'paths.safetensors', '--paths', '1e9');
  expect(many.status).toBe(1);
  expect(many.stderr).toMatch(/^error E0010: \[simulate\] received paths/);
});
