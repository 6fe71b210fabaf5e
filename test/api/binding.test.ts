import { binding, prebuildTarget } from '../../lib/binding';
import type {
  NativeAdaptiveIntervals,
  NativeBinding,
  NativeForecaster,
  NativeNames,
  NativePanel,
  NativePanelInput,
  NativePredictor,
  NativeTable,
} from '../../lib/native';
import { runJob } from '../../lib/job';
import { tiny } from './support';

type Members<Interface> = Record<keyof Interface, 'function'>;
const bindingMembers: Members<NativeBinding> = {
  runtimeInfo: 'function',
  registry: 'function',
  stats: 'function',
  createPanel: 'function',
  createForecaster: 'function',
  loadForecaster: 'function',
  importForecaster: 'function',
  createAdaptiveIntervals: 'function',
  shutDown: 'function',
};
const panelMembers: Members<NativePanel> = { describe: 'function', dispose: 'function' };
const tableMembers: Members<NativeTable> = {
  describe: 'function',
  ids: 'function',
  copyTo: 'function',
  dispose: 'function',
};
const forecasterMembers: Members<NativeForecaster> = {
  fit: 'function',
  predict: 'function',
  simulate: 'function',
  predictInsample: 'function',
  futureFrame: 'function',
  crossValidation: 'function',
  findLearningRate: 'function',
  checkOneBatch: 'function',
  findBatchSize: 'function',
  save: 'function',
  loadWeights: 'function',
  exportParts: 'function',
  summary: 'function',
  info: 'function',
  names: 'function',
  predictor: 'function',
  adaptiveIntervals: 'function',
  clone: 'function',
  dispose: 'function',
};
const namesMembers: Members<NativeNames> = {
  count: 'function',
  read: 'function',
  dispose: 'function',
};
const predictorMembers: Members<NativePredictor> = {
  describe: 'function',
  predictSync: 'function',
  predict: 'function',
  dispose: 'function',
};

const adaptiveMembers: Members<NativeAdaptiveIntervals> = {
  describe: 'function',
  forecast: 'function',
  update: 'function',
  save: 'function',
  dispose: 'function',
};

const membersOf = (object: object) =>
  Object.fromEntries(
    Object.getOwnPropertyNames(object)
      .filter((name) => name !== 'constructor')
      .map((name) => [name, typeof (object as Record<string, unknown>)[name]]),
  );
const methodsOf = (object: object) => membersOf(Object.getPrototypeOf(object));

const rows = 24;
const input: NativePanelInput = {
  names: new TextEncoder().encode('1'),
  nameEnds: Int32Array.of(1),
  series: new Int32Array(rows),
  times: BigInt64Array.from({ length: rows }, (_, i) => BigInt(i)),
  target: Float64Array.from({ length: rows }, (_, i) => i % 5),
  features: [],
  statics: [],
  calendar: false,
  frequency: '',
  missing: false,
};
const config = JSON.stringify({ horizon: 2, inputSize: 4, models: [tiny()] });

let panel: NativePanel;
let forecaster: NativeForecaster;
beforeAll(async () => {
  panel = await runJob<NativePanel>((done) => binding().createPanel(input, done));
  forecaster = binding().createForecaster(config);
  await runJob<string>((done) => forecaster.fit(panel, '{}', null, done, null, null));
});

test('the binary has every member of the contract, and no other', async () => {
  expect(membersOf(binding())).toEqual(bindingMembers);
  expect(methodsOf(panel)).toEqual(panelMembers);
  expect(methodsOf(forecaster)).toEqual(forecasterMembers);
  const table = await runJob<NativeTable>((done) => forecaster.predict(null, '{}', null, done));
  expect(methodsOf(table)).toEqual(tableMembers);
  const predictor = await runJob<NativePredictor>((done) => forecaster.predictor('', done));
  expect(methodsOf(predictor)).toEqual(predictorMembers);
  expect(methodsOf(forecaster.names())).toEqual(namesMembers);
  const state = { horizon: 1, levels: [80], rate: 0.1, series: {} };
  const adaptive = binding().createAdaptiveIntervals(JSON.stringify(state));
  expect(methodsOf(adaptive)).toEqual(adaptiveMembers);
});

test('descriptions are JSON', () => {
  expect(JSON.parse(panel.describe())).toEqual({
    series: 1,
    rows,
    frequency: '1',
    calendar: false,
    sorted: true,
    shortest: rows,
    longest: rows,
  });
  expect(JSON.parse(binding().stats())).toEqual({ inFlight: 0, capacity: 1024 });
  expect(JSON.parse(binding().registry())).toHaveProperty('models');
});

test('a method on the wrong object is refused', () => {
  const stolen = Object.getPrototypeOf(panel).describe as () => string;
  for (const self of [forecaster, {}, Object.create(panel), null, 7]) {
    expect(() => stolen.call(self)).toThrow();
  }
  const Stolen = Object.getPrototypeOf(panel).constructor as new () => NativePanel;
  expect(() => new Stolen().describe()).toThrow(
    expect.objectContaining({ message: expect.stringMatching(/expected a native panel/) }),
  );
});

test('wrong arguments are refused, never a crash', () => {
  const native = binding() as unknown as Record<string, (...values: unknown[]) => unknown>;
  const nativeFit = forecaster.fit.bind(forecaster) as (...values: unknown[]) => unknown;
  const done = () => undefined;
  const wrong: (() => unknown)[] = [
    () => native.createPanel!(),
    () => native.createPanel!({}, done),
    () => native.createPanel!({ ...input, series: new Float64Array(rows) }, done),
    () => native.createPanel!({ ...input, times: new BigInt64Array(1) }, done),
    () => native.createPanel!({ ...input, names: ['1'] }, done),
    () => native.createPanel!({ ...input, nameEnds: new Float64Array(1) }, done),
    () => native.createPanel!(input, 'done'),
    () => native.createForecaster!('no json'),
    () => native.createForecaster!('[1]'),
    () => native.loadForecaster!(),
    () => native.importForecaster!('file'),
    () => nativeFit(),
    () => nativeFit(panel, '{}', null),
    () => nativeFit(forecaster, '{}', null, done),
  ];
  for (const call of wrong) expect(call).toThrow();
  expect(JSON.parse(binding().stats()).inFlight).toBe(0);
});

test('an output whose buffer was transferred meanwhile is E0002', async () => {
  const predictor = await runJob<NativePredictor>((done) => forecaster.predictor('', done));
  const out = new Float64Array(2);
  const job = runJob<null>((done) =>
    predictor.predict(Float64Array.of(1, 2, 3, 4), 1, out, null, done),
  );
  structuredClone(out, { transfer: [out.buffer] });
  await expect(job).rejects.toMatchObject({
    number: 'E0002',
    message: expect.stringMatching(/detached/),
  });
});

test('a full queue is E0012, and the calls in it still settle', async () => {
  const predictor = await runJob<NativePredictor>((done) => forecaster.predictor('', done));
  const ask = () =>
    runJob<null>((done) =>
      predictor.predict(Float64Array.of(1, 2, 3, 4), 1, new Float64Array(2), null, done),
    );
  const results = await Promise.allSettled(Array.from({ length: 1100 }, ask));
  const refused = results.filter((r) => r.status === 'rejected');
  expect(refused.length).toBeGreaterThanOrEqual(1100 - 1024);
  for (const { reason } of refused) expect(reason).toMatchObject({ number: 'E0012' });
  await expect(ask()).resolves.toBeNull();
});

test('disposed objects are E0012, also for a job that has not started', () => {
  const other = binding().createForecaster(config);
  other.dispose();
  other.dispose();
  expect(() => other.info()).toThrow(expect.objectContaining({ number: 'E0012' }));
});

test('dispose during a job is safe', async () => {
  const other = binding().createForecaster(config);
  const job = runJob<string>((done) => other.fit(panel, '{}', null, done, null, null));
  other.dispose();
  await expect(job).resolves.toMatch(/"steps":5/);
});

describe('a binary that cannot be loaded', () => {
  const saved = process.env.ND_BINDING_PATH;
  afterEach(() => {
    if (saved === undefined) delete process.env.ND_BINDING_PATH;
    else process.env.ND_BINDING_PATH = saved;
  });

  test('is E0013 naming platform, libc and every file tried', () => {
    process.env.ND_BINDING_PATH = '/nonexistent/neuro_divergent.node';
    jest.isolateModules(() => {
      const fresh = require('../../lib/binding') as typeof import('../../lib/binding');
      let error: { code?: string; number?: string; message?: string; details?: unknown } = {};
      try {
        fresh.binding();
      } catch (thrown) {
        error = thrown as typeof error;
      }
      expect(error).toMatchObject({ code: 'ERR_ND_BINARY', number: 'E0013' });
      expect(error.message).toContain('/nonexistent/neuro_divergent.node');
      expect(error.message).toContain(prebuildTarget());
      expect(error.details).toMatchObject({
        attempts: [{ file: '/nonexistent/neuro_divergent.node', error: expect.any(String) }],
      });
    });
  });
});
