// The runtimes, compilers and bundlers of tools/package.json, installed into build/ at first use.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import { at, runQuietly, whenChanged } from '../support.mjs';

const SOURCE = 'scripts/consumers/tools';
const TARGET = 'build/consumers/tools';

/** Installs what is missing; needs the npm registry then. */
export async function installTools() {
  const manifests = ['package.json', 'package-lock.json'];
  const outputs = [`${TARGET}/node_modules/.package-lock.json`];
  await whenChanged('consumer-tools', { inputs: [SOURCE], outputs }, () => {
    fs.mkdirSync(at(TARGET), { recursive: true });
    for (const name of manifests) fs.copyFileSync(at(SOURCE, name), at(TARGET, name));
    // Without scripts: the binaries are in packages of their own, nothing has to be run to get them.
    runQuietly('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: at(TARGET) });
  });
}

/** A file of an installed tool. */
export const tool = (...parts) => at(TARGET, 'node_modules', ...parts);

/** What `require(name)` gives in the folder of the tools. */
export const requireTool = (name) => createRequire(at(TARGET, 'package.json'))(name);

export const versionOf = (name) =>
  JSON.parse(fs.readFileSync(tool(name, 'package.json'), 'utf8')).version;
