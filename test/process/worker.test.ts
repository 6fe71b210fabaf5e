import { prelude, runProgram, runScript } from './support';

const clean = { code: 0, signal: null, stderr: '' };

/** A program whose workers run `body` after the prelude; `main` is the main thread's. */
const withWorkers = (body: string, main: string, mainPrelude = '') => `
const { Worker } = require('node:worker_threads');
const once = require('node:events').once;
const start = () => new Worker(${JSON.stringify(
  `${prelude}\nconst { parentPort } = require('node:worker_threads');\n${body}`,
)}, { eval: true });
${mainPrelude}
(async () => { ${main} })();
`;
const run = (body: string, main: string, mainPrelude = '') =>
  runProgram(['-e', withWorkers(body, main, mainPrelude)]);

const fitForever = `running().then(() => parentPort.postMessage('ready'));`;

test('workers that are terminated in the middle of a fit, one after the other', async () => {
  const main = `
    for (let i = 0; i < 10; i++) {
      const worker = start();
      await once(worker, 'message');
      await worker.terminate();
    }
    console.log('done');`;
  expect(await run(fitForever, main)).toEqual({ ...clean, stdout: 'done\n' });
});

test('workers that are terminated at any moment, several at once', async () => {
  const main = `
    for (let round = 0; round < 4; round++) {
      const workers = Array.from({ length: 3 }, start);
      await Promise.all(workers.map(async (worker, i) => {
        await new Promise((resolve) => setTimeout(resolve, 15 * round + 25 * i));
        await worker.terminate();
      }));
    }
    console.log('done');`;
  expect(await run(fitForever, main)).toEqual({ ...clean, stdout: 'done\n' });
});

test('workers that are terminated while calls of every kind come and go', async () => {
  const body = `
    const nf = make(tiny);
    nf.fit(panel).then(async () => {
      const predictor = await nf.predictor();
      make().fit(panel, { onProgress() {} }).catch(() => {});
      for (;;) {
        predictor.predictSync(y);
        await Promise.all([nf.predict(), predictor.predict(y), predictor.predict(y)]);
      }
    });`;
  const main = `
    for (let round = 0; round < 12; round++) {
      const workers = [start(), start()];
      await Promise.all(workers.map(async (worker, i) => {
        await new Promise((resolve) => setTimeout(resolve, 25 * round + 10 * i));
        await worker.terminate();
      }));
    }
    console.log('done');`;
  expect(await run(body, main)).toEqual({ ...clean, stdout: 'done\n' });
});

test('only workers load the addon; the process lives on after them', async () => {
  const body = `make(tiny).fit(panel).then((r) => parentPort.postMessage(r.models[0].steps));`;
  const main = `
    for (let i = 0; i < 5; i++) {
      const worker = start();
      // Both at once: a last message and the exit may come in one turn of the event loop.
      const [[steps]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log(steps);
    }`;
  expect(await run(body, main)).toEqual({ ...clean, stdout: '5\n'.repeat(5) });
});

test('two environments at once compute the same', async () => {
  const job = `
    const forecast = async () => {
      const nf = make({ ...tiny, maxSteps: 200 });
      await nf.fit(panel);
      return [...(await nf.predict()).column('MLP')].join();
    };`;
  const main = `
    const worker = start();
    const [[theirs], ours] = await Promise.all([once(worker, 'message'), forecast()]);
    console.log(theirs === ours, ours.split(',').length);`;
  const ended = await run(
    `${job} forecast().then((f) => parentPort.postMessage(f));`,
    main,
    `${prelude} ${job}`,
  );
  expect(ended).toEqual({ ...clean, stdout: 'true 4\n' });
});

test('process.exit() inside a worker, and in the main thread above one', async () => {
  const inWorker = await run(
    `running().then(() => process.exit(7));`,
    `const [code] = await once(start(), 'exit'); console.log(code);`,
  );
  expect(inWorker).toEqual({ ...clean, stdout: '7\n' });
  const above = await run(fitForever, `await once(start(), 'message'); process.exit(6);`);
  expect(above).toEqual({ ...clean, code: 6, stdout: '' });
});

test('an uncaught exception in a worker leaves the main thread working', async () => {
  const script = `
    const { Worker } = require('node:worker_threads');
    const worker = new Worker(${JSON.stringify(
      `${prelude} running().then(() => setImmediate(() => { throw new Error('mine'); }));`,
    )}, { eval: true });
    worker.on('error', async (error) => {
      const nf = make(tiny);
      await nf.fit(panel);
      console.log(error.message, (await nf.predict()).length);
    });`;
  expect(await runScript(script)).toEqual({ ...clean, stdout: 'mine 4\n' });
});
