import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { NeuralForecast } from '../../lib/index';
import { endless, forecastOf, monthly, sizes, temporaryFolder, tiny } from './support';

const folder = temporaryFolder();
const panel = monthly(60);

test('an aborted call settles although its thread is still held, and the thread ends behind it', async () => {
  // Whoever opens a pipe waits until somebody writes to it: a thread that cannot look at its abort.
  const pipe = path.join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const controller = new AbortController();
  const reason = new Error('enough');
  const held = NeuralForecast.load(pipe, { signal: controller.signal });
  // The other thread of its kind does other work meanwhile; then the held one certainly waits.
  const nf = new NeuralForecast({ ...sizes, models: [tiny()] });
  await nf.fit(panel);
  controller.abort(reason);
  await expect(held).rejects.toBe(reason);
  expect((await nf.predict()).length).toBe(4);
  // Without a writer the thread would wait for ever, and the end of the process for it.
  const writer = fs.openSync(pipe, fs.constants.O_RDWR);
  fs.unlinkSync(pipe);
  fs.closeSync(writer);
});

test('what changes the object after an aborted fit waits for its thread and starts from the state before', async () => {
  const nf = new NeuralForecast({ ...sizes, models: [endless({ maxSteps: 40 })] });
  const controller = new AbortController();
  const seen: number[] = [];
  const aborted = nf.fit(panel, {
    signal: controller.signal,
    onProgress: ({ step }) => {
      seen.push(step);
      controller.abort();
    },
  });
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
  expect(nf.fitted).toBe(false);
  const events = seen.length;
  await nf.fit(panel);
  expect(seen.length).toBe(events); // no progress after the promise has settled
  const alone = new NeuralForecast({ ...sizes, models: [endless({ maxSteps: 40 })] });
  await alone.fit(panel);
  expect(await forecastOf(nf)).toEqual(await forecastOf(alone));
});

test('dispose after an abort, while the thread winds down', async () => {
  const nf = new NeuralForecast({ ...sizes, models: [endless()] });
  const controller = new AbortController();
  const fit = nf.fit(panel, { signal: controller.signal, onProgress: () => controller.abort() });
  await expect(fit).rejects.toMatchObject({ name: 'AbortError' });
  await nf.dispose();
  await nf.dispose();
});
