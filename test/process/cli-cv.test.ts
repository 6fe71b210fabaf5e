import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AIR, cli, file, folder, json, QUICK, read } from './cli-support';

/** The air passengers, oldest first. */
const VALUES = readFileSync(AIR, 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => Number(line.split(',')[2]));

/** Scores computed from a CSV of forecasts, the plain way. */
function scoresOf(text: string, column: string, season: number) {
  const [header = '', ...lines] = text.trimEnd().split('\n');
  const index = (name: string) => header.split(',').indexOf(name);
  const cells = lines.map((line) => line.split(','));
  const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const dates = readFileSync(AIR, 'utf8')
    .split('\n')
    .map((line) => line.split(',')[1]);
  const errors = cells.map((row) => {
    const [y, f] = [Number(row[index('y')]), Number(row[index(column)])];
    const past = VALUES.slice(0, dates.indexOf(row[index('cutoff')]));
    const scale = mean(past.slice(season).map((v, i) => Math.abs(v - (past[i] as number))));
    return { error: Math.abs(y - f), relative: (200 * Math.abs(y - f)) / (y + f), scale };
  });
  return {
    model: column,
    mae: expect.closeTo(mean(errors.map(({ error }) => error)), 9),
    rmse: expect.closeTo(Math.sqrt(mean(errors.map(({ error }) => error ** 2))), 9),
    smape: expect.closeTo(mean(errors.map(({ relative }) => relative)), 9),
    mase: expect.closeTo(mean(errors.map(({ error, scale }) => error / scale)), 9),
  };
}

describe('cv', () => {
  const horizon = ['--horizon', '6', '--input-size', '24'];

  test('forecasts from every cutoff, scores and writes', () => {
    const { status, document } = json(
      ...['cv', AIR, '--model', 'mlp,nlinear', '--hidden-size', '8', ...horizon, ...QUICK],
      ...['--windows', '3', '--step-size', '4', '--train-step-size', '2', '--output', 'cv.csv'],
    );
    expect(status).toBe(0);
    expect(document).toMatchObject({
      ...{ command: 'cv', series: 1, rows: 144, frequency: 'MS', horizon: 6 },
      ...{ windows: 3, stepSize: 4, forecasts: 3, files: ['cv.csv'] },
    });
    expect(document.forecast).toHaveLength(18);
    expect(document.forecast[0]).toMatchObject({
      ...{ unique_id: 'AirPassengers', cutoff: '1959-10-01', ds: '1959-11-01', y: VALUES[130] },
    });
    const csv = read('cv.csv');
    expect(csv.split('\n')[0]).toBe('unique_id,ds,cutoff,MLP,NLinear,y');
    expect(document.scores.slice(0, 2)).toEqual([
      scoresOf(csv, 'MLP', 12),
      scoresOf(csv, 'NLinear', 12),
    ]);
    expect(document.scores[2].model).toBe('SeasonalNaive');
  });

  test('the seasonal naive is the forecast that repeats the last season', () => {
    const args = ['cv', AIR, '--model', 'nlinear', '--horizon', '12', ...QUICK];
    expect(cli(...args).stdout).toMatch(/SeasonalNaive +47\.833 +50\.708 +10\.572 +1\.571\n/);
    const off = cli(...args, '--season-length', '1').stdout;
    expect(off).toMatch(/SeasonalNaive +76\.000 /);
    expect(off).toContain('1 forecast of 12 steps');
  });

  test('trains anew where it is told to', () => {
    const scores = (...flags: string[]) =>
      json('cv', AIR, '--model', 'nlinear', ...horizon, ...QUICK, '--windows', '4', ...flags)
        .document.scores[0];
    const once = scores();
    expect(scores('--refit', '4')).toEqual(once);
    const always = scores('--refit');
    expect(always).not.toEqual(once);
    expect(scores('--refit', '1')).toEqual(always);
    expect(scores('--refit', '--no-from-scratch')).not.toEqual(always);
  });

  test('scores series of different lengths, each on its own history', () => {
    const line = (id: string, n: number) =>
      Array.from({ length: n }, (_, i) => `${id},${i},${id === 'b' ? i * 2 : (i * i) % 11}`);
    const text = ['unique_id,ds,y', ...line('a', 40), ...line('b', 13)].join('\n');
    const flags = ['--model', 'nlinear', '--horizon', '2', '--input-size', '4', ...QUICK];
    const { document } = json(
      ...['cv', file('ragged.csv', text), ...flags, '--season-length', '3', '--windows', '8'],
      ...['--start-padding-enabled', '--step-size', '2'],
    );
    const rows: Record<string, number[]> = { a: [], b: [] };
    for (const [id, , y] of text
      .split('\n')
      .slice(1)
      .map((cells) => cells.split(',')))
      rows[id as string]?.push(Number(y));
    const errors = document.forecast.map(({ unique_id, ds, y, cutoff }: Record<string, number>) => {
      const values = rows[String(unique_id)] as number[];
      const start = Number(cutoff) + 1;
      const step = Number(ds) - start;
      // A history that is shorter than a season repeats its last value.
      return Math.abs(Number(y) - (values[start - (start >= 3 ? 3 - step : 1)] as number));
    });
    expect(document.forecast.length).toBeLessThan(32);
    const mean = errors.reduce((sum: number, error: number) => sum + error, 0) / errors.length;
    expect(document.scores[1]).toMatchObject({
      model: 'SeasonalNaive',
      mae: expect.closeTo(mean, 9),
    });
  });

  test('stamps are read by the clocks of a zone', () => {
    const data = file(
      'berlin.csv',
      `ds,y\n${Array.from({ length: 60 }, (_, i) => {
        // Around the end of summer time, a day of 25 hours.
        const time = new Date(Date.UTC(2024, 9, 6 + i, 12));
        return `${time.toISOString().slice(0, 10)},${i % 7}\n`;
      }).join('')}`,
    );
    const flags = [
      '--model',
      'nlinear',
      '--horizon',
      '7',
      '--time-zone',
      'Europe/Berlin',
      ...QUICK,
    ];
    const { document } = json('cv', data, ...flags);
    expect(document.forecast[0]).toMatchObject({ ds: '2024-11-28', cutoff: '2024-11-27' });
    // Seven days repeat exactly.
    expect(document.scores[1]).toMatchObject({ model: 'SeasonalNaive', mae: 0 });
    cli('fit', data, ...flags, '--output', 'berlin.safetensors');
    expect(cli('info', 'berlin.safetensors').stdout).toMatch(/^time zone +Europe\/Berlin$/m);
    expect(cli('cv', data, ...flags, '--time-zone', 'Europe/Berln').stderr).toMatch(/E0010/);
  });

  test('a constant series has no scale', () => {
    const rows = Array.from({ length: 40 }, (_, i) => `a,${i},5`).join('\n');
    const data = file('flat.csv', `unique_id,ds,y\n${rows}\n`);
    const args = [data, '--model', 'nlinear', '--horizon', '2', '--input-size', '4', ...QUICK];
    const { scores } = json('cv', ...args).document;
    expect(scores[1]).toEqual({ model: 'SeasonalNaive', mae: 0, rmse: 0, smape: 0, mase: null });
  });

  test('judges a saved model as it is', () => {
    const model = ['--model', 'nlinear', ...horizon, ...QUICK];
    expect(cli('fit', AIR, ...model, '--output', 'cv.safetensors').status).toBe(0);
    const { document } = json('cv', 'cv.safetensors', AIR, '--windows', '2', '--output', 'own.csv');
    expect(document.scores[0]).toEqual(scoresOf(read('own.csv'), 'NLinear', 12));
    // The same window as the forecast of the model itself.
    const last = read('own.csv').trimEnd().split('\n').slice(-6);
    const rest = readFileSync(AIR, 'utf8').trimEnd().split('\n').slice(0, -6).join('\n');
    const own = cli('predict', 'cv.safetensors', file('rest.csv', `${rest}\n`)).stdout;
    expect(last.map((line) => line.split(',')[3])).toEqual(
      own
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',')[2]),
    );
    expect(json('cv', 'cv.safetensors', AIR, '--horizon', '9').document.horizon).toBe(9);
  });

  test.each([
    [['cv.safetensors', AIR, '--max-steps', '3'], /^usage: --max-steps: .*as it is/],
    [['cv.safetensors', AIR, '--refit'], /^usage: --refit: /],
    [['cv.safetensors', AIR, '--no-from-scratch'], /^usage: --no-from-scratch: /],
    [['cv.safetensors'], /^usage: "cv.safetensors" is a model: name the data/],
    [['a', 'b', 'c'], /^usage: received 3 files/],
    [[AIR, '--horizon', '3', '--windows', '0'], /^usage: --windows: received "0"/],
    [[AIR, '--horizon', '3', '--refit', 'no'], /^usage: --refit: received "no"/],
    [[AIR], /^usage: --horizon is missing/],
  ])('refuses %j', (args, message) => {
    expect(cli('cv', ...args)).toEqual({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(message),
    });
  });
});

describe('info', () => {
  test('says what a file holds', () => {
    const flags = ['--horizon', '6', '--input-size', '24', '--levels', '80', '--val-size', '12'];
    const models = ['--model', 'mlp,nlinear', '--hidden-size', '8'];
    cli('fit', AIR, ...models, ...flags, ...QUICK, '--output', 'two.safetensors');
    const { status, document } = json('info', 'two.safetensors');
    expect(status).toBe(0);
    expect(document).toMatchObject({
      ...{ command: 'info', file: 'two.safetensors', writer: document.version },
      ...{ horizon: 6, frequency: 'MS', series: ['AirPassengers'], hasData: true },
    });
    const [mlp, nlinear] = document.models;
    const loss = { type: 'MQLoss', options: { levels: [80] } };
    const common = { maxSteps: 5, windowsBatchSize: 8, scalerType: 'robust', loss };
    expect(mlp.changedOptions).toEqual({ hiddenSize: 8, ...common });
    expect(nlinear.changedOptions).toEqual(common);
    expect(mlp).toMatchObject({ parameters: 24 * 8 + 8 + 8 * 8 + 8 + 8 * 18 + 18 });
    expect(mlp.history).toMatchObject({ steps: 5, validLoss: expect.any(Number) });

    const { stdout } = cli('info', 'two.safetensors');
    expect(stdout).toMatch(/^horizon +6 steps of MS$/m);
    expect(stdout).toMatch(/^series +1: AirPassengers$/m);
    expect(stdout).toMatch(/^MLP +MLP +24 +434 +5 /m);
    expect(stdout).toContain(
      'NLinear, not by default: maxSteps 5, windowsBatchSize 8, scalerType "robust", loss MQLoss (levels [80])\n',
    );
  });

  test('names the options of a model that has none but defaults', () => {
    const model = ['--model', 'nlinear', '--horizon', '2', '--input-size', '4'];
    cli('fit', AIR, ...model, '--max-epochs', '1', '--no-data', '--output', 'plain.safetensors');
    const { document } = json('info', 'plain.safetensors');
    expect(document).toMatchObject({ hasData: false });
    expect(document.models[0].changedOptions).toEqual({ maxEpochs: 1 });
    expect(cli('info', 'plain.safetensors').stdout).toContain('none: "predict" needs data');
  });

  test('refuses what is no model', () => {
    const { status, stderr } = cli('info', AIR);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error E0006: .*air-passengers\.csv/);
  });
});

describe('cv, cut in other ways', () => {
  const model = ['--model', 'nlinear', '--horizon', '6', '--input-size', '24', ...QUICK];

  test('testSize, purge and a checkpoint that is gone on from', () => {
    const flags = [
      '--test-size',
      '18',
      '--step-size',
      '6',
      '--refit',
      '--purge',
      '2',
      '--checkpoint',
      'parts',
    ];
    const first = json('cv', AIR, ...model, ...flags).document;
    expect(first).toMatchObject({ windows: 3, forecasts: 3 });
    expect(readdirSync(join(folder, 'parts')).sort()).toEqual(
      [0, 1, 2].map((part) => `part-${part}.safetensors`),
    );
    const again = json('cv', AIR, ...model, ...flags).document;
    expect(again.forecast).toEqual(first.forecast);
    const other = cli('cv', AIR, ...model, ...flags.with(6, '3'));
    expect(other.stderr).toMatch(/^error E0010: .*other options, models or data/);
  });

  test('folds over time', () => {
    const flags = ['--folds', '3', '--folds-over', 'time', '--step-size', '6', '--embargo', '2'];
    expect(json('cv', AIR, ...model, ...flags).document.forecasts).toBe(7 + 8 + 8);
    expect(cli('cv', AIR, ...model, '--folds', '3', '--folds-over', 'step').status).toBe(2);
    expect(cli('cv', AIR, ...model, '--folds', '2').stderr).toMatch(/^error E0010: .*at most 1/);
  });
});
