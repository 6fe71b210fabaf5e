/**
 * The drawing half of a plot, bundled into one file (dist/plot-runtime.js) that serves twice: inlined into the HTML
 * page, and loaded by Node to render SVG. Vega is large, so nothing else of the package may import this file. It is a plain
 * script, and what it offers is the global `neuroDivergentPlot`.
 */

import * as vega from 'vega';
import embed from 'vega-embed';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { PlotChart } from '../../types/plot';
import { POINTER } from './theme';

/** Mean glyph width in em. Vega's own estimate without a canvas, 0.8, spaces legends too far apart. */
const GLYPH_WIDTH = 0.56;

const measured = vega as unknown as {
  textMetrics: { width(item: { fontSize?: number }, text?: unknown): number };
};

/** Renders a chart as the text of an SVG document; width and height in px. */
async function renderSvg(chart: PlotChart, width: number, height: number): Promise<string> {
  measured.textMetrics.width = (item, text) =>
    String(text ?? '').length * (item.fontSize ?? 11) * GLYPH_WIDTH;
  // Clip paths are numbered per process; the same chart must give the same text.
  vega.resetSVGDefIds();
  const layers = chart.spec.layer as readonly { readonly name?: string }[];
  const layer = layers.filter(({ name }) => name !== POINTER);
  const spec = { ...chart.spec, layer, width, height, config: chart.themes.light };
  const parsed = vega.parse(compile(spec as unknown as TopLevelSpec).spec);
  const view = new vega.View(parsed, { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** Draws a chart in the element that `selector` names; follows the colour scheme of the system and the element's width. */
async function mount(selector: string, chart: PlotChart): Promise<void> {
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const draw = async () => {
    await embed(selector, chart.spec as unknown as TopLevelSpec, {
      config: (dark.matches ? chart.themes.dark : chart.themes.light) as object,
      renderer: 'svg',
      // The editor would send the data to another site; saving an image stays on the page.
      actions: { export: true, source: false, compiled: false, editor: false },
      downloadFileName: 'forecast',
      tooltip: { theme: dark.matches ? 'dark' : 'light' },
    });
  };
  dark.addEventListener('change', draw);
  await draw();
}

/** What the script defines. */
export interface PlotRuntime {
  renderSvg: typeof renderSvg;
  mount: typeof mount;
}

Object.assign(globalThis, { neuroDivergentPlot: { renderSvg, mount } satisfies PlotRuntime });
