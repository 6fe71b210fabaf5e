import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { AIR, cli, file, json, QUICK, read } from './cli-support';

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
    expect(stdout).toMatch(/SeasonalNaive +47\.833 +50\.708 +10\.572 +1\.571\n/);
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

    const refused = cli('predict', 'air.safetensors', '--levels', '80');
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('E0010') });
    expect(cli('predict', 'air.safetensors', '--quantiles', '0.1,').status).toBe(2);

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

  test('a file without a column of names is one series', () => {
    const text = readFileSync(AIR, 'utf8').replace(/^[^,]*,/gm, '');
    const data = file('single.csv', text);
    const flags = ['--model', 'nlinear', '--horizon', '3', ...QUICK];
    expect(cli('fit', data, ...flags, '--output', 's.safetensors').status).toBe(0);
    const own = cli('predict', 's.safetensors').stdout;
    expect(own).toMatch(/^unique_id,ds,NLinear\n1,1961-01-01,/);
    expect(cli('predict', 's.safetensors', data).stdout).toBe(own);
    expect(cli('cv', 's.safetensors', data).status).toBe(0);
    const plotted = json('forecast', data, ...flags, '--holdout', '3', '--plot', 's.json');
    expect(plotted.document.scores[1]).toMatchObject({ model: 'SeasonalNaive' });
    expect(cli('fit', data, ...flags, '--output', 'x', '--id-column', 'name')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/"name"/),
    });
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
