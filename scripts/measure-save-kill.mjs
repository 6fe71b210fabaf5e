// Kills a process that saves without pause, and checks that the file is the old one or the new one, whole. Prints JSON.
//   node scripts/measure-save-kill.mjs [--count 50] [--package dist/index.js]

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { at } from './support.mjs';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '50' },
    package: { type: 'string', default: at('dist/index.js') },
  },
});
const packagePath = path.resolve(values.package);
const require = createRequire(import.meta.url);
const { NeuralForecast, nhits } = require(packagePath);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-save-kill-'));
const target = path.join(folder, 'model.safetensors');
const y = Array.from({ length: 200 }, (_, i) => 100 + 20 * Math.sin(i / 9) + (i % 7));
const panel = { ds: y.map((_, i) => i), y };

/** Fits a model of some 10 MB, saves it, and gives its forecast as text. */
async function prepare(file, randomSeed) {
  const nf = new NeuralForecast({
    horizon: 24,
    inputSize: 96,
    models: [nhits({ maxSteps: 1, windowsBatchSize: 8, randomSeed })],
  });
  await nf.fit(panel);
  await nf.save(file);
  return (await nf.predict()).toCsv();
}

const first = path.join(folder, 'first.safetensors');
const second = path.join(folder, 'second.safetensors');
const forecasts = { first: await prepare(first, 1), second: await prepare(second, 2) };
fs.copyFileSync(first, target);

const program = `
const { NeuralForecast } = require(${JSON.stringify(packagePath)});
(async () => {
  const models = [await NeuralForecast.load(${JSON.stringify(first)}), await NeuralForecast.load(${JSON.stringify(second)})];
  console.log('saving');
  for (let i = 0; ; i++) await models[i % 2].save(${JSON.stringify(target)});
})();`;

const outcomes = { first: 0, second: 0, broken: 0 };
const problems = [];
for (let i = 0; i < Number(values.count); i++) {
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
  child.kill('SIGKILL');
  await once(child, 'exit');
  try {
    const forecast = (await (await NeuralForecast.load(target)).predict()).toCsv();
    const which = Object.keys(forecasts).find((name) => forecasts[name] === forecast);
    if (!which) throw new Error('the file holds neither model');
    outcomes[which]++;
  } catch (error) {
    outcomes.broken++;
    problems.push(error.message);
  }
}
const known = new Set(['first.safetensors', 'second.safetensors', 'model.safetensors']);
const leftovers = fs.readdirSync(folder).filter((name) => !known.has(name)).length;
const bytes = fs.statSync(target).size;
fs.rmSync(folder, { recursive: true });
process.stdout.write(
  `${JSON.stringify({ kills: Number(values.count), ...outcomes, bytes, temporaryFilesLeft: leftovers, problems })}\n`,
);
