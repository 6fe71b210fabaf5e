// The table of covered lines by layer, the list of what no test reaches, and both as pages.

import fs from 'node:fs';
import path from 'node:path';
import coverage from 'istanbul-lib-coverage';
import report from 'istanbul-lib-report';
import reports from 'istanbul-reports';
import { at } from '../support.mjs';

/** The layers of docs/architecture.md, lowest first. */
function layerOf(file) {
  const [, layer] =
    /^native\/([^/]+)\//.exec(file) ?? /^lib\/(cli)\//.exec(file) ?? /^(binding|lib)\//.exec(file);
  return layer;
}

const ORDER = [
  ...['base', 'io', 'data', 'simd', 'parallel', 'ops', 'graph', 'backends', 'nn', 'losses'],
  ...['models', 'train', 'forecast', 'serve', 'binding', 'lib', 'cli'],
];

/** [1, 2, 3, 7] as '1-3, 7'. */
function ranges(lines) {
  const found = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (last?.[1] === line - 1) last[1] = line;
    else found.push([line, line]);
  }
  return found.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(', ');
}

/** Counts by line (file → line → count) summed by layer, in the layers' order, then altogether. */
export function summarize(counts) {
  const layers = new Map(ORDER.map((layer) => [layer, { covered: 0, total: 0 }]));
  const all = { covered: 0, total: 0 };
  for (const [file, lines] of counts) {
    const layer = layerOf(file);
    if (!layers.has(layer)) throw new Error(`[coverage] ${file} lies in no known layer`);
    const covered = [...lines.values()].filter((count) => count > 0).length;
    for (const sum of [layers.get(layer), all]) {
      sum.covered += covered;
      sum.total += lines.size;
    }
  }
  return { layers: [...layers].filter(([, { total }]) => total > 0), all };
}

export const percent = ({ covered, total }) => (100 * covered) / total;

/** The table as lines of text. */
export function tableOf({ layers, all }) {
  const row = ([name, sum]) =>
    [
      name.padEnd(12),
      String(sum.covered).padStart(8),
      String(sum.total).padStart(8),
      `${percent(sum).toFixed(1).padStart(7)} %`,
    ].join('');
  const head = `${'layer'.padEnd(12)}${'covered'.padStart(8)}${'lines'.padStart(8)}`;
  return [head, ...layers.map(row), row(['altogether', all])];
}

/** Per file the lines that nothing reached. */
function uncovered(counts) {
  return [...counts].sort().flatMap(([file, lines]) => {
    const missed = [...lines].filter(([, count]) => count === 0).map(([line]) => line);
    return missed.length > 0 ? [`${file}: ${ranges(missed.sort((a, b) => a - b))}`] : [];
  });
}

/** A map of which each line of code is one statement: what the writers of pages read. */
function mapOf(counts) {
  const map = coverage.createCoverageMap({});
  for (const [file, lines] of counts) {
    const source = fs.readFileSync(at(file), 'utf8').split('\n');
    const statementMap = {};
    const s = {};
    for (const [line, count] of lines) {
      const end = { line, column: source[line - 1]?.length ?? 0 };
      statementMap[line] = { start: { line, column: 0 }, end };
      s[line] = count;
    }
    const rest = { fnMap: {}, f: {}, branchMap: {}, b: {} };
    map.addFileCoverage({ path: at(file), statementMap, s, ...rest });
  }
  return map;
}

/** Writes summary.txt, uncovered.txt, lcov.info and the pages below `folder`. */
export function writeReport(folder, counts, summary) {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'summary.txt'), `${tableOf(summary).join('\n')}\n`);
  fs.writeFileSync(path.join(folder, 'uncovered.txt'), `${uncovered(counts).join('\n')}\n`);
  const context = report.createContext({ dir: folder, coverageMap: mapOf(counts) });
  for (const kind of ['html', 'lcovonly']) {
    reports.create(kind, { projectRoot: at() }).execute(context);
  }
}
