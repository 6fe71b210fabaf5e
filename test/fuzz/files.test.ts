/** Files: models that are saved and read, weights, CSV text and where it comes from, plots. */

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { NeuralForecast, readCsv } from '../../lib/index';
import { forecastChart, forecastPlotSvg, plotForecast } from '../../lib/plot/index';
import { temporaryFolder } from '../api/support';
import { type Change, changed, changes } from './api/change';
import { build, junk, texts } from './api/junk';
import { attempt, fuzz } from './api/property';
import { checkTable, fitted } from './api/valid';

// The drawing code is a bundle that tests do not import; what comes before it is tried.
jest.mock(
  '../../lib/plot/plot-runtime.js',
  () => {
    Object.assign(globalThis, { neuroDivergentPlot: { renderSvg: async () => '<svg></svg>' } });
  },
  { virtual: true },
);

const folder = temporaryFolder();
const file = path.join(folder, 'model.safetensors');
const damaged = path.join(folder, 'damaged.safetensors');
const weights = path.join(folder, 'weights.safetensors');
const csvFile = path.join(folder, 'data.csv');
const fixture = path.join(__dirname, '..', 'fixtures', 'v0.1.safetensors');
const CSV =
  'unique_id,ds,y,x\na,2020-01-01,1.5,1\na,2020-02-01,2,\n"b",2020-01-01,-1e3,z\nb,2020-02-01,.5,4\n';

let nf: NeuralForecast;
let saved: Buffer;
type Input = { readonly list: readonly Change[] };
const calls = fc.record({ list: changes });
const signal = () => new AbortController().signal;

beforeAll(async () => {
  nf = await fitted();
  await nf.save(file);
  saved = fs.readFileSync(fixture);
  fs.writeFileSync(csvFile, CSV);
  fs.writeFileSync(weights, fs.readFileSync(file));
});

/** Whatever a path was changed to, nothing outside of the folder is written. */
const isInside = (place: unknown) =>
  typeof place !== 'string' || place === '' || path.dirname(path.resolve(place)) === folder;

fuzz(
  'save',
  calls,
  async ({ list }: Input) => {
    const target = path.join(folder, 'saved.safetensors');
    const args = changed([target, { includeData: true, signal: signal() }], list);
    if (!isInside(args[0])) return;
    await attempt(() => nf.save(args[0] as never, args[1] as never));
    expect(nf.fitted).toBe(true);
  },
  { share: 0.5 },
);

fuzz('load', calls, async ({ list }: Input) => {
  const options = { idColumn: 'id', timeColumn: 'time', targetColumn: 'value', signal: signal() };
  const args = changed([file, options], list);
  const done = await attempt(() => NeuralForecast.load(args[0] as never, args[1] as never));
  if (!done) return;
  checkTable(await done.value.predict());
  await done.value.dispose();
});

const damage = fc.array(
  fc.record({
    at: fc.nat(),
    how: fc.constantFrom('flip', 'cut', 'insert', 'erase'),
    byte: fc.nat({ max: 255 }),
  }),
  { minLength: 1, maxLength: 4 },
);

fuzz('damaged file', damage, async (list) => {
  let bytes = Buffer.from(saved);
  for (const { at, how, byte } of list) {
    const place = bytes.length === 0 ? 0 : at % bytes.length;
    if (how === 'flip' && bytes.length > 0)
      bytes.fill((bytes[place] ?? 0) ^ (byte || 1), place, place + 1);
    else if (how === 'cut') bytes = bytes.subarray(0, place);
    else if (how === 'insert')
      bytes = Buffer.concat([bytes.subarray(0, place), Buffer.of(byte), bytes.subarray(place)]);
    else bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 8)]);
  }
  fs.writeFileSync(damaged, bytes);
  const done = await attempt(() => NeuralForecast.load(damaged));
  // Two flips may undo each other; anything else must not pass.
  if (done) expect(bytes.equals(saved)).toBe(true);
});

fuzz(
  'loadWeights',
  calls,
  async ({ list }: Input) => {
    const args = changed(['MLP', weights, { signal: signal() }], list);
    await attempt(() => nf.loadWeights(args[0] as never, args[1] as never, args[2] as never));
    checkTable(await nf.predict());
  },
  { share: 0.5 },
);

async function* chunks(pieces: readonly unknown[]) {
  yield* pieces;
}

const SOURCES: readonly (() => unknown)[] = [
  () => ({ text: CSV }),
  () => csvFile,
  () => pathToFileURL(csvFile),
  () => Buffer.from(CSV),
  () => chunks([CSV.slice(0, 20), Buffer.from(CSV.slice(20))]),
];

fuzz(
  'readCsv',
  fc.record({ base: fc.nat({ max: SOURCES.length - 1 }), list: changes }),
  async ({ base, list }) => {
    const options = {
      idColumn: 'unique_id',
      timeColumn: 'ds',
      targetColumn: 'y',
      separator: ',',
      signal: signal(),
    };
    const args = changed([SOURCES[base]?.(), options], list);
    await attempt(() => readCsv(args[0] as never, args[1] as never));
  },
);

fuzz(
  'CSV stream',
  fc.array(junk, { maxLength: 4 }),
  async (pieces) => {
    await attempt(() =>
      readCsv(chunks([CSV.slice(0, 20), ...pieces.map(build), CSV.slice(20)]) as never),
    );
  },
  { share: 0.5 },
);

const cell = fc.oneof(
  texts,
  fc.constantFrom(
    '',
    '1',
    '-1e5',
    'NaN',
    '2020-01-01',
    '"',
    '""',
    'a"b',
    '"a,b"',
    '"a\nb"',
    ' 1 ',
    '١',
    '0x10',
    '1_000',
  ),
);
const line = fc.array(cell, { maxLength: 5 }).map((cells) => cells.join(','));
const csvText = fc
  .tuple(
    fc.constantFrom('', '\ufeff'),
    fc.constantFrom('ds,y', 'unique_id,ds,y', 'y,ds,x', 'ds;y', '"ds","y"', 'ds,y,y', ''),
    fc.array(line, { maxLength: 6 }),
    fc.constantFrom('\n', '\r\n', '\r', '\n\n'),
  )
  .map(([mark, header, lines, end]) => mark + [header, ...lines].join(end));

fuzz('CSV text', csvText, async (text) => {
  const done = await attempt(() => readCsv({ text }));
  if (!done) return;
  const { ds, y, ...rest } = done.value;
  for (const column of [ds, ...Object.values(rest)]) expect(column).toHaveLength(y.length);
  for (const value of y) expect(Number.isFinite(value)).toBe(true);
});

const chartInput = () => ({
  history: { ds: ['2020-01-01', '2020-02-01'], y: [1, 2] },
  forecast: [
    { unique_id: '1', ds: '2020-03-01', MLP: 3, 'MLP-lo-80': 2, 'MLP-hi-80': 4 },
    { unique_id: '1', ds: '2020-04-01', MLP: 3, 'MLP-lo-80': 2, 'MLP-hi-80': 4 },
  ],
  holdout: { ds: ['2020-03-01'], y: [2.5] },
  title: 'Title',
  subtitle: '',
  series: ['1'],
  maxSeries: 3,
  maxHistory: 9,
  valueTitle: 'value',
  idColumn: 'unique_id',
  timeColumn: 'ds',
  targetColumn: 'y',
});

fuzz('forecastChart', calls, async ({ list }: Input) => {
  const args = changed([chartInput()], list);
  const done = await attempt(() => forecastChart(args[0] as never));
  if (done) JSON.stringify(done.value);
});

fuzz(
  'plot.save',
  calls,
  async ({ list }: Input) => {
    const plot = plotForecast(chartInput());
    const ending = list.length % 2 ? 'svg' : 'json';
    const args = changed([path.join(folder, `plot.${ending}`), { width: 300, height: 200 }], list);
    if (isInside(args[0])) await attempt(() => plot.save(args[0] as never, args[1] as never));
  },
  { share: 0.1 },
);

fuzz(
  'forecastPlotSvg',
  calls,
  async ({ list }: Input) => {
    const args = changed([{ ...forecastChart(chartInput()) }, { width: 300, height: 200 }], list);
    const done = await attempt(() => forecastPlotSvg(args[0] as never, args[1] as never));
    if (done) expect(done.value).toMatch(/^<svg/);
  },
  { share: 0.3 },
);
