/** Bounds, paths and runs that survive: conformal intervals, sample paths, streams, weights, missing targets, checkpoints. */

import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { AdaptiveIntervals, type NeuralForecast } from '../../lib/index';
import { temporaryFolder } from '../api/support';
import { type Change, changed, changes } from './api/change';
import { build, type Junk, junk } from './api/junk';
import { attempt, fuzz } from './api/property';
import { ALL_TABLES, checkTable, create, ROWS, SIZES, TABLES } from './api/valid';

const maybe = fc.record({
  table: fc.option(fc.nat({ max: ALL_TABLES.length - 1 })),
  list: changes,
});
type Call = { readonly table: number | null; readonly list: readonly Change[] };
const lists = fc.record({ list: changes });
type Changes = { readonly list: readonly Change[] };
const tableOf = (table: number | null) => (table === null ? null : ALL_TABLES[table]?.());

const INTERVALS = { method: 'error', windows: 4, stepSize: 1, levels: [50], pooled: false };

let shared: NeuralForecast;
let before: number[];
const answer = async () => checkTable(await shared.predict(null, { levels: 50 }));

beforeAll(async () => {
  shared = create();
  await shared.fit(TABLES[0]?.() as never, { intervals: INTERVALS } as never);
  before = await answer();
});

const expectUsable = async () => expect(await answer()).toEqual(before);

function expectInOrder(lo: Float64Array, hi: Float64Array): void {
  for (const [i, value] of lo.entries()) expect(value).toBeLessThanOrEqual(hi[i]!);
}

fuzz('fit with intervals', lists, async ({ list }: Changes) => {
  const nf = create();
  const options = { intervals: { ...INTERVALS }, valSize: 0, threads: 1 };
  const args = changed([TABLES[0]?.(), options], list);
  const done = await attempt(() => nf.fit(args[0] as never, args[1] as never));
  if (done) {
    await attempt(async () => {
      const table = await nf.predict(null, { levels: 50 });
      checkTable(table);
      const [lo, hi] = [table.column('MLP-lo-50'), table.column('MLP-hi-50')];
      expectInOrder(lo, hi);
    });
  }
  await nf.dispose();
});

fuzz('levels and quantiles', maybe, async ({ table, list }: Call) => {
  const args = changed([tableOf(table), { levels: [50], threads: 1 }], list);
  const done = await attempt(() => shared.predict(args[0] as never, args[1] as never));
  if (done) checkTable(done.value);
  await expectUsable();
});

fuzz('simulate', maybe, async ({ table, list }: Call) => {
  const call = { horizon: 2, paths: 3, seed: 1, method: 'gaussianCopula', threads: 1 };
  const args = changed([tableOf(table), call], list);
  const done = await attempt(() => shared.simulate(args[0] as never, args[1] as never));
  if (done) {
    checkTable(done.value);
    expect(done.value.path).toHaveLength(done.value.length);
    expect(done.value.length % done.value.paths).toBe(0);
  }
  await expectUsable();
});

const point = () => Array.from({ length: SIZES.horizon }, (_, i) => 10 + i);

/** What bounds promise after any calls: two ends per step, in order. */
function checkBounds(intervals: AdaptiveIntervals): void {
  const bounds = intervals.forecast('checked', point().slice(0, intervals.horizon));
  expect(bounds.map(({ level }) => level)).toEqual([...intervals.levels]);
  for (const { lo, hi } of bounds) expectInOrder(lo, hi);
  const throughJson = (value: unknown) => JSON.parse(JSON.stringify(value)); // which knows no -0
  const state = throughJson(intervals);
  expect(throughJson(AdaptiveIntervals.fromJSON(state))).toEqual(state);
}

fuzz('AdaptiveIntervals', lists, async ({ list }: Changes) => {
  const args = changed(
    [{ horizon: SIZES.horizon, levels: [50, 80], rate: 0.1 }, 'a', point(), 11, 'a', 12],
    list,
  );
  const made = await attempt(() => new AdaptiveIntervals(args[0] as never));
  if (!made) return;
  const intervals = made.value;
  await attempt(() => void intervals.forecast(args[1] as never, args[2] as never));
  await attempt(() => intervals.update(args[1] as never, args[3] as never));
  await attempt(() => intervals.update(args[4] as never, args[5] as never));
  if (intervals.horizon <= 64) checkBounds(intervals);
});

function state() {
  const intervals = new AdaptiveIntervals({ horizon: SIZES.horizon, levels: [50, 80] });
  for (let t = 0; t < 3; t++) {
    intervals.forecast('a', point());
    intervals.update('a', 10 + t);
  }
  intervals.forecast('a', point());
  return JSON.parse(JSON.stringify(intervals));
}

fuzz('AdaptiveIntervals.fromJSON', lists, async ({ list }: Changes) => {
  const args = changed([state()], list);
  const made = await attempt(() => AdaptiveIntervals.fromJSON(args[0] as never));
  if (!made) return;
  await attempt(() => made.value.update('a', 11));
  if (made.value.horizon <= 64) checkBounds(made.value);
});

fuzz('adaptiveIntervals', lists, async ({ list }: Changes) => {
  const args = changed(['MLP', { levels: [50], rate: 0.1 }], list);
  const made = await attempt(() => shared.adaptiveIntervals(args[0] as never, args[1] as never));
  if (made) checkBounds(made.value);
});

const weighted = () => ({
  ...(TABLES[0]?.() as { ds: Date[] }),
  y: Array.from({ length: ROWS }, (_, i) => (i % 7 === 3 ? null : 10 + i)),
  weight: Array.from({ length: ROWS }, (_, i) => i % 3),
});

const sometimes = fc.option(junk, { freq: 4 });

fuzz(
  'fit with weights and missing targets',
  fc.record({ list: changes, weight: sometimes, missing: sometimes }),
  async ({ list, weight, missing }) => {
    const args = changed([weighted(), { valSize: 2, threads: 1 }], list);
    const options = {
      sampleWeight: weight === null ? 'weight' : build(weight),
      missing: missing === null ? 'mask' : build(missing),
    };
    const made = await attempt(() => create(options));
    if (!made) return;
    const done = await attempt(() => made.value.fit(args[0] as never, args[1] as never));
    if (done) await attempt(async () => checkTable(await made.value.predict()));
    await made.value.dispose();
  },
);

const file = path.join(temporaryFolder(), 'fit.safetensors');

fuzz(
  'fit with checkpoints',
  fc.record({ list: changes, everySteps: sometimes }),
  async ({ list, everySteps }: Changes & { readonly everySteps: Junk | null }) => {
    fs.rmSync(file, { force: true });
    const every = everySteps === null ? {} : { everySteps: build(everySteps) };
    const options = {
      // Frozen, so that no change writes to another place.
      checkpoint: Object.freeze({ path: file, ...every }),
      ...{ resume: true, timeBudgetMs: 1000, keepOptimizer: true, threads: 1 },
    };
    const args = changed([TABLES[0]?.(), options], list);
    const nf = create();
    const done = await attempt(() => nf.fit(args[0] as never, args[1] as never));
    if (done) await attempt(async () => checkTable(await nf.predict()));
    await nf.dispose();
  },
  { share: 0.3 },
);

test('the shared object is as it was', expectUsable);
