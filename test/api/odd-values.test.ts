import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { ForecastError, mlp, NeuralForecast, readCsv } from '../../lib/index';
import { forecastChart } from '../../lib/plot/index';
import { monthly, sizes, temporaryFolder, tiny } from './support';

// What the fuzzers found and what was found beside it: values that are nearly what is expected.

const folder = temporaryFolder();
const panel = monthly(40);
const make = (options: object = {}) =>
  new NeuralForecast({ ...sizes, models: [tiny()], ...options } as never);

function revoked(): never {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy as never;
}

const tampered = () => Object.assign(new AbortController().signal, { constructor: 1 });

async function codeOf(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (error instanceof ForecastError) return error.code;
    throw error;
  }
  return 'none';
}

const wide = () => {
  let value: unknown = 1;
  for (let level = 0; level < 9; level++) value = Array(10).fill(value);
  return value as never;
};
const lying = (length: unknown) =>
  new Proxy([1, 2], { get: (array, key) => (key === 'length' ? length : Reflect.get(array, key)) });

describe('constructor', () => {
  test.each<[string, () => unknown]>([
    ['half of a pair of code units in a name', () => make({ idColumn: 'a\ud800' })],
    ['the same in an alias', () => make({ models: [tiny({ alias: '\udc00' })] })],
    ['a list of four billion holes', () => mlpOf(new Array(4_294_967_295))],
    ['few lists that read as a billion values', () => mlpOf(wide())],
    ['two columns of one name', () => make({ timeColumn: 'y' })],
    [
      'a forecast under the name of another column',
      () => make({ models: [tiny({ alias: 'ds' })] }),
    ],
    ['forecasts of two models under one name', () => twice()],
    ['options that cannot be read', () => new NeuralForecast(revoked())],
    ['a model that cannot be read', () => make({ models: [revoked()] })],
    ['a frequency that is an object', () => make({ frequency: {} })],
    ['a factory that is given a number', () => mlp(5 as never)],
  ])('%s: E0010', async (_what, call) => {
    expect(await codeOf(call)).toBe('ERR_ND_CONFIG');
  });

  const mlpOf = (hiddenSize: unknown) => make({ models: [mlp({ hiddenSize } as never)] });
  const twice = () => {
    const levels = { type: 'MQLoss', options: { levels: [80] } };
    return make({ models: [tiny({ alias: 'a', loss: levels }), tiny({ alias: 'a-lo-80' })] });
  };

  test('an option is read once, so that what is checked is what is used', () => {
    let reads = 0;
    const options = Object.defineProperty({ ...sizes }, 'models', {
      get: () => (reads++ === 0 ? [tiny()] : 7),
      enumerable: true,
    });
    expect(new NeuralForecast(options as never).columns).toEqual(['MLP']);
    expect(reads).toBe(1);
  });
});

describe('tables', () => {
  test.each<[string, unknown, string]>([
    ['a proxy that was revoked', revoked(), 'ERR_ND_DATA'],
    ['toColumns() that gives nothing', { toColumns: () => null }, 'ERR_ND_DATA'],
    ['a record that cannot be read', [{ ds: 1, y: 1 }, revoked()], 'ERR_ND_DATA'],
    ['a negative length', { ds: lying(-1), y: [1] }, 'ERR_ND_DATA'],
    ['a length that is no number', lying('x'), 'ERR_ND_DATA'],
    ['an id that UTF-8 cannot hold', [{ unique_id: '\ud800', ds: 1, y: 1 }], 'ERR_ND_DATA'],
    ['what claims to be a Date', [{ ds: { [Symbol.toStringTag]: 'Date' }, y: 1 }], 'ERR_ND_DATA'],
    [
      'more rows than memory',
      { ds: new Array(2 ** 32 - 1), y: new Array(2 ** 32 - 1) },
      'ERR_ND_MEMORY',
    ],
  ])('%s', async (_what, table, code) => {
    expect(await codeOf(() => make().fit(table as never))).toBe(code);
  });

  test('200 000 columns', async () => {
    const names = Array.from({ length: 200_000 }, (_, i) => [`c${i}`, [1]]);
    const error = await make()
      .fit(Object.fromEntries(names))
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_ND_DATA' });
    expect((error as Error).message.length).toBeLessThan(2000);
  });

  test('a column named __proto__ is a column', async () => {
    const nf = make({ models: [tiny({ alias: '__proto__' })] });
    await nf.fit(panel);
    const [record] = (await nf.predict()).toRecords();
    expect(Object.keys(record as object)).toEqual(['unique_id', 'ds', '__proto__']);
  });

  test('an unknown column, whatever it is, is a RangeError', async () => {
    const nf = make();
    await nf.fit(panel);
    const table = await nf.predict();
    expect(() => table.column(Symbol('x') as never)).toThrow(RangeError);
  });
});

describe('calls', () => {
  test.each<[string, object]>([
    ['more threads than any machine has', { threads: 100_000 }],
    ['a signal without its methods', { signal: { addEventListener: () => undefined } }],
    ['a signal that cannot be read', { signal: revoked() }],
    ['a signal that was tampered with', { signal: tampered() }],
    ['what only inherits from signals', { signal: Object.create(AbortSignal.prototype) }],
  ])('%s: E0010', async (_what, options) => {
    expect(await codeOf(() => make().fit(panel, options as never))).toBe('ERR_ND_CONFIG');
  });

  test('windows that are proxies, or longer than memory', async () => {
    const nf = make();
    await nf.fit(panel);
    const predictor = await nf.predictor();
    const proxy = new Proxy(Float64Array.from(panel.y), {});
    expect(await codeOf(() => predictor.predictSync(proxy as never))).toBe('ERR_ND_CONFIG');
    expect(await codeOf(() => predictor.predictSync({ windows: proxy } as never))).toBe(
      'ERR_ND_SHAPE',
    );
    expect(await codeOf(() => predictor.predictSync(revoked()))).toBe('ERR_ND_SHAPE');
    expect(await codeOf(() => predictor.predictSync(lying(2 ** 50) as never))).toBe(
      'ERR_ND_MEMORY',
    );
  });

  test('a named pipe is no model file, and opening it does not wait for a writer', async () => {
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(await codeOf(() => NeuralForecast.load(pipe))).toBe('ERR_ND_FILE');
  });

  test('errors of a code that nobody knows', () => {
    expect(new ForecastError('toString' as never, 'x').help).toBe('docs/errors.md#e0014');
  });
});

describe('CSV and plots', () => {
  test.each<[string, () => unknown, string]>([
    ['a URL of another kind', () => readCsv(new URL('https://example.com/x.csv')), 'ERR_ND_CONFIG'],
    ['a proxy of a URL', () => readCsv(new Proxy(new URL('file:///x'), {})), 'ERR_ND_CONFIG'],
    [
      'rows of no length',
      () => forecastChart({ forecast: lying(Symbol('x')) as never }),
      'ERR_ND_DATA',
    ],
    ['a quote as separator', () => readCsv({ text: 'ds,y' }, { separator: '"' }), 'ERR_ND_CONFIG'],
    ['a source that cannot be read', () => readCsv(revoked()), 'ERR_ND_CONFIG'],
    ['a stream that throws nothing', () => readCsv(nothing() as never), 'ERR_ND_FILE'],
    ['a chart of null rows', () => forecastChart({ forecast: [null] as never }), 'ERR_ND_DATA'],
    [
      'a stamp that is none',
      () => forecastChart({ forecast: { ds: [{}], MLP: [1] } }),
      'ERR_ND_DATA',
    ],
    [
      'a title that is none',
      () => forecastChart({ forecast: [], title: {} as never }),
      'ERR_ND_DATA',
    ],
    [
      'series that are none',
      () => forecastChart({ forecast: { ds: [1], MLP: [1] }, series: 5 as never }),
      'ERR_ND_CONFIG',
    ],
  ])('%s', async (_what, call, code) => {
    expect(await codeOf(call)).toBe(code);
  });

  // biome-ignore lint/correctness/useYield: it ends before it could
  async function* nothing() {
    throw undefined;
  }
});
