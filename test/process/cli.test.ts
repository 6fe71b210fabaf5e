import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const CLI = resolve(__dirname, '../../dist/cli.js');
const AIR = resolve(__dirname, '../../examples/data/air-passengers.csv');
const QUICK = [
  '--max-steps',
  '5',
  '--windows-batch-size',
  '8',
  '--scaler-type',
  'robust',
  '--threads',
  '1',
];

const folder = mkdtempSync(join(tmpdir(), 'nd-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cli = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};
/** Runs with `--json` and gives back the one document of stdout. */
const json = (...args: string[]) => {
  const { status, stdout, stderr } = cli(...args, '--json');
  expect(stderr).toBe('');
  return { status, document: JSON.parse(stdout) };
};
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content);
  return name;
};
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

describe('forecast', () => {
  test('fits, predicts, scores and plots in one go', () => {
    const { status, stdout, stderr } = cli(
      'forecast',
      AIR,
      '--model',
      'nhits,nbeats',
      '--holdout',
      '12',
      '--input-size',
      '24',
      ...QUICK,
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/unique_id +ds +NHITS +NBEATS\n/);
    expect(stdout).toMatch(/AirPassengers +1960-12-01 /);
    // Known for this split.
    expect(stdout).toMatch(/SeasonalNaive +47\.833 +10\.572\n/);
    expect(stdout).toContain('wrote air-passengers-forecast.html');
    expect(read('air-passengers-forecast.html')).toContain('</html>');
  });

  test('--json prints one document', () => {
    const { status, document } = json(
      'forecast',
      AIR,
      '--horizon',
      '6',
      '--holdout',
      '6',
      '--model',
      'mlp',
      '--hidden-size',
      '16',
      '--plot',
      'p.svg',
      '--output',
      'f.csv',
      ...QUICK,
    );
    expect(status).toBe(0);
    expect(document).toMatchObject({
      command: 'forecast',
      fit: {
        series: 1,
        rows: 138,
        frequency: 'MS',
        horizon: 6,
        models: [{ alias: 'MLP', steps: 5 }],
      },
      files: ['f.csv', 'p.svg'],
    });
    expect(document.forecast).toHaveLength(6);
    expect(document.forecast[0]).toMatchObject({ unique_id: 'AirPassengers', ds: '1960-07-01' });
    expect(document.scores.map(({ model }: { model: string }) => model)).toEqual([
      'MLP',
      'SeasonalNaive',
    ]);
    expect(read('p.svg')).toMatch(/^<svg/);
    expect(read('f.csv').split('\n')[0]).toBe('unique_id,ds,MLP');
  });

  test('writes no plot when told so', () => {
    const { document } = json(
      'forecast',
      AIR,
      '--horizon',
      '3',
      '--no-plot',
      '--model',
      'nlinear',
      ...QUICK,
    );
    expect(document.files).toEqual([]);
  });

  test('levels alone mean the loss that understands them', () => {
    const { document } = json(
      'forecast',
      AIR,
      '--horizon',
      '3',
      '--no-plot',
      '--model',
      'nlinear',
      '--levels',
      '80,95',
      ...QUICK,
    );
    expect(Object.keys(document.forecast[0])).toEqual([
      'unique_id',
      'ds',
      'NLinear-median',
      'NLinear-lo-95',
      'NLinear-lo-80',
      'NLinear-hi-80',
      'NLinear-hi-95',
    ]);
  });

  test('the same seed gives the same forecast, another one does not', () => {
    const run = (seed: string, flag = '--seed') =>
      json(
        'forecast',
        AIR,
        '--horizon',
        '3',
        '--no-plot',
        '--model',
        'mlp',
        '--hidden-size',
        '8',
        flag,
        seed,
        ...QUICK,
      ).document.forecast;
    expect(run('7')).toEqual(run('7', '--random-seed'));
    expect(run('7')).not.toEqual(run('8'));
  });

  test('options of every kind reach the model', () => {
    const flags = [
      '--mlp-units',
      '8,8;8,8;8,8',
      '--n-pool-kernel-size',
      '4,2,1',
      '--stack-types',
      'identity,identity,identity',
      '--pooling-mode',
      'AvgPool1d',
      '--loss',
      'huber',
      '--delta',
      '0.5',
      '--start-padding-enabled',
      '--no-exclude-insample-y',
      '--gradient-clip-norm',
      'null',
      '--alias',
      'small',
    ];
    const { status, document } = json(
      'forecast',
      AIR,
      '--horizon',
      '4',
      '--no-plot',
      ...flags,
      ...QUICK,
    );
    expect(status).toBe(0);
    expect(Object.keys(document.forecast[0])).toEqual(['unique_id', 'ds', 'small']);
  });
});

describe('fit and predict', () => {
  test('a saved model forecasts its own series, and others', () => {
    const { status, stdout } = cli(
      'fit',
      AIR,
      '--model',
      'dlinear',
      '--horizon',
      '12',
      '--input-size',
      '36',
      '--seed',
      '1',
      '--output',
      'air.safetensors',
      ...QUICK,
    );
    expect(status).toBe(0);
    expect(stdout).toContain('wrote air.safetensors');

    const own = cli('predict', 'air.safetensors');
    expect(own.status).toBe(0);
    const lines = own.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(13);
    expect(lines[0]).toBe('unique_id,ds,DLinear');
    expect(lines[1]).toMatch(/^AirPassengers,1961-01-01,\d/);

    const other = json(
      'predict',
      'air.safetensors',
      AIR,
      '--output',
      'next.csv',
      '--plot',
      'next.html',
    );
    expect(other.document.files).toEqual(['next.csv', 'next.html']);
    expect(read('next.csv')).toBe(own.stdout);
  });

  test('columns keep the names of the file', () => {
    const text = readFileSync(AIR, 'utf8')
      .replace('unique_id,ds,y', 'id;month;passengers')
      .replaceAll(',', ';');
    const data = file('renamed.csv.gz', gzipSync(text));
    const columns = [
      '--id-column',
      'id',
      '--time-column',
      'month',
      '--target-column',
      'passengers',
      '--separator',
      ';',
    ];
    expect(
      cli(
        'fit',
        data,
        '--model',
        'nlinear',
        '--horizon',
        '3',
        '--output',
        'r.safetensors',
        ...columns,
        ...QUICK,
      ).status,
    ).toBe(0);
    expect(cli('predict', 'r.safetensors', data, ...columns).stdout).toMatch(/^id,month,NLinear\n/);
  });
});

describe('models', () => {
  test('lists and describes what the registry holds', () => {
    expect(cli('models').stdout).toMatch(/nhits +\S/);
    const { stdout } = cli('models', 'nbeats');
    expect(stdout).toMatch(/--stack-types +\["identity","trend","seasonality"\]/);
    const { document } = json('models', 'NHITS');
    expect(document.options.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['nPoolKernelSize', 'maxSteps', 'horizon']),
    );
  });
});

describe('errors', () => {
  test.each<[string, string[], number, RegExp]>([
    [
      'an unknown flag',
      ['forecast', AIR, '--horizn', '3'],
      2,
      /--horizn.*Did you mean --horizon\?/s,
    ],
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
      'error E0011: [readCsv] bad.csv, line 3: column "y": received "oops", expected a number\n',
    );
    const { document } = json('forecast', data, '--horizon', '1');
    expect(document.error).toMatchObject({
      code: 'ERR_ND_DATA',
      number: 'E0011',
      details: { line: 3, column: 'y' },
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
});
