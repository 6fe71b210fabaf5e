/** Colours and type of a plot, once for light and once for dark surroundings. */

import type { PlotTheme } from '../../types/plot';

/** Name of the layer that follows the pointer; a picture leaves it out. */
export const POINTER = 'pointer';

interface Palette {
  readonly background: string;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  /** History, hold-out, then one per model. No colour occurs twice: SVG swaps the themes by value. */
  readonly marks: readonly string[];
}

const LIGHT: Palette = {
  background: '#ffffff',
  ink: '#24292f',
  muted: '#59636e',
  grid: '#e7eaee',
  marks: [
    '#57606a',
    '#1f2328',
    '#0969da',
    '#d4570c',
    '#0f8a5f',
    '#8250df',
    '#bf3989',
    '#9a6700',
    '#1b7c83',
    '#cf222e',
  ],
};

const DARK: Palette = {
  background: '#0d1117',
  ink: '#e6edf3',
  muted: '#9198a1',
  grid: '#262c36',
  marks: [
    '#afb8c1',
    '#f0f6fc',
    '#58a6ff',
    '#ff9b57',
    '#3fce94',
    '#bc8cff',
    '#ff80c8',
    '#e3b341',
    '#39c5cf',
    '#ff7b72',
  ],
};

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

function theme({ background, ink, muted, grid, marks }: Palette): PlotTheme {
  return {
    background,
    font: FONT,
    padding: 12,
    view: { stroke: null },
    title: {
      color: ink,
      subtitleColor: muted,
      fontSize: 16,
      subtitleFontSize: 12,
      anchor: 'start',
      offset: 12,
    },
    axis: {
      labelColor: muted,
      titleColor: muted,
      gridColor: grid,
      domainColor: grid,
      tickColor: grid,
      labelFontSize: 11,
      titleFontSize: 11,
      titleFontWeight: 'normal',
      labelPadding: 6,
    },
    axisX: { grid: false, domainColor: muted, tickColor: muted },
    axisY: { domain: false, ticks: false },
    legend: { labelColor: ink, labelFontSize: 12, symbolStrokeWidth: 2.5, symbolSize: 120 },
    rule: { color: muted },
    range: { category: marks },
  };
}

export const THEMES = { light: theme(LIGHT), dark: theme(DARK) } as const;

/** Page colours for the HTML around the chart. */
export const PAGE = {
  light: { background: LIGHT.background, ink: LIGHT.ink, muted: LIGHT.muted, line: LIGHT.grid },
  dark: { background: DARK.background, ink: DARK.ink, muted: DARK.muted, line: DARK.grid },
} as const;

/**
 * A style sheet that turns the light rendering dark where the reader's system is. A rule beats a presentation
 * attribute, so that no renderer has to know about themes; a viewer without style sheets shows the light one.
 */
export function darkStyleSheet(): string {
  const pairs: (readonly [string, string])[] = [
    ['white', DARK.background],
    [LIGHT.background, DARK.background],
    [LIGHT.ink, DARK.ink],
    [LIGHT.muted, DARK.muted],
    [LIGHT.grid, DARK.grid],
    ...LIGHT.marks.map((color, i) => [color, DARK.marks[i] ?? color] as const),
  ];
  const rules = pairs.flatMap(([from, to]) => [
    `[fill="${from}"]{fill:${to}}`,
    `[stroke="${from}"]{stroke:${to}}`,
  ]);
  return `@media (prefers-color-scheme: dark){${rules.join('')}}`;
}
