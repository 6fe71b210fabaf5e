// Who uses the package, and how: each entry prepares what it needs in the sandbox and names the
// command that runs the application.

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import typescript from 'typescript';
import { at, capture, runQuietly } from '../support.mjs';
import { documented } from './documented.mjs';
import { requireTool, tool, versionOf } from './tools.mjs';

const MODULE_KINDS = { CommonJS: 'app.cjs', 'ES module': 'app.mjs', 'worker thread': 'worker.mjs' };

/** One entry per way of loading in a runtime; `command` is what stands before the file. */
function runtime(name, version, command, { typescript = true } = {}) {
  const kinds = { ...MODULE_KINDS, ...(typescript && { 'TypeScript as it is': 'app.mts' }) };
  return Object.entries(kinds).map(([kind, file]) => ({
    name: `${name}, ${kind}`,
    version,
    command: () => [...command, file],
  }));
}

const here = process.versions.node;
const [major, minor] = here.split('.').map(Number);

/** Node strips types from 22.18 and 23.6 on. */
const nodeHere = runtime('Node', here, [process.execPath], {
  typescript: major > 23 || (major === 22 && minor >= 18) || (major === 23 && minor >= 6),
});

/** The compiler over the application for one way of resolving modules, strict. */
function compile(folder, compiler, module, moduleResolution) {
  const isBundler = moduleResolution === 'bundler';
  const config = {
    compilerOptions: {
      strict: true,
      noEmit: true,
      target: 'es2022',
      lib: ['es2022', 'esnext.disposable'],
      module,
      moduleResolution,
      // AbortSignal, URL and console are Node's: what every TypeScript service has.
      types: ['node'],
      typeRoots: [at('node_modules', '@types')],
    },
    files: isBundler ? ['app.mts'] : ['app.mts', 'app.cts'],
  };
  const file = `tsconfig.${moduleResolution}.json`;
  fs.writeFileSync(path.join(folder, file), JSON.stringify(config));
  runQuietly(process.execPath, [compiler, '-p', file], { cwd: folder });
}

/** A TypeScript compiler; compiling is the whole test. */
const compilers = (version, compiler) =>
  [
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ].map(([module, resolution]) => ({
    name: `TypeScript strict, ${resolution}`,
    version,
    prepare: (folder) => compile(folder, compiler, module, resolution),
  }));

const commandLine = {
  name: 'command line',
  version: here,
  prepare(folder) {
    const program = path.join(folder, 'node_modules', '.bin', 'neuro-divergent');
    runQuietly(program, ['info', 'v0.1.safetensors', '--json'], { cwd: folder });
  },
};

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

/** A bundle without the package's binary cannot work; what it then says must name the way out. */
const esbuildInlined = {
  name: 'esbuild, bundled in',
  version: esbuild.version,
  note: 'E0013 says: mark it as external',
  async prepare(folder) {
    const options = { bundle: true, platform: 'node', external: ['*.node'], logLevel: 'silent' };
    const entryPoints = [path.join(folder, 'app.mjs')];
    const outfile = path.join(folder, 'out', 'deep', 'inlined.cjs');
    await esbuild.build({ ...options, entryPoints, outfile });
    const { output } = capture(process.execPath, [outfile], { cwd: folder });
    if (!/ERR_ND_BINARY/.test(output) || !/mark the package as external/.test(output)) {
      throw new Error(`expected E0013 and its fix, received:\n${output}`);
    }
  },
};

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

/** What users of the Node at hand do; needs nothing that is not in this repository. */
export const local = [
  ...nodeHere,
  commandLine,
  ...compilers(typescript.version, at('node_modules/typescript/bin/tsc')),
  esbuildBundle,
  esbuildInlined,
  treeShaking,
];

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

/** Everybody else; needs the tools. */
export function others() {
  const nodes = [20, 22, 24, 26].flatMap((line) =>
    runtime('Node', versionOf(`node${line}`), [tool(`node${line}`, 'bin', 'node')], {
      typescript: line >= 22,
    }),
  );
  const bun = tool('@oven', 'bun-linux-x64', 'bin', 'bun');
  const deno = tool('@deno', 'linux-x64-glibc', 'deno');
  const allowed = ['--no-remote', '--node-modules-dir=manual', '--allow-ffi', '--allow-read'];
  allowed.push('--allow-write', '--allow-env', '--allow-sys');
  return [
    ...nodes,
    ...runtime('Bun', versionOf('@oven/bun-linux-x64'), [bun]),
    ...runtime('Deno', versionOf('@deno/linux-x64-glibc'), [deno, 'run', ...allowed]),
    ...compilers(versionOf('typescript'), tool('typescript', 'bin', 'tsc')),
    webpackBundle(),
    viteBundle(),
  ];
}
