// A user's folder: the tarball installed in it without scripts or network, and the application as
// CommonJS, as an ES module, as TypeScript and in a worker.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { transformSync } from 'esbuild';
import { pack } from '../pack.mjs';
import { at, runQuietly } from '../support.mjs';

const source = (name) => at('scripts', 'consumers', name);

/** Makes the folder; gives back its path and a function that removes it. */
export function createSandbox() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-consumers-'));
  const put = (name, text) => fs.writeFileSync(path.join(folder, name), text);
  const { filename } = pack(folder);
  put('package.json', '{ "name": "user", "version": "1.0.0", "private": true }\n');
  const install = ['install', '--ignore-scripts', '--offline', '--no-audit', '--no-fund'];
  runQuietly('npm', [...install, path.join(folder, filename)], { cwd: folder });

  const typescript = fs.readFileSync(source('app.ts'), 'utf8');
  for (const ending of ['cts', 'mts']) put(`app.${ending}`, typescript);
  for (const [ending, format] of Object.entries({ cjs: 'cjs', mjs: 'esm' })) {
    put(
      `app.${ending}`,
      transformSync(typescript, { loader: 'ts', platform: 'node', format }).code,
    );
  }
  fs.copyFileSync(source('worker.mjs'), path.join(folder, 'worker.mjs'));
  fs.copyFileSync(at('test/fixtures/v0.1.safetensors'), path.join(folder, 'v0.1.safetensors'));
  return { folder, remove: () => fs.rmSync(folder, { recursive: true, force: true }) };
}
