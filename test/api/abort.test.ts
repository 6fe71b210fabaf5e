import { setImmediate as nextTurn } from 'node:timers/promises';
import { readPanel } from '../../lib/columns';
import { NeuralForecast } from '../../lib/index';
import { createPanel } from '../../lib/native-panel';
import type { TableInput } from '../../types/index';
import { endless, forecastOf, monthly, sizes, tiny } from './support';

const panel = monthly(60);

test('an aborted call settles although its thread goes on, and the thread ends behind it', async () => {
  // Rows against the order of time: sorting them takes a while in which nothing looks at the abort.
  const rows = 1_000_000;
  const columns = {
    ds: Float64Array.from({ length: rows }, (_, row) => rows - row),
    y: new Float64Array(rows),
  };
  const controller = new AbortController();
  const reason = new Error('enough');
  const { input } = await readPanel('fit', columns as unknown as TableInput, {});
  const held = createPanel(input, controller.signal);
  await nextTurn();
  controller.abort(reason);
  await expect(held).rejects.toBe(reason);
  const nf = new NeuralForecast({ ...sizes, models: [tiny()] });
  await nf.fit(panel);
  expect((await nf.predict()).length).toBe(4);
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
