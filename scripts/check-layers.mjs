// Proves that the layers of native/ point one way, that third-party headers stay where they belong
// and that files stay small. Prints each violation; exit code 1 when there is one.

import fs from 'node:fs';
import path from 'node:path';
import { at, fail, isProgram, listFiles } from './support.mjs';

/** Which folders of native/ a folder may include from, besides itself. */
const MAY_INCLUDE = {
  base: [],
  io: ['base'],
  simd: ['base'],
  parallel: ['base'],
  linalg: ['base'],
  ops: ['base'],
  graph: ['base', 'simd', 'ops'], // simd: the table knows how wide a packed weight is
  backends: ['base', 'simd', 'parallel', 'linalg', 'ops', 'graph'],
  nn: ['base', 'ops', 'graph'],
  losses: ['base', 'ops', 'graph', 'nn'],
  models: ['base', 'ops', 'graph', 'nn', 'losses'],
  data: ['base', 'io', 'parallel', 'linalg'],
};
MAY_INCLUDE.train = [
  ...['base', 'io', 'simd', 'parallel', 'ops', 'graph'],
  ...['nn', 'losses', 'models', 'data'],
];
MAY_INCLUDE.forecast = [...MAY_INCLUDE.train, 'train'];
MAY_INCLUDE.serve = [...MAY_INCLUDE.forecast, 'forecast'];
MAY_INCLUDE.binding = [
  'base',
  'io',
  'simd',
  'parallel',
  'data',
  'losses',
  'models',
  'train',
].concat(['forecast', 'serve']);

/** Third-party headers, and the only places that may include them. */
const ONLY_IN = [
  { header: /^hwy\//, places: ['native/simd/', 'test/native/simd/', 'bench/native/'] },
  { header: /^(tbb|oneapi\/tbb)\//, places: ['native/parallel/'] },
  { header: /^(napi\.h|node_api\.h|js_native_api)/, places: ['binding/'] },
  {
    header: /^boost\//,
    places: ['native/losses/distributions/', 'test/native/'],
  },
  { header: /^(v8|uv|node)\.h$/, places: [] },
  { header: /^(Eigen|unsupported\/Eigen)\//, places: ['native/linalg/'] },
];

const SOFT_LIMIT = 300;
const HARD_LIMIT = 600;

/** { problems, long }: what must be changed, and which files are longer than one likes. */
export function checkLayers() {
  const problems = [];
  const long = [];
  const files = listFiles(
    ['native', 'binding', 'lib', 'test', 'bench', 'scripts'],
    /\.(h|cc|ts|mjs)$/,
  ).filter((file) => !/\.generated\.ts$/.test(file));

  for (const file of files) {
    const lines = fs.readFileSync(at(file), 'utf8').split('\n');
    const length = lines.length - 1;
    if (length > HARD_LIMIT)
      problems.push(`${file}: ${length} lines, at most ${HARD_LIMIT} allowed`);
    else if (length > SOFT_LIMIT) long.push(`${file}: ${length} lines`);
    if (!/\.(h|cc)$/.test(file)) continue;

    const layer = file.startsWith('binding/') ? 'binding' : /^native\/(\w+)\//.exec(file)?.[1];
    if (layer && !MAY_INCLUDE[layer]) {
      problems.push(`${file}: native/${layer}/ is not in the table of scripts/check-layers.mjs`);
      continue;
    }
    lines.forEach((line, index) => {
      const header = /^\s*#\s*include\s*[<"]([^">]+)[">]/.exec(line)?.[1];
      if (!header) return;
      const place = `${file}:${index + 1}`;
      const rule = ONLY_IN.find((r) => r.header.test(header));
      if (rule && !rule.places.some((p) => file.startsWith(p))) {
        problems.push(
          `${place}: <${header}> may be included only in ${rule.places.join(', ') || 'no file'}`,
        );
      }
      const wanted = header.split('/')[0];
      const isEngine = header.includes('/') && fs.existsSync(at('native', header));
      if (layer && isEngine && wanted !== layer && !MAY_INCLUDE[layer]?.includes(wanted)) {
        problems.push(`${place}: ${layer} may not include ${wanted} ("${header}")`);
      }
      if (header.startsWith('..') || header.startsWith('native/')) {
        problems.push(
          `${place}: write "${path.basename(header)}" from native/, as in "base/error.h"`,
        );
      }
    });
  }
  return { problems, long };
}

if (isProgram(import.meta.filename)) {
  const { problems, long } = checkLayers();
  if (long.length > 0) {
    process.stdout.write(`over ${SOFT_LIMIT} lines:\n  ${long.join('\n  ')}\n`);
  }
  if (problems.length > 0) fail(problems.join('\n'));
}
