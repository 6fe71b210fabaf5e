/** Before and beside a fit: trials, weights to begin from, weights that stay. */

import path from 'node:path';
import fc from 'fast-check';
import type { NeuralForecast } from '../../lib/index';
import { temporaryFolder } from '../api/support';
import { type Change, changed, changes } from './api/change';
import { build, junk } from './api/junk';
import { attempt, fuzz } from './api/property';
import { ALL_TABLES, checkTable, create, TABLES } from './api/valid';

const calls = fc.record({ table: fc.nat({ max: ALL_TABLES.length - 1 }), list: changes });
type Call = { readonly table: number; readonly list: readonly Change[] };

let shared: NeuralForecast;
let before: number[];
const answer = async () => checkTable(await shared.predict());
const file = path.join(temporaryFolder(), 'fitted.safetensors');

beforeAll(async () => {
  shared = create();
  await shared.fit(TABLES[0]?.() as never);
  await shared.save(file);
  before = await answer();
});

const expectUsable = async () => expect(await answer()).toEqual(before);
const common = () => ({ model: 'MLP', threads: 1, signal: new AbortController().signal });

fuzz('findLearningRate', calls, async ({ table, list }: Call) => {
  const args = changed(
    [ALL_TABLES[table]?.(), { from: 1e-5, to: 0.1, steps: 10, ...common() }],
    list,
  );
  const done = await attempt(() => shared.findLearningRate(args[0] as never, args[1] as never));
  if (done) {
    const { rates, losses, smoothed, suggestion } = done.value;
    expect(losses).toHaveLength(rates.length);
    expect(smoothed).toHaveLength(rates.length);
    if (suggestion !== null) expect(rates).toContain(suggestion);
  }
  await expectUsable();
});

/**
 * One option is junk; not those of sizes, for which a million is as valid as four, nor `onProgress`, whose own errors come
 * through as they are.
 */
const trials = fc.record({
  table: fc.nat({ max: ALL_TABLES.length - 1 }),
  list: changes,
  option: fc.constantFrom('model', 'threads', 'signal', 'statics', 'tolerance'),
  value: fc.option(junk),
});
type Trial = typeof trials extends fc.Arbitrary<infer Input> ? Input : never;

function trialArguments({ table, list, option, value }: Trial, sizes: object) {
  const [panel] = changed([ALL_TABLES[table]?.()], list);
  const options = { ...common(), ...sizes, ...(value === null ? {} : { [option]: build(value) }) };
  return [panel, options] as never as [never, never];
}

fuzz('checkOneBatch', trials, async (trial: Trial) => {
  const args = trialArguments(trial, { steps: 5, windows: 4 });
  const done = await attempt(() => shared.checkOneBatch(...args));
  if (done) expect(done.value.losses).toHaveLength(done.value.steps + 1);
  await expectUsable();
});

fuzz('findBatchSize', trials, async (trial: Trial) => {
  const args = trialArguments(trial, { from: 2, to: 4, steps: 1 });
  const done = await attempt(() => shared.findBatchSize(...args));
  if (done) {
    expect(done.value.measurements.map(({ size }) => size)).toContain(done.value.suggestion);
  }
  await expectUsable();
});

const sometimes = fc.option(junk, { freq: 4 });

fuzz(
  'fit from other weights',
  fc.record({ list: changes, from: fc.constantFrom('file', 'object', 'part'), freeze: sometimes }),
  async ({ list, from, freeze }) => {
    const sources = { file, object: shared, part: { from: file, weights: ['mlp.*', '*.bias'] } };
    const options = {
      initialWeights: sources[from],
      freeze: freeze === null ? ['mlp.0.*'] : build(freeze),
      threads: 1,
    };
    const args = changed([TABLES[0]?.(), options], list);
    const nf = create();
    const done = await attempt(() => nf.fit(args[0] as never, args[1] as never));
    if (done) await attempt(async () => checkTable(await nf.predict()));
    await nf.dispose();
  },
);

test('the shared object is as it was', expectUsable);
