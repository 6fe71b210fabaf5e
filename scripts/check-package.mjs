// Packs the package, installs the tarball without scripts or network into an empty folder and uses
// it from there as its users do: CommonJS, ESM, strict TypeScript and the command line.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { at, capture, fail, runQuietly } from './support.mjs';

const SIZE_BUDGET_MB = 12;
const NAME = 'neuro-divergent';

const USE = `
const info = runtimeInfo();
if (typeof info !== 'object' || typeof NeuralForecast !== 'function') throw new Error('no API');
const forecaster = new NeuralForecast({ frequency: 1, horizon: 2, inputSize: 4, models: [mlp({ maxSteps: 2 })] });
const y = Array.from({ length: 40 }, (_, i) => Math.sin(i / 3));
const panel = { unique_id: y.map(() => 'a'), ds: y.map((_, i) => i), y };
forecaster.fit(panel).then(() => forecaster.predict()).then((forecast) => {
  if (forecast.length !== 2) throw new Error('expected 2 rows, got ' + forecast.length);
});
`;
const FILES = {
  'use.cjs': `const { NeuralForecast, mlp, runtimeInfo } = require('${NAME}');\n${USE}`,
  'use.mjs': `import { NeuralForecast, mlp, runtimeInfo } from '${NAME}';\n${USE}`,
  'use.ts': `import { NeuralForecast, mlp, runtimeInfo } from '${NAME}';\n${USE}`,
  'esm.mts': `import { NeuralForecast, mlp, runtimeInfo } from '${NAME}';\n${USE}`,
  'package.json': '{ "name": "user", "version": "1.0.0", "private": true }\n',
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      strict: true,
      noEmit: true,
      target: 'es2022',
      lib: ['es2022', 'esnext.disposable'],
      module: 'node16',
      // AbortSignal and URL are Node's: what every TypeScript service has.
      types: ['node'],
      typeRoots: [at('node_modules', '@types')],
    },
    files: ['use.ts', 'esm.mts'],
  }),
};

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-package-'));
try {
  // Without scripts: the checks run on what is built already, prepack would build it again.
  const packed = runQuietly('npm', [
    'pack',
    '--json',
    '--ignore-scripts',
    '--pack-destination',
    folder,
  ]);
  const { filename, size, files } = Object.values(JSON.parse(packed))[0];
  const megabytes = size / 1e6;
  if (megabytes > SIZE_BUDGET_MB) {
    throw new Error(
      `the tarball has ${megabytes.toFixed(1)} MB, at most ${SIZE_BUDGET_MB} allowed`,
    );
  }
  const paths = files.map((file) => file.path);
  const wanted = ['dist/index.js', 'dist/index.mjs', 'dist/index.d.mts', 'dist/cli.js'].concat([
    'types/index.d.ts',
    'README.md',
    'LICENSE',
    'THIRD_PARTY_NOTICES.md',
  ]);
  const absent = wanted.filter((file) => !paths.includes(file));
  if (!paths.some((file) => /^prebuilds\/.*\.node$/.test(file))) absent.push('prebuilds/*/*.node');
  if (absent.length > 0) throw new Error(`the tarball lacks ${absent.join(', ')}`);

  for (const [name, text] of Object.entries(FILES)) fs.writeFileSync(path.join(folder, name), text);
  const inside = { cwd: folder };
  const install = ['install', '--ignore-scripts', '--offline', '--no-audit', '--no-fund'];
  runQuietly('npm', [...install, path.join(folder, filename)], inside);
  runQuietly(process.execPath, ['use.cjs'], inside);
  runQuietly(process.execPath, ['use.mjs'], inside);
  runQuietly(process.execPath, [at('node_modules/typescript/bin/tsc'), '-p', '.'], inside);
  const program = path.join(folder, 'node_modules', '.bin', NAME);
  const version = capture(program, ['--version'], inside);
  if (!version.ok) throw new Error(`${NAME} --version failed:\n${version.output}`);
  process.stdout.write(`package: ${filename}, ${megabytes.toFixed(2)} MB, ${files.length} files\n`);
} catch (error) {
  fail(`package: ${error.message}`);
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
