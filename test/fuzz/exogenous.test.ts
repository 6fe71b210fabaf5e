/** Columns beside the target: in the panel, at the steps to come, one row per series. */

import fc from 'fast-check';
import type { NeuralForecast } from '../../lib/index';
import { type Change, changed, changes } from './api/change';
import { junk, texts } from './api/junk';
import { attempt, fuzz } from './api/property';
import { checkTable, create, network, SIZES } from './api/valid';

const LAST = 12;
const IDS = ['a', 'b'];
const day = (t: number) => new Date(Date.UTC(2024, 0, 1 + t));
const weekday = (t: number) => ['mon', 'tue', 'wed'][t % 3];

/** Columns of steps [first, last) of both series: numbers, truth values and categories. */
function columns(first: number, last: number) {
  const steps = IDS.flatMap((id) =>
    Array.from({ length: last - first }, (_, i) => ({ id, t: first + i })),
  );
  return {
    unique_id: steps.map(({ id }) => id),
    ds: steps.map(({ t }) => day(t)),
    promo: steps.map(({ t }) => Math.sin(t)),
    weekday: steps.map(({ t }) => weekday(t)),
    open: steps.map(({ t }) => t % 2 === 0),
  };
}

const panel = () => {
  const known = columns(0, LAST);
  return {
    ...known,
    y: known.ds.map((_, i) => 10 + (i % LAST)),
    weather: known.ds.map((_, i) => Math.cos(i)),
  };
};
const future = () => columns(LAST, LAST + SIZES.horizon);
const statics = () => ({ unique_id: [...IDS], size: [1, 2], region: ['north', 'south'] });
const asRecords = (table: Readonly<Record<string, readonly unknown[]>>) =>
  Array.from({ length: table.unique_id?.length ?? 0 }, (_, i) =>
    Object.fromEntries(Object.entries(table).map(([name, values]) => [name, values[i]])),
  );

const FEATURES = {
  futrExog: ['promo', 'weekday', 'open'],
  histExog: ['weather'],
  statExog: ['size', 'region'],
  catExog: ['weekday', 'region'],
};
const model = (more: object = {}) => network({ ...FEATURES, ...more });

const calls = fc.record({ records: fc.boolean(), list: changes });
type Call = { readonly records: boolean; readonly list: readonly Change[] };
const form = (records: boolean, table: Readonly<Record<string, readonly unknown[]>>) =>
  records ? asRecords(table) : table;

let shared: NeuralForecast;
let before: number[];
const answer = async () => checkTable(await shared.predict(null, { future: future() } as never));

beforeAll(async () => {
  shared = create({ models: [model()] });
  await shared.fit(panel() as never, { statics: statics() } as never);
  before = await answer();
});

const expectUsable = async () => expect(await answer()).toEqual(before);

fuzz('fit with columns', calls, async ({ records, list }: Call) => {
  const nf = create({ models: [model()] });
  const args = changed(
    [form(records, panel()), { statics: form(records, statics()), threads: 1 }],
    list,
  );
  const done = await attempt(() => nf.fit(args[0] as never, args[1] as never));
  if (done) await attempt(async () => checkTable(await nf.predict(null, { future: future() })));
  await nf.dispose();
});

fuzz('predict with columns', calls, async ({ records, list }: Call) => {
  const options = {
    future: form(records, future()),
    statics: form(records, statics()),
    threads: 1,
  };
  const args = changed([null, options], list);
  const done = await attempt(() => shared.predict(args[0] as never, args[1] as never));
  if (done) checkTable(done.value);
  await expectUsable();
});

fuzz(
  'predict another panel with columns',
  calls,
  async ({ records, list }: Call) => {
    const options = { future: form(records, future()), statics: form(records, statics()) };
    const args = changed([form(records, panel()), options], list);
    const done = await attempt(() => shared.predict(args[0] as never, args[1] as never));
    if (done) checkTable(done.value);
    await expectUsable();
  },
  { share: 0.5 },
);

fuzz('makeFutureFrame', calls, async ({ records, list }: Call) => {
  const args = changed([form(records, panel()), { horizon: 3 }], list);
  const done = await attempt(() => shared.makeFutureFrame(args[0] as never, args[1] as never));
  if (!done) return;
  expect(done.value.unique_id).toHaveLength(done.value.ds.length);
});

fuzz('missingFuture', calls, async ({ records, list }: Call) => {
  const args = changed([form(records, future()), null, { horizon: 2 }], list);
  const done = await attempt(() =>
    shared.missingFuture(args[0] as never, args[1] as never, args[2] as never),
  );
  if (done) expect(done.value.unique_id).toHaveLength(done.value.ds.length);
});

const names = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('promo', 'weekday', 'weather', 'size', 'y', 'ds') },
  { weight: 1, arbitrary: texts },
);
const lists = fc.dictionary(
  fc.constantFrom('futrExog', 'histExog', 'statExog', 'catExog', 'catEmbDim', 'catCardinalities'),
  fc.oneof(
    { weight: 4, arbitrary: fc.array(names, { maxLength: 3 }) },
    { weight: 1, arbitrary: junk },
  ),
  { maxKeys: 4 },
);

fuzz('which columns a model reads', lists, async (options) => {
  const made = await attempt(() => create({ models: [network(options)] }));
  if (!made) return;
  await attempt(async () => {
    await made.value.fit(panel() as never, { statics: statics() } as never);
    checkTable(await made.value.predict(null, { future: future() }));
  });
  await made.value.dispose();
});
