import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as implementation from '../../lib/plot/index';
import type * as contract from '../../types/plot';
import type { PlotInput } from '../../types/plot';

const { forecastChart } = implementation;
const run = promisify(execFile);
const DIST = resolve(__dirname, '../../dist');

const months = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => {
    const month = from + i;
    return `${2020 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}-01`;
  });
const history = {
  unique_id: Array(24).fill('a'),
  ds: months(0, 24),
  y: Float64Array.from(months(0, 24), (_, i) => i),
};
const holdout = {
  unique_id: Array(6).fill('a'),
  ds: months(24, 30),
  y: Float64Array.from(months(24, 30), (_, i) => 24 + i),
};
const forecast = months(24, 30).map((ds, i) => ({
  unique_id: 'a',
  ds,
  NBEATS: 25 + i,
  'NHITS-median': 23 + i,
  'NHITS-lo-95': 20 + i,
  'NHITS-lo-80': 21 + i,
  'NHITS-hi-80': 26 + i,
  'NHITS-hi-95': 27 + i,
}));
const input: PlotInput = { history, forecast, holdout };

interface Spec {
  readonly datasets: { readonly rows: readonly Record<string, number | string>[] };
  readonly layer: readonly {
    readonly mark: { readonly type: string };
    readonly encoding: Record<string, { datum?: string }>;
  }[];
  readonly params?: readonly { readonly bind: { readonly options: readonly string[] } }[];
}
const specOf = (plot: PlotInput) => forecastChart(plot).spec as unknown as Spec;

test('the implementation exports what the contract declares', () => {
  const checked: typeof contract = implementation;
  const names = [
    'forecastChart',
    'forecastPlotHtml',
    'forecastPlotSvg',
    'historyChart',
    'plotForecast',
    'plotHistory',
  ];
  expect(Object.keys(checked).sort()).toEqual(names);
});

describe('the chart', () => {
  test('has a line per model, the truth, and a band per interval', () => {
    const { layer } = specOf(input);
    const lines = layer
      .filter(({ mark }) => mark.type === 'line')
      .map(({ encoding }) => encoding.color?.datum);
    const bands = layer
      .filter(({ mark }) => mark.type === 'area')
      .map(({ encoding }) => encoding.color?.datum);
    expect(lines.sort()).toEqual(['History', 'Hold-out', 'NBEATS', 'NHITS']);
    expect(bands).toEqual(['NHITS', 'NHITS']);
  });

  test('has a row per time stamp with everything known at that time', () => {
    const { rows } = specOf(input).datasets;
    expect(rows).toHaveLength(30);
    expect(rows[0]).toEqual({ u: 'a', t: Date.UTC(2020, 0), d: '2020-01-01', history: 0 });
    expect(rows[24]).toMatchObject({ d: '2022-01-01', s: 1, holdout: 24, m0: 25, m1: 23 });
    // The hold-out continues the line of the history.
    expect(rows[23]).toMatchObject({ history: 23, holdout: 23 });
  });

  test('does without history and hold-out', () => {
    const { layer } = specOf({ forecast });
    const lines = layer
      .filter(({ mark }) => mark.type === 'line')
      .map(({ encoding }) => encoding.color?.datum);
    expect(lines).toEqual(['NBEATS', 'NHITS']);
  });

  test('keeps only the last part of a long history', () => {
    expect(specOf({ ...input, maxHistory: 5 }).datasets.rows).toHaveLength(11);
  });

  test('lets the reader choose among several series', () => {
    const two = ['a', 'b'].flatMap((unique_id) => forecast.map((row) => ({ ...row, unique_id })));
    expect(specOf({ forecast: two }).params?.[0]?.bind.options).toEqual(['a', 'b']);
    expect(specOf({ forecast: two, series: ['b'] }).datasets.rows.every(({ u }) => u === 'b')).toBe(
      true,
    );
    expect(specOf({ forecast: two, maxSeries: 1 }).params).toBeUndefined();
  });

  test('takes integer and Date time stamps, and other column names', () => {
    const integers = specOf({ forecast: { time: [1, 2], m: [3, 4] }, timeColumn: 'time' });
    expect(integers.datasets.rows.map(({ t }) => t)).toEqual([1, 2]);
    const dates = specOf({ forecast: [{ ds: new Date(Date.UTC(2020, 0)), m: 1 }] });
    expect(dates.datasets.rows[0]).toMatchObject({ t: Date.UTC(2020, 0), d: '2020-01-01' });
  });

  test('reads a stamp without a zone as UTC', () => {
    const { rows } = specOf({ forecast: [{ ds: '2020-01-01T06:30:00', m: 1 }] }).datasets;
    expect(rows[0]?.t).toBe(Date.UTC(2020, 0, 1, 6, 30));
  });

  test('leaves out values that are not numbers', () => {
    const { rows } = specOf({
      forecast: [
        { ds: 1, m: Number.NaN },
        { ds: 2, m: 1 },
      ],
    }).datasets;
    expect(rows.map((row) => 'm0' in row)).toEqual([false, true]);
  });

  test('names a missing column', () => {
    expect(() => forecastChart({ forecast: { time: [1], m: [1] } })).toThrow(
      'without the column "ds"; it has "time", "m"',
    );
  });
});

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nd-plot-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const HOSTILE = '</script><script>alert(1)</script><!--';

  // The package itself, in a process of its own: the drawing code is a bundle that tests do not import.
  beforeAll(async () => {
    const plot = {
      ...input,
      title: HOSTILE,
      history: { ...history, y: [...history.y] },
      holdout: { ...holdout, y: [...holdout.y] },
    };
    const program = `
      const { plotForecast } = require(${JSON.stringify(join(DIST, 'plot.js'))});
      const plot = plotForecast(${JSON.stringify(plot)});
      Promise.all([
        plot.save('a.html'), plot.save('a.svg'), plot.save('a.json'), plot.save('small.svg', { width: 400, height: 300 }),
        plot.save('a.png').catch((error) => console.log(error.number)),
      ]).then(() => console.log(Object.keys(globalThis).includes('neuroDivergentPlot')));`;
    const { stdout } = await run(process.execPath, ['-e', program], { cwd: folder });
    expect(stdout).toBe('E0010\nfalse\n');
  });
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');

  test('a page is whole in itself', () => {
    const html = read('a.html');
    // What a browser sees as markup: scripts end at the first closing tag, whatever they hold.
    const markup = html.replace(/(<script[^>]*>).*?(<\/script>)/gs, '$1$2');
    expect(markup.length).toBeLessThan(5000);
    expect(markup).not.toMatch(/(?:src|href|action)=/i);
    expect(markup).toContain("default-src 'none'");
    expect(markup.match(/<script/g)).toHaveLength(3);
    expect(markup).toContain('<title>&lt;/script&gt;');
    expect(html.length).toBeLessThan(2_000_000);
  });

  test('the data of a page are JSON that comes back', () => {
    const json = /<script type="application\/json" id="chart">(.*?)<\/script>/s.exec(
      read('a.html'),
    )?.[1] as string;
    expect((JSON.parse(json) as { spec: Spec }).spec.datasets.rows).toEqual(
      specOf(input).datasets.rows,
    );
  });

  test('an SVG is drawn without a canvas, for light and dark surroundings', () => {
    const svg = read('a.svg');
    expect(svg).toMatch(/^<svg [^>]*width="900" height="420"/);
    expect(svg.includes('prefers-color-scheme: dark')).toBe(true);
    for (const text of ['History', 'Hold-out', 'NBEATS', 'NHITS'])
      expect(svg.includes(`>${text}</text>`)).toBe(true);
    expect(svg.includes('NaN')).toBe(false);
    expect(svg.includes('voronoi')).toBe(false);
    expect(read('small.svg')).toMatch(/^<svg [^>]*width="400" height="300"/);
  });

  test('the specification is plain Vega-Lite', () => {
    expect(JSON.parse(read('a.json'))).toHaveProperty('$schema');
  });
});
