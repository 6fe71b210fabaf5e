/** Constructor, fit and what is asked of a fitted object. */

import fc from 'fast-check';
import { NeuralForecast, registry } from '../../lib/index';
import * as factories from '../../lib/models.generated';
import { type Change, changed, changes } from './api/change';
import { build, type Junk, junk, keys } from './api/junk';
import { attempt, fuzz } from './api/property';
import { ALL_TABLES, checkTable, create, fitted, network, SIZES, TABLES } from './api/valid';

const tables = fc.nat({ max: ALL_TABLES.length - 1 });
type Call<Kind> = { readonly table: Kind; readonly list: readonly Change[] };
const calls = fc.record({ table: tables, list: changes });
const maybe = fc.record({ table: fc.option(tables), list: changes });
const tableOf = (table: number | null) => (table === null ? null : ALL_TABLES[table]?.());

let shared: NeuralForecast;
let before: number[];
const answer = async (nf: NeuralForecast) => checkTable(await nf.predict());

beforeAll(async () => {
  shared = await fitted();
  before = await answer(shared);
});

/** Whatever was asked, the object answers as before. */
const expectUsable = async () => expect(await answer(shared)).toEqual(before);

const OPTIONS: readonly (() => object)[] = [
  () => ({ ...SIZES, models: [network(), network({ alias: 'second' })], frequency: 'MS' }),
  () => ({ models: [network(SIZES)], localScaler: 'standard', timeZone: 'Europe/Berlin' }),
  () => ({
    ...SIZES,
    models: [
      {
        type: 'NHITS',
        alias: 'n',
        options: {
          maxSteps: 1,
          mlpUnits: [
            [4, 4],
            [4, 4],
            [4, 4],
          ],
        },
      },
    ],
    idColumn: 'id',
    timeColumn: 'time',
    targetColumn: 'value',
    compat: 'neuralforecast',
  }),
  () => ({
    ...SIZES,
    models: [
      network({ loss: { type: 'MQLoss', options: { levels: [80] } }, validLoss: { type: 'MAE' } }),
    ],
  }),
];

fuzz(
  'constructor',
  fc.record({ base: fc.nat({ max: OPTIONS.length - 1 }), list: changes }),
  async ({ base, list }) => {
    const args = changed([OPTIONS[base]?.()], list);
    const made = await attempt(() => new NeuralForecast(args[0] as never));
    if (!made) return;
    const info = made.value.info();
    expect(made.value.fitted).toBe(false);
    expect(new Set(made.value.columns).size).toBe(made.value.columns.length);
    expect(info.models).toHaveLength(info.models.length);
    await made.value.dispose();
  },
);

const LARGEST = 64;
const MOST_PARAMETERS = 20_000;

/** Whether a fit takes milliseconds. */
function isSmall(nf: NeuralForecast): boolean {
  return nf.info().models.every(({ parameters, options }) => {
    const sizes = JSON.stringify(options).match(/\d+/g) ?? [];
    const { horizon, inputSize } = options as { horizon: number; inputSize: number };
    return (
      parameters <= MOST_PARAMETERS &&
      horizon <= LARGEST &&
      inputSize <= LARGEST &&
      sizes.every((text) => Number(text) <= 1024)
    );
  });
}

const { models, losses, training, common } = registry();
const model = fc.constantFrom(...models);
const modelInputs = model.chain((spec) => {
  const names = [...spec.params, ...training, ...common].map(({ name }) => name);
  return fc.record({
    name: fc.constant(spec.name),
    options: fc.array(
      fc.tuple(
        fc.oneof(
          { weight: 9, arbitrary: fc.constantFrom(...names) },
          { weight: 1, arbitrary: keys },
        ),
        junk,
      ),
      { maxLength: 3 },
    ),
    loss: fc.option(
      fc.tuple(
        fc.constantFrom(...losses.map(({ type }) => type)),
        fc.array(
          fc.tuple(
            fc.constantFrom('levels', 'quantiles', 'q', 'delta', 'horizonWeight', 'seasonality'),
            junk,
          ),
          { maxLength: 2 },
        ),
      ),
    ),
  });
});

const described = (options: readonly (readonly [string, Junk])[]) =>
  Object.fromEntries(options.map(([name, value]) => [name, build(value)]));

fuzz(
  'models',
  modelInputs,
  async ({ name, options, loss }) => {
    const make = (factories as Record<string, unknown>)[name.toLowerCase()] as (
      o: object,
    ) => object;
    const base = name === 'TSMixer' ? { nSeries: 1 } : {};
    const made = await attempt(() => {
      const extra = loss ? { loss: { type: loss[0], options: described(loss[1]) } } : {};
      const description = make({
        maxSteps: 1,
        windowsBatchSize: 4,
        ...base,
        ...extra,
        ...described(options),
      });
      return new NeuralForecast({ ...SIZES, models: [description] } as never);
    });
    if (!made) return;
    const nf = made.value;
    if (isSmall(nf)) {
      await attempt(async () => {
        await nf.fit(TABLES[0]?.() as never);
        checkTable(await nf.predict());
      });
    }
    await nf.dispose();
  },
  { share: 0.5 },
);

fuzz(
  'factories',
  fc.tuple(fc.constantFrom(...Object.keys(factories)), junk),
  async ([name, options]) => {
    const make = (factories as Record<string, unknown>)[name] as (o: unknown) => object;
    const made = await attempt(() => make(build(options)));
    if (made) expect(Object.isFrozen(made.value)).toBe(true);
  },
);

fuzz('fit', calls, async ({ table, list }: Call<number>) => {
  const nf = create();
  const args = changed(
    [
      tableOf(table),
      {
        valSize: 2,
        fromScratch: false,
        threads: 1,
        onProgress: () => undefined,
        signal: new AbortController().signal,
      },
    ],
    list,
  );
  const done = await attempt(() => nf.fit(args[0] as never, args[1] as never));
  if (done) {
    expect(done.value.rows).toBeGreaterThanOrEqual(done.value.series);
    expect(done.value.models).toHaveLength(1);
    await attempt(async () => checkTable(await nf.predict()));
  } else if (!nf.fitted) {
    await nf.fit(TABLES[0]?.() as never);
    checkTable(await nf.predict());
  }
  await nf.dispose();
});

fuzz('predict', maybe, async ({ table, list }: Call<number | null>) => {
  const args = changed([tableOf(table), { horizon: 2, threads: 1, refitSeriesScaler: true }], list);
  const done = await attempt(() => shared.predict(args[0] as never, args[1] as never));
  if (done) checkTable(done.value);
  await expectUsable();
});

fuzz('predictInsample', maybe, async ({ table, list }: Call<number | null>) => {
  const args = changed([tableOf(table), { stepSize: 3, threads: 1 }], list);
  const done = await attempt(() => shared.predictInsample(args[0] as never, args[1] as never));
  if (done) checkTable(done.value);
  await expectUsable();
});

fuzz('crossValidation', maybe, async ({ table, list }: Call<number | null>) => {
  const call = {
    windows: 2,
    stepSize: 2,
    horizon: 2,
    refit: true,
    fromScratch: true,
    useFitted: false,
    valSize: 0,
    threads: 1,
  };
  const args = changed([tableOf(table), call], list);
  const done = await attempt(() => shared.crossValidation(args[0] as never, args[1] as never));
  if (done) {
    checkTable(done.value);
    expect(done.value.cutoff).toHaveLength(done.value.length);
  }
  await expectUsable();
});

fuzz(
  'table',
  fc.tuple(junk, keys, keys),
  async ([name, idColumn, alias]) => {
    const made = await attempt(() => create({ idColumn, models: [network({ alias })] }));
    if (!made) return;
    const nf = made.value;
    const columns = { ...(TABLES[2]?.() as Record<string, unknown>) };
    const ids = columns.unique_id;
    const table = Object.defineProperty(columns, idColumn, { value: ids, enumerable: true });
    const done = await attempt(() => nf.fit(table as never));
    if (!done) return;
    const forecast = await nf.predict();
    checkTable(forecast);
    expect(Object.keys(forecast.toColumns())).toHaveLength(forecast.columns.length);
    try {
      forecast.column(build(name) as never);
    } catch (error) {
      // What the page of the class says: a RangeError for an unknown name.
      expect(error).toBeInstanceOf(RangeError);
    }
    await nf.dispose();
  },
  { share: 0.3 },
);

test('the shared object is as it was', expectUsable);
