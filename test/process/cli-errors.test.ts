import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AIR, CLI, cli, file, folder, json } from './cli-support';

test.each<[string, string[], number, RegExp]>([
  ['an unknown flag', ['forecast', AIR, '--horizn', '3'], 2, /--horizn.*Did you mean --horizon\?/s],
  ['an unknown command', ['forcast', AIR], 2, /Did you mean forecast\?/],
  [
    'an unknown model',
    ['forecast', AIR, '--horizon', '3', '--model', 'nhit'],
    2,
    /did you mean "nhits"\?/,
  ],
  ['a model that does not exist', ['models', 'nhit'], 2, /did you mean "nhits"\?/],
  ['no horizon', ['forecast', AIR], 2, /--horizon is missing/],
  ['no output', ['fit', AIR, '--horizon', '3'], 2, /--output/],
  [
    'a number that is none',
    ['forecast', AIR, '--horizon', 'soon'],
    2,
    /--horizon: received "soon"/,
  ],
  [
    'an option of another model',
    ['forecast', AIR, '--horizon', '3', '--model', 'mlp', '--n-harmonics', '3'],
    2,
    /--n-harmonics is an option of NBEATS/,
  ],
  [
    'a value out of range',
    ['forecast', AIR, '--horizon', '3', '--max-steps', '-5'],
    1,
    /^error E0010: .*maxSteps = -5/,
  ],
  ['no such file', ['forecast', 'none.csv', '--horizon', '3'], 1, /^error E0006: .*none\.csv/],
  ['a file that is no model', ['predict', AIR], 1, /^error E0006: /],
  ['more held out than there is', ['forecast', AIR, '--holdout', '200'], 1, /^error E0003: /],
])('%s', (_, args, status, message) => {
  const found = cli(...args);
  expect(found.stdout).toBe('');
  expect(found.stderr).toMatch(message);
  expect(found.stderr).not.toMatch(/^\s+at /m);
  expect(found.status).toBe(status);
});

test('a bad cell names file, line, column and value', () => {
  const data = file('bad.csv', 'unique_id,ds,y\na,2020-01-01,1\na,2020-01-02,oops\n');
  const { status, stderr } = cli('forecast', data, '--horizon', '1');
  expect(status).toBe(1);
  expect(stderr).toBe(
    'error E0011: [readCsv] bad.csv, line 3: column "y": received "oops", expected a number\n' +
      'see docs/errors.md#e0011\n',
  );
  const { document } = json('forecast', data, '--horizon', '1');
  expect(document.error).toMatchObject({
    code: 'ERR_ND_DATA',
    number: 'E0011',
    details: { line: 3, column: 'y' },
    help: 'docs/errors.md#e0011',
  });
});

test('with --json a wrong command line is a document too', () => {
  const { status, document } = json('forecast', AIR, '--horizn', '3');
  expect(status).toBe(2);
  expect(document.error).toMatchObject({ code: 'ERR_ND_CONFIG', number: 'E0010' });
});

test('help and version are no errors', () => {
  expect(cli('--version')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  });
  expect(cli('forecast', '--help').stdout).toContain('--n-pool-kernel-size');
  expect(cli().status).toBe(0);
});

test('an interrupt stops a fit and leaves no file', async () => {
  // Says when the command listens to the signal; before that it would kill the process.
  const hook = file(
    'hook.cjs',
    "process.on('newListener', (name) => name === 'SIGINT' && process.stderr.write('ready\\n'));",
  );
  const fit = ['fit', AIR, '--horizon', '12', '--max-steps', '1000000', '--output', 'never.st'];
  const child = spawn(process.execPath, ['-r', `./${hook}`, CLI, ...fit], { cwd: folder });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    if (stderr === '') setTimeout(() => child.kill('SIGINT'), 1000);
    stderr += chunk;
  });
  const code = await new Promise<number | null>((done) => {
    child.on('close', (status) => done(status));
  });
  expect(stderr).toMatch(/^ready\ninterrupted/);
  expect(code).toBe(130);
  expect(existsSync(join(folder, 'never.st'))).toBe(false);
});
