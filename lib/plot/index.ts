/**
 * Plots of forecasts: a self-contained interactive page, or an SVG. A subpath of its own (`neuro-divergent/plot`),
 * because the drawing library behind it is larger than the rest of the package; it is read when something is drawn.
 *
 * @example
 * await plotForecast({ history: panel, forecast: await nf.predict() }).save('forecast.html');
 */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  ForecastPlot,
  HistoryPlotInput,
  PlotChart,
  PlotInput,
  SvgSize,
} from '../../types/plot';
import { ForecastError } from '../index';
import { optionError, readOptions } from '../options';
import { pathOption } from '../requests';
import { isObject } from '../values';
import { historyChart } from './history';
import { htmlPage } from './html';
import type { PlotRuntime } from './runtime';
import { forecastChart } from './spec';
import { darkStyleSheet } from './theme';

export { historyChart } from './history';
export { forecastChart } from './spec';

// In the package this module is dist/plot.js, beside the runtime.
const RUNTIME = join(__dirname, 'plot-runtime.js');

let runtime: PlotRuntime | undefined;

/** Pixels on a side. */
const LARGEST_SIZE = 20_000;

/** A chart of forecastChart(), perhaps after a way through JSON. What its specification says is not checked. */
function checkedChart(chart: PlotChart): PlotChart {
  if (isObject(chart)) {
    const { title, subtitle, spec, themes } = chart;
    const isChart =
      typeof title === 'string' &&
      typeof subtitle === 'string' &&
      isObject(spec) &&
      isObject(themes);
    if (isChart) return { title, subtitle, spec, themes };
  }
  throw optionError('plot', 'chart', chart, 'the result of forecastChart()');
}

/** Loads the runtime at the first drawing, and takes its global away again. */
function loadRuntime(): PlotRuntime {
  if (runtime) return runtime;
  const scope = globalThis as { neuroDivergentPlot?: PlotRuntime | undefined };
  require(RUNTIME);
  runtime = scope.neuroDivergentPlot;
  delete scope.neuroDivergentPlot;
  if (!runtime)
    throw new ForecastError(
      'ERR_ND_FILE',
      `[plot] ${RUNTIME} does not define the plot runtime; reinstall the package`,
      { file: RUNTIME },
    );
  return runtime;
}

/** Plots forecasts beside the history and the hold-out. */
export function plotForecast(input: PlotInput): ForecastPlot {
  return plotOf(forecastChart(input));
}

/** Plots how a training went. */
export function plotHistory(input: HistoryPlotInput): ForecastPlot {
  return plotOf(historyChart(input));
}

function plotOf(chart: PlotChart): ForecastPlot {
  const toHtml = () => forecastPlotHtml(chart);
  const toSvg = (size?: SvgSize) => forecastPlotSvg(chart, size);
  return {
    chart,
    toHtml,
    toSvg,
    async save(path, size) {
      const ending = /\.(html?|svg|json)$/i.exec(pathOption('plot', path))?.[1]?.toLowerCase();
      if (ending === 'svg') await write(path, await toSvg(size));
      else if (ending === 'json')
        await write(path, JSON.stringify({ ...chart.spec, config: chart.themes.light }));
      else if (ending) await write(path, await toHtml());
      else {
        throw new ForecastError(
          'ERR_ND_CONFIG',
          `[plot] received the path ${JSON.stringify(path)}, expected .html, .svg or .json at its end`,
          { path },
        );
      }
    },
  };
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = `[plot] cannot write ${path}: ${message}`;
    throw new ForecastError(
      'ERR_ND_FILE',
      problem,
      { path, reason: code ?? null },
      { cause: error },
    );
  }
}

/** The text of a self-contained page. */
export async function forecastPlotHtml(chart: PlotChart): Promise<string> {
  return htmlPage(checkedChart(chart), await readFile(RUNTIME, 'utf8'));
}

/** The text of an SVG document; needs no canvas. */
export async function forecastPlotSvg(chart: PlotChart, size: SvgSize = {}): Promise<string> {
  const { width = 900, height = 420 } = readOptions('toSvg', size, ['width', 'height']);
  for (const [name, value] of Object.entries({ width, height })) {
    if (typeof value === 'number' && value >= 1 && value <= LARGEST_SIZE) continue;
    throw optionError('toSvg', name, value, `a number of pixels in [1, ${LARGEST_SIZE}]`);
  }
  const svg = await loadRuntime().renderSvg(checkedChart(chart), width, height);
  return svg.replace(/^(<svg[^>]*>)/, `$1<style>${darkStyleSheet()}</style>`);
}
