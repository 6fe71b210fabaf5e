/** One self-contained page: the chart as JSON, the runtime inlined, nothing fetched. */

import { PAGE } from './theme';
import type { PlotChart } from '../../types/plot';

const escapeText = (text: string) =>
  text.replace(
    /[&<>"]/g,
    (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] as string,
  );

/** JSON inside a script element: '<' never appears, so that no text can close the element or open a comment. */
const scriptJson = (value: unknown) =>
  JSON.stringify(value)
    .replace(/</g, '\\u003c')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');

/** Minified code may hold "</script" or "<!--" in strings and regular expressions, where a backslash changes nothing. */
const scriptCode = (code: string) =>
  code.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--');

const colors = ({ background, ink, muted, line }: Record<keyof (typeof PAGE)['light'], string>) =>
  `--background:${background};--ink:${ink};--muted:${muted};--line:${line}`;

/** Builds the page around a chart; `runtime` is the text of dist/plot-runtime.js. */
export function htmlPage(chart: PlotChart, runtime: string): string {
  const { title, subtitle, ...rest } = chart;
  // The page has its own heading; a title inside the chart would be cut at 400 px.
  const { title: _, ...spec } = rest.spec;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:">
<title>${escapeText(title)}</title>
<style>
:root{${colors(PAGE.light)}}
@media (prefers-color-scheme:dark){:root{${colors(PAGE.dark)}}}
body{margin:0;background:var(--background);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{box-sizing:border-box;max-width:1400px;min-width:320px;margin:0 auto;padding:24px 16px}
h1{margin:0;font-size:20px;line-height:1.3}
p{margin:4px 0 12px;color:var(--muted);font-size:13px}
#plot{width:100%;min-height:420px}
#plot .vega-bindings{margin:8px 0;font-size:13px}
#plot .vega-bindings select{font:inherit;color:inherit;background:var(--background);border:1px solid var(--line);border-radius:6px;padding:4px 8px}
</style>
</head>
<body>
<main>
<h1>${escapeText(title)}</h1>
<p>${escapeText(subtitle)}</p>
<div id="plot"></div>
<p>Scroll to zoom, drag to move, double-click to reset.</p>
</main>
<script type="application/json" id="chart">${scriptJson({ ...rest, spec })}</script>
<script>${scriptCode(runtime)}</script>
<script>neuroDivergentPlot.mount('#plot',JSON.parse(document.getElementById('chart').textContent));</script>
</body>
</html>
`;
}
