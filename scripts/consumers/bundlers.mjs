// The bundlers among the consumers, with the configurations that docs/runtimes.md shows.

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { at, runQuietly } from '../support.mjs';
import { documented } from './documented.mjs';
import { refused } from './refused.mjs';
import { requireTool, tool, versionOf } from './tools.mjs';

const esbuildBundle = {
  name: 'esbuild, external',
  version: esbuild.version,
  prepare(folder) {
    const [, , ...args] = documented('esbuild').trim().split(/\s+/);
    runQuietly(at('node_modules', '.bin', 'esbuild'), [...args, '--log-level=warning'], {
      cwd: folder,
    });
  },
  command: () => [process.execPath, 'out-esbuild.cjs'],
};

/** A bundle without the package's binary cannot work; what it then says names the way out. */
const esbuildInlined = refused({
  name: 'esbuild, bundled in',
  version: esbuild.version,
  fix: 'mark the package as external',
  async prepare(folder) {
    const options = { bundle: true, platform: 'node', external: ['*.node'], logLevel: 'silent' };
    const entryPoints = [path.join(folder, 'app.mjs')];
    const outfile = path.join(folder, 'out', 'deep', 'inlined.cjs');
    await esbuild.build({ ...options, entryPoints, outfile });
  },
  command: () => [process.execPath, path.join('out', 'deep', 'inlined.cjs')],
});

/** An import of which nothing is used leaves nothing behind. */
const treeShaking = {
  name: 'esbuild, unused import',
  version: esbuild.version,
  note: 'nothing is left of it',
  async prepare(folder) {
    const { outputFiles } = await esbuild.build({
      stdin: {
        contents: `import { nhits } from 'neuro-divergent'; import { forecastChart } from 'neuro-divergent/plot'; console.log(1);`,
        resolveDir: folder,
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['*.node'],
      write: false,
      logLevel: 'silent',
    });
    const { text } = outputFiles[0];
    if (text.length > 100)
      throw new Error(`expected console.log(1), received ${text.length} bytes`);
  },
};

/** Those that are in this repository. */
export const localBundlers = [esbuildBundle, esbuildInlined, treeShaking];

const webpackBundle = () => ({
  name: 'webpack, external',
  version: versionOf('webpack'),
  async prepare(folder) {
    const file = path.join(folder, 'webpack.config.mjs');
    fs.writeFileSync(file, documented('webpack'));
    const { default: config } = await import(pathToFileURL(file).href);
    const webpack = requireTool('webpack');
    // What its command line takes from the working directory.
    const output = { path: path.join(folder, 'dist'), ...config.output };
    const stats = await new Promise((resolve, reject) => {
      const done = (error, result) => (error ? reject(error) : resolve(result));
      webpack({ ...config, context: folder, output }, done);
    });
    if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
  },
  command: () => [process.execPath, 'dist/app.cjs'],
});

const viteBundle = () => ({
  name: 'Vite SSR, external',
  version: versionOf('vite'),
  prepare(folder) {
    fs.writeFileSync(path.join(folder, 'vite.config.mjs'), documented('Vite SSR'));
    const vite = tool('vite', 'bin', 'vite.js');
    runQuietly(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: folder });
  },
  command: () => [process.execPath, 'out-vite/app.mjs'],
});

/** Those that need the tools. */
export const otherBundlers = () => [webpackBundle(), viteBundle()];
