/**
 * Plots of forecasts: a self-contained interactive page, or an SVG. Imported as `neuro-divergent/plot`.
 *
 * @example
 * await plotForecast({ history: panel, forecast: await nf.predict() }).save('forecast.html');
 *
 * @module neuro-divergent/plot
 */

/** An object of columns, an array of records, or a result with `toRecords()`. */
export type PlotTable =
  | readonly Readonly<Record<string, unknown>>[]
  | Readonly<Record<string, unknown>>
  | {
      /** The rows as plain records. */
      toRecords(): readonly Readonly<Record<string, unknown>>[];
    };

/** What to draw. */
export interface PlotInput {
  /** Observed values up to the start of the forecast: `unique_id`, `ds`, `y`. */
  readonly history?: PlotTable;
  /** The result of `predict()`: `unique_id`, `ds`, one column per model, `-lo-`/`-hi-` columns as bands. */
  readonly forecast: PlotTable;
  /** Observed values that the models have not seen: `unique_id`, `ds`, `y`. */
  readonly holdout?: PlotTable;
  /** @default 'Forecast' */
  readonly title?: string;
  /** @default the series and the models */
  readonly subtitle?: string;
  /** Names of the series to draw. @default the first `maxSeries` of the forecast */
  readonly series?: readonly string[];
  /** At most so many series; a page lets the reader choose among them, an SVG shows the first. @default 50 */
  readonly maxSeries?: number;
  /** At most so many last observations per series. @default 2000 */
  readonly maxHistory?: number;
  /** Title of the vertical axis. @default '' */
  readonly valueTitle?: string;
  /** @default 'unique_id' */
  readonly idColumn?: string;
  /** @default 'ds' */
  readonly timeColumn?: string;
  /** @default 'y' */
  readonly targetColumn?: string;
}

/** What to draw of a training. */
export interface HistoryPlotInput {
  /** The result of `nf.history()`, or a table with its columns: `model`, `step` and what is shown. */
  readonly history: PlotTable;
  /**
   * `'loss'`: `trainLoss`, and `validLoss` where there is one; `'learningRate'`; `'gradientNorm'`, of all weights together
   * and of each, of fits with `monitorGradients`. Rates and norms of 0 are left out. @default 'loss'
   */
  readonly show?: 'loss' | 'learningRate' | 'gradientNorm';
  /** @default 'Training' */
  readonly title?: string;
  /** @default 'Loss by step', or what else is shown */
  readonly subtitle?: string;
}

/** A Vega-Lite config. */
export type PlotTheme = Readonly<Record<string, unknown>>;

/** A chart, ready to be drawn: a Vega-Lite specification and its two themes. Plain JSON. */
export interface PlotChart {
  /** Title above the chart. */
  readonly title: string;
  /** Line below the title. */
  readonly subtitle: string;
  /** Vega-Lite specification, data included. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Colours for light and for dark surroundings. */
  readonly themes: {
    /** For a light page. */
    readonly light: PlotTheme;
    /** For a dark one. */
    readonly dark: PlotTheme;
  };
}

/** Size of an SVG, in px. */
export interface SvgSize {
  /** @default 900 */
  readonly width?: number;
  /** @default 420 */
  readonly height?: number;
}

/** A plot that can be drawn in several forms. */
export interface ForecastPlot {
  /** The chart that is drawn. */
  readonly chart: PlotChart;
  /** The text of a page that needs no network. */
  toHtml(): Promise<string>;
  /** The text of an SVG document, light or dark with its surroundings. */
  toSvg(size?: SvgSize): Promise<string>;
  /** Writes the form that the ending of `path` names: `.html`, `.svg`, or `.json` for the Vega-Lite specification. */
  save(path: string, size?: SvgSize): Promise<void>;
}

/** Plots forecasts beside the history and the hold-out. Throws E0010 or E0011 for tables that it cannot read. */
export declare function plotForecast(input: PlotInput): ForecastPlot;
/** The chart behind a plot, for programs that draw it themselves. */
export declare function forecastChart(input: PlotInput): PlotChart;
/**
 * Plots losses, learning rates or norms of gradients by step, on a logarithmic axis unless a loss is not above 0. Throws E0010
 * or E0011 for what it cannot read.
 */
export declare function plotHistory(input: HistoryPlotInput): ForecastPlot;
/** The chart behind a plot of a training, for programs that draw it themselves. */
export declare function historyChart(input: HistoryPlotInput): PlotChart;
/** The text of a self-contained page. */
export declare function forecastPlotHtml(chart: PlotChart): Promise<string>;
/** The text of an SVG document; needs no canvas. */
export declare function forecastPlotSvg(chart: PlotChart, size?: SvgSize): Promise<string>;
