// The plot of docs/performance.md: how many times as long as ours each peer takes.

import * as vega from 'vega';
import { compile } from 'vega-lite';

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';
/** Mean glyph width in em; Vega's own estimate without a canvas spaces labels too far apart. */
const GLYPH_WIDTH = 0.56;

/** The text of an SVG, or undefined when there is nothing to draw. `rows` have peers and seconds. */
export async function drawPlot(rows) {
  if (rows.length === 0) return undefined;
  const values = rows.flatMap((row) =>
    Object.entries(row.peers).map(([peer, { median }]) => ({
      work: `${row.work}${row.threads ? `, ${row.threads}T` : ''}`,
      peer,
      times: median / row.ours.median,
    })),
  );
  const spec = {
    data: { values },
    width: 520,
    height: { step: 17 },
    title: {
      text: "A peer's time over ours, logarithmic",
      subtitle: 'Right of the line we are faster. Medians of one run, in turns.',
      anchor: 'start',
    },
    layer: [
      {
        mark: { type: 'rule', color: '#59636e', strokeDash: [2, 3] },
        encoding: { x: { datum: 1 } },
      },
      {
        mark: { type: 'point', filled: true, size: 55, opacity: 0.9 },
        encoding: {
          y: { field: 'work', type: 'nominal', sort: null, title: null, axis: { grid: true } },
          x: {
            field: 'times',
            type: 'quantitative',
            scale: { type: 'log' },
            title: 'times',
            axis: { grid: true },
          },
          color: { field: 'peer', type: 'nominal', title: null },
        },
      },
    ],
    config: {
      background: '#ffffff',
      font: FONT,
      view: { stroke: null },
      axis: {
        gridColor: '#e7eaee',
        labelColor: '#59636e',
        labelLimit: 260,
        domainColor: '#59636e',
      },
      legend: { orient: 'bottom', labelColor: '#24292f' },
      range: { category: ['#0969da', '#d4570c', '#0f8a5f', '#8250df', '#bf3989'] },
    },
  };
  vega.textMetrics.width = (item, text) =>
    String(text ?? '').length * (item.fontSize ?? 11) * GLYPH_WIDTH;
  vega.resetSVGDefIds();
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}
