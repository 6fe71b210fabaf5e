import { NeuralForecast, nlinear } from '../../lib/index';
import { HORIZON, future, model, panel, ROWS, rowsOf, statics } from './exogenous-data';

// Predictors of models that read columns beside the target.

const nf = new NeuralForecast({ horizon: HORIZON, inputSize: 6, models: [model()] });
let base: number[];
beforeAll(async () => {
  await nf.fit(panel, { statics });
  base = [...(await nf.predict(null, { future })).column('NHITS')];
});
afterAll(() => nf.dispose());

describe('a predictor', () => {
  const column = <Name extends keyof (typeof panel)[0]>(name: Name, id: string, rows = panel) =>
    rows.filter(({ unique_id }) => unique_id === id).map((row) => row[name]);
  const all = [...panel, ...rowsOf(ROWS, ROWS + HORIZON)];
  /** The windows of some series, as predict() reads them from the tables. */
  const request = (...ids: string[]) => ({
    windows: ids.flatMap((id) => column('y', id)),
    count: ids.length,
    exogenous: {
      promo: ids.flatMap((id) => column('promo', id, all)),
      weekday: ids.flatMap((id) => column('weekday', id, all)),
      open: ids.flatMap((id) => column('open', id, all)),
      weather: Float64Array.from(ids.flatMap((id) => column('weather', id))),
    },
    statics: {
      size: ids.map((id) => (id === 'a' ? 1 : 2)),
      region: ids.map((id) => (id === 'a' ? 'south' : 'north')),
    },
  });

  test('gives the bits of predict', async () => {
    const predictor = await nf.predictor();
    expect(predictor.exogenous).toEqual({
      futrExog: ['promo', 'open', 'weekday'],
      histExog: ['weather'],
      statExog: ['size', 'region'],
    });
    expect([...predictor.predictSync(request('a', 'b'))]).toEqual(base);
    expect([...(await predictor.predict(request('a', 'b')))]).toEqual(base);
    for (const [i, id] of ['a', 'b'].entries()) {
      const alone = [...predictor.predictSync(request(id))];
      for (const [h, value] of alone.entries()) {
        expect(value).toBeCloseTo(base[i * HORIZON + h] as number, 4);
      }
    }
    await predictor.dispose();
  });

  test('a text that the fit did not see, another step to come', async () => {
    const predictor = await nf.predictor();
    const asked = request('a');
    const before = predictor.predictSync(asked);
    const weekdays = [...asked.exogenous.weekday];
    weekdays[ROWS] = 'sun';
    const exogenous = { ...asked.exogenous, weekday: weekdays };
    const unseen = predictor.predictSync({ ...asked, exogenous });
    expect(unseen).not.toEqual(before);
    const row = future.map((known, i) => (i === 0 ? { ...known, weekday: 'sun' } : known));
    const table = await nf.predict(null, { future: row });
    for (const [h, value] of [...unseen].entries()) {
      expect(value).toBeCloseTo(table.column('NHITS')[h] as number, 4);
    }
    await predictor.dispose();
  });

  test('says what is wrong', async () => {
    const predictor = await nf.predictor();
    const one = request('a');
    const { promo: given, ...without } = one.exogenous;
    const wrong: [object, string, RegExp][] = [
      [{ exogenous: without }, 'E0004', /reads the future column "promo", which is missing/],
      [{ exogenous: { ...without, promo: given.slice(HORIZON) } }, 'E0004', /the steps to come/],
      [{ exogenous: { ...without, promo: [1] } }, 'E0002', /received 1 values, expected 33/],
      [{ exogenous: { ...one.exogenous, wether: [1] } }, 'E0004', /did you mean "weather"/],
      [{ statics: undefined }, 'E0004', /the static column "size", which is missing/],
      [{ exogenous: [] }, 'E0010', /an array of 0, expected an object of columns by name/],
      [{ exogenous: { ...without, promo: 3 } }, 'E0002', /received 3 as the column "promo"/],
      [{ exogenous: { ...without, promo: [1, 'x'] } }, 'E0011', /value 1 is "x", a text/],
      [{ exogenous: { ...without, promo: [null] } }, 'E0011', /"promo", value 0 is missing/],
      [
        { exogenous: { ...without, promo: new Float64Array(ROWS + HORIZON).fill(Number.NaN) } },
        'E0011',
        /received nan at place 0/,
      ],
      [{ exogenous: { ...without, promo: given.map(String) } }, 'E0011', /holds texts/],
      [{ statcs: {} }, 'E0010', /did you mean "statics"/],
    ];
    for (const [change, number, message] of wrong) {
      const asked = { ...one, ...change } as typeof one;
      const failure = { number, message: expect.stringMatching(message) };
      expect(() => predictor.predictSync(asked)).toThrow(expect.objectContaining(failure));
      await expect(predictor.predict(asked)).rejects.toMatchObject(failure);
    }
    await predictor.dispose();
  });

  test('of a model that reads none', async () => {
    const plain = new NeuralForecast({
      horizon: 2,
      inputSize: 4,
      models: [nlinear({ maxSteps: 1 })],
    });
    await plain.fit(panel);
    const predictor = await plain.predictor();
    expect(predictor.exogenous).toEqual({ futrExog: [], histExog: [], statExog: [] });
    const windows = [1, 2, 3, 4];
    const bare = predictor.predictSync(windows);
    expect(predictor.predictSync({ windows, exogenous: {}, statics: {} })).toEqual(bare);
    expect(() => predictor.predictSync({ windows, exogenous: { promo: [1] } })).toThrow(
      /"promo" in exogenous, which NLinear does not read; expected none/,
    );
    await plain.dispose();
  });
});
