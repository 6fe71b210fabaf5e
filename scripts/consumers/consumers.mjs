// Who uses the package, and how: each entry prepares what it needs in the sandbox and names the
// command that runs the application.

import fs from 'node:fs';
import path from 'node:path';
import typescript from 'typescript';
import { at, capture, runQuietly } from '../support.mjs';
import { localBundlers, otherBundlers } from './bundlers.mjs';
import { refused } from './refused.mjs';
import { tool, versionOf } from './tools.mjs';

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

/** A stack trace shows the lines of the TypeScript. */
const sourceMaps = {
  name: 'Node, --enable-source-maps',
  version: here,
  note: 'stack traces in TypeScript',
  prepare(folder) {
    const program = `new (require('neuro-divergent').NeuralForecast)({ models: [] })`;
    const { output } = capture(process.execPath, ['--enable-source-maps', '-e', program], {
      cwd: folder,
    });
    if (!/lib\/neural-forecast\.ts:\d+/.test(output)) {
      throw new Error(`expected lines of lib/neural-forecast.ts, received:\n${output}`);
    }
  },
};

const noAddons = refused({
  name: 'Node, --no-addons',
  version: here,
  fix: 'start it without that flag',
  command: () => [process.execPath, '--no-addons', 'app.cjs'],
});

const ownCompilers = compilers(typescript.version, at('node_modules/typescript/bin/tsc'));

/** What users of the Node at hand do; needs nothing that is not in this repository. */
export const local = [
  ...nodeHere,
  noAddons,
  sourceMaps,
  commandLine,
  // What bundler and nodenext resolve, node16 does as well, mostly: it is tried with the others.
  ...ownCompilers.filter(({ name }) => !name.endsWith('node16')),
  ...localBundlers,
];

/** Everybody else; needs the tools. */
export function others() {
  const nodes = [20, 22, 24, 26]
    .filter((line) => versionOf(`node${line}`) !== here)
    .flatMap((line) =>
      runtime('Node', versionOf(`node${line}`), [tool(`node${line}`, 'bin', 'node')], {
        typescript: line >= 22,
      }),
    );
  const permissions = refused({
    name: 'Node, --permission',
    version: versionOf('node26'),
    fix: '--allow-addons',
    command: () => {
      const flags = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*'];
      return [tool('node26', 'bin', 'node'), ...flags, 'app.cjs'];
    },
  });
  const bun = tool('@oven', 'bun-linux-x64', 'bin', 'bun');
  const deno = tool('@deno', 'linux-x64-glibc', 'deno');
  const allowed = ['--no-remote', '--node-modules-dir=manual', '--allow-ffi', '--allow-read'];
  allowed.push('--allow-write', '--allow-env', '--allow-sys');
  const withoutFfi = refused({
    name: 'Deno without --allow-ffi',
    version: versionOf('@deno/linux-x64-glibc'),
    fix: 'start it with --allow-ffi',
    command: () => {
      const flags = allowed.filter((flag) => flag !== '--allow-ffi');
      return [deno, 'run', '--no-prompt', ...flags, 'app.mjs'];
    },
  });
  return [
    ...nodes,
    permissions,
    ...runtime('Bun', versionOf('@oven/bun-linux-x64'), [bun]),
    ...runtime('Deno', versionOf('@deno/linux-x64-glibc'), [deno, 'run', ...allowed]),
    withoutFfi,
    ...ownCompilers.filter(({ name }) => name.endsWith('node16')),
    ...compilers(versionOf('typescript'), tool('typescript', 'bin', 'tsc')),
    ...otherBundlers(),
  ];
}
