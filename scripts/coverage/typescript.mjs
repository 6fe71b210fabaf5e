// Line counts of lib/: V8's counters of the code that ran, mapped back to the statements of its TypeScript. What runs
// inside Jest is lib/ itself, file by file; the processes that tests start run the bundles in dist/.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { mergeProcessCovs } from '@bcoe/v8-coverage';
import { transformSync } from '@swc/core';
import { parse } from 'acorn';
import { convert } from 'ast-v8-to-istanbul';
import coverage from 'istanbul-lib-coverage';
import { at, listFiles, root } from '../support.mjs';

/** No code of ours: what npm run generate writes, and declarations, of which nothing is left to run. */
const UNCOUNTED = /^lib\/(?:models\.generated|native)\.ts$/;

/** The statements of one script as a coverage map, by the file names of its sources. */
async function mapped({ file, functions, code, map }) {
  const url = pathToFileURL(file).href;
  const ast = parse(code, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true });
  const script = { scriptId: '', url, functions };
  return coverage.createCoverageMap(await convert({ ast, code, coverage: script, sourceMap: map }));
}

/** Counts of dist/ over all processes that left theirs in `folder`. */
function scriptsOfChildren(folder) {
  const bundles = pathToFileURL(at('dist')).href;
  const runs = fs.readdirSync(folder).map((name) => {
    const { result } = JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'));
    return { result: result.filter(({ url }) => url.startsWith(bundles)) };
  });
  return mergeProcessCovs(runs).result.flatMap(({ url, functions }) => {
    const file = fileURLToPath(url);
    if (!fs.existsSync(`${file}.map`)) return [];
    const code = fs.readFileSync(file, 'utf8');
    return [{ file, functions, code, map: JSON.parse(fs.readFileSync(`${file}.map`, 'utf8')) }];
  });
}

/** A file of lib/ that nothing loaded: every statement of it is uncovered. */
function unloaded(name) {
  const filename = at(name);
  const jsc = { parser: { syntax: 'typescript' }, target: 'es2022' };
  const source = fs.readFileSync(filename, 'utf8');
  const { code, map } = transformSync(source, { filename, jsc, sourceMaps: true });
  const ranges = [{ startOffset: 0, endOffset: code.length, count: 0 }];
  const functions = [{ functionName: '', isBlockCoverage: true, ranges }];
  return { file: filename, functions, code, map: JSON.parse(map) };
}

/**
 * Counts of every line of lib/ on which a statement begins, as file → line → count. `jest` are the files that reporter.cjs wrote,
 * `children` the folder of NODE_V8_COVERAGE.
 */
export async function typescriptCounts({ jest, children }) {
  const scripts = [
    ...jest.flatMap((file) => JSON.parse(fs.readFileSync(file, 'utf8'))),
    ...scriptsOfChildren(children),
    ...listFiles(['lib'], /\.ts$/).map(unloaded),
  ];
  const counts = new Map();
  for (const script of scripts) {
    const map = await mapped(script);
    for (const file of map.files()) {
      const name = path.relative(root, file);
      if (!name.startsWith('lib/') || UNCOUNTED.test(name)) continue;
      const ofFile = counts.get(name) ?? new Map();
      counts.set(name, ofFile);
      for (const [line, count] of Object.entries(map.fileCoverageFor(file).getLineCoverage())) {
        ofFile.set(Number(line), (ofFile.get(Number(line)) ?? 0) + count);
      }
    }
  }
  return counts;
}
