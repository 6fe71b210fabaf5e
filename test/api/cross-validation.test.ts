import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { evaluate, NeuralForecast } from '../../lib/index';
import { linear, monthly, sizes, temporaryFolder, tiny } from './support';

const folder = temporaryFolder();
const panel = monthly(60);
const many = ['a', 'b', 'c', 'd', 'e'].flatMap((unique_id, i) => {
  const { ds, y } = monthly(50 + i, i);
  return y.map((value, row) => ({ unique_id, ds: ds[row]!, y: value }));
});
const forecaster = (models = [linear({ alias: 'M' })]) => new NeuralForecast({ ...sizes, models });

describe('crossValidation cuts', () => {
  test('testSize says how many windows there are', async () => {
    const bySize = await forecaster().crossValidation(panel, { testSize: 10, stepSize: 3 });
    const byWindows = await forecaster().crossValidation(panel, { windows: 3, stepSize: 3 });
    expect(bySize.toCsv()).toBe(byWindows.toCsv());
  });

  test('purge learns from fewer rows, up to the same cutoffs', async () => {
    const purged = await forecaster().crossValidation(panel, { purge: 5 });
    const plain = await forecaster().crossValidation(panel);
    expect(purged.cutoff).toEqual(plain.cutoff);
    expect([...purged.column('M')]).not.toEqual([...plain.column('M')]);
    const nf = forecaster();
    await nf.fit({ ds: panel.ds.slice(0, 51), y: panel.y.slice(0, 51) });
    const next = await nf.predict({ ds: panel.ds.slice(0, 56), y: panel.y.slice(0, 56) });
    expect([...purged.column('M')]).toEqual([...next.column('M')]);
  });

  test('folds over series: each is forecast by what the others taught', async () => {
    const folds = new Set<number | undefined>();
    const onProgress = ({ fold }: { fold?: number }) => folds.add(fold);
    const table = await forecaster().crossValidation(many, { folds: 5, windows: 2, onProgress });
    expect(table.length).toBe(5 * 2 * 4);
    // Events are coalesced: not every fold need be heard of.
    expect(folds.size).toBeGreaterThan(0);
    for (const fold of folds) expect([0, 1, 2, 3, 4]).toContain(fold);
    const nf = forecaster();
    const known = many.filter(({ unique_id }) => unique_id !== 'b');
    const rowsOf = (id: string) => many.filter(({ unique_id }) => unique_id === id);
    await nf.fit(
      known.filter((row) => rowsOf(row.unique_id).indexOf(row) < rowsOf(row.unique_id).length - 5),
    );
    const next = await nf.predict(rowsOf('b').slice(0, -4));
    const ours = table
      .toRecords()
      .filter((row) => row.unique_id === 'b')
      .slice(4);
    for (const [h, value] of next.column('M').entries()) expect(ours[h]!.M).toBeCloseTo(value, 4);
  });

  test('folds over time: all blocks are forecast', async () => {
    const table = await forecaster().crossValidation(panel, {
      ...{ folds: 3, foldsOver: 'time', stepSize: 4, purge: 3, embargo: 3 },
    });
    expect([...table.cutoff].filter((_, row) => row % 4 === 0)).toEqual(
      [0, 4, 8, 12, 19, 23, 27, 31, 35, 39, 43, 47, 51, 55].map((row) => panel.ds[row]),
    );
    expect(evaluate(table, { by: 'window', metrics: 'mae' }).length).toBe(14);
  });

  test.each([{}, { windows: 3, stepSize: 2, refit: true }, { folds: 2, purge: 1 }])(
    'what comes after a cutoff does not leak through columns either: %j',
    async (options) => {
      const rows = ['a', 'b', 'c', 'd'].flatMap((unique_id, i) => {
        const { ds, y } = monthly(50, i);
        return y.map((value, t) => ({
          unique_id,
          ds: ds[t]!,
          y: value,
          past: Math.cos(t + i),
          known: t % 5,
        }));
      });
      // The last window of every series begins after row 45.
      const wild = rows.map((row, i) => (i % 50 >= 46 ? { ...row, y: 1e5, past: -1e5 } : row));
      const other = rows.map((row, i) => (i % 50 >= 46 ? { ...row, known: 40 } : row));
      const model = tiny({ histExog: ['past'], futrExog: ['known'] });
      const last = async (panel: typeof rows) => {
        const nf = new NeuralForecast({ ...sizes, models: [model], localScaler: 'standard' });
        const table = await nf.crossValidation(panel, options);
        const end = (table.length / 4) | 0;
        return [1, 2, 3, 4].flatMap((series) => [
          ...table.column('MLP').slice(series * end - 4, series * end),
        ]);
      };
      const calm = await last(rows);
      expect(await last(wild)).toEqual(calm);
      // Future columns are known: a forecast reads them.
      expect(await last(other)).not.toEqual(calm);
    },
  );

  test('windows side by side have the forecasts of one after the other', async () => {
    const models = [tiny(), linear()];
    const options = { windows: 5, refit: true } as const;
    const one = await forecaster(models).crossValidation(many, { ...options, threads: 1 });
    const three = await forecaster(models).crossValidation(many, { ...options, threads: 3 });
    expect(three.toCsv()).toBe(one.toCsv());
  });

  test.each([
    [
      { testSize: 5, stepSize: 3 },
      'E0005',
      /testSize = 5, expected horizon \+ a multiple of stepSize: 4, 7, 10/,
    ],
    [{ testSize: 8, windows: 2 }, 'E0010', /either windows or testSize/],
    [{ purge: -1 }, 'E0010', /purge = -1/],
    [{ purge: 60 }, 'E0003', /horizon \+ stepSize · \(windows - 1\) \+ purge/],
    [{ embargo: 2 }, 'E0010', /foldsOver: 'time'/],
    [{ foldsOver: 'time' }, 'E0010', /the option folds/],
    [{ folds: 1 }, 'E0010', /at least 2/],
    [{ folds: 2 }, 'E0010', /at most 1, the number of series/],
    [{ folds: 2, foldsOver: 'step' }, 'E0010', /"series", "time"/],
    [{ folds: 20, foldsOver: 'time' }, 'E0003', /at least 80/],
    [{ folds: 2, foldsOver: 'time', windows: 2 }, 'E0010', /every block is forecast/],
    [{ folds: 2, foldsOver: 'time', refit: true }, 'E0010', /one fit/],
    [{ folds: 2, useFitted: true }, 'E0010', /trains nothing/],
    [{ folds: 2, fromScratch: false }, 'E0010', /the one before/],
    [{ checkpoint: 'x', fromScratch: false }, 'E0010', /the one before/],
    [{ checkpoint: '' }, 'E0010', /checkpoint/],
  ])('%j is %s', async (options, number, message) => {
    const call = forecaster().crossValidation(panel, options as never);
    await expect(call).rejects.toMatchObject({ number, message: expect.stringMatching(message) });
  });
});

describe('checkpoint', () => {
  test('an aborted call goes on, with the same result', async () => {
    const options = { windows: 4, stepSize: 2, refit: true } as const;
    const expected = await forecaster().crossValidation(panel, options);
    const checkpoint = path.join(folder, 'aborted');
    const controller = new AbortController();
    const stopped = forecaster().crossValidation(panel, {
      ...options,
      checkpoint,
      threads: 1,
      signal: controller.signal,
      onProgress: ({ window }) => window === 2 && controller.abort(),
    });
    // Where the event of window 2 is late, all of them are done.
    await stopped.catch(({ name }) => expect(name).toBe('AbortError'));
    expect(fs.readdirSync(checkpoint).length).toBeGreaterThanOrEqual(2);
    const again = await forecaster().crossValidation(panel, { ...options, checkpoint });
    expect(again.toCsv()).toBe(expected.toCsv());
    await expect(
      forecaster().crossValidation(panel, { ...options, windows: 3, checkpoint }),
    ).rejects.toMatchObject({
      number: 'E0010',
      message: expect.stringMatching(/name another folder/),
    });
  });

  test('a killed process leaves what was finished', async () => {
    const checkpoint = path.join(folder, 'killed');
    const program = path.join(__dirname, '..', '..', 'dist', 'index.js');
    const code = `
      const { NeuralForecast, nlinear } = require(${JSON.stringify(program)});
      const y = Array.from({ length: 200 }, (_, i) => 100 + i + 20 * Math.sin(i / 2));
      const nf = new NeuralForecast({ horizon: 4, inputSize: 8, models: [nlinear({ maxSteps: 150, windowsBatchSize: 8 })] });
      nf.crossValidation({ ds: y.map((_, i) => i), y }, { windows: 40, refit: true, threads: 1, checkpoint: process.argv[1] })
        .then((table) => process.stdout.write(table.toCsv()));`;
    const run = (target: string) => {
      const child = spawn(process.execPath, ['-e', code, target]);
      const output: Buffer[] = [];
      child.stdout.on('data', (chunk) => output.push(chunk));
      const ended = new Promise<string>((resolve) => {
        child.on('close', () => resolve(Buffer.concat(output).toString()));
      });
      return { child, ended };
    };
    const { child, ended } = run(checkpoint);
    const parts = () => (fs.existsSync(checkpoint) ? fs.readdirSync(checkpoint).length : 0);
    while (parts() < 3 && child.exitCode === null) await new Promise((r) => setTimeout(r, 2));
    child.kill('SIGKILL');
    expect(await ended).toBe('');
    const kept = parts();
    expect(kept).toBeGreaterThanOrEqual(3);
    expect(kept).toBeLessThan(40);
    const rest = await run(checkpoint).ended;
    expect(rest).toBe(await run(path.join(folder, 'whole')).ended);
    expect(rest.trim().split('\n')).toHaveLength(1 + 40 * 4);
  });
});
