// Every way in which a process ends with fits and saves in flight: no hang, no crash, whole files.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { claim, runScript } from './support.mjs';

const WAYS = {
  'the end of the script': { script: `make().fit(panel).then(() => {});`, code: 0 },
  'process.exit()': { script: `running().then(() => process.exit(3));`, code: 3 },
  'process.exit() with a queue': {
    script: `for (let i = 0; i < 30; i++) make(endless()).fit(panel); process.exit(4);`,
    code: 4,
  },
  'an uncaught exception': {
    script: `running().then(() => setImmediate(() => { throw new Error('mine'); }));`,
    code: 1,
  },
  SIGTERM: { script: `running().then(() => console.log('fits'));`, signal: 'SIGTERM' },
  SIGKILL: { script: `running().then(() => console.log('fits'));`, signal: 'SIGKILL' },
};

/** Saves two models in turn over one file until it is killed. */
const saving = (folder) => `
  const file = (name) => require('node:path').join(${JSON.stringify(folder)}, name);
  (async () => {
    const models = await Promise.all(['first', 'second'].map((name) => NeuralForecast.load(file(name))));
    running();
    console.log('saving');
    for (let i = 0; ; i++) await models[i % 2].save(file('target'));
  })();`;

/** Kills a process that saves, at random moments; counts files that are neither the old nor the new one. */
async function killedSaves(packagePath, kills) {
  const { NeuralForecast, mlp } = createRequire(import.meta.url)(packagePath);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-soak-'));
  const file = (name) => path.join(folder, name);
  const forecasts = [];
  for (const [randomSeed, name] of ['first', 'second'].entries()) {
    const nf = new NeuralForecast({
      horizon: 4,
      inputSize: 12,
      models: [mlp({ hiddenSize: 1024, maxSteps: 1, randomSeed: randomSeed + 1 })],
    });
    await nf.fit({ ds: Array.from({ length: 99 }, (_, t) => t), y: Array(99).fill(1).fill(2, 50) });
    await nf.save(file(name));
    forecasts.push((await nf.predict()).toCsv());
  }
  fs.copyFileSync(file('first'), file('target'));
  let broken = 0;
  for (let i = 0; i < kills; i++) {
    await runScript(packagePath, saving(folder), {
      onOutput: (_, kill) => setTimeout(() => kill('SIGKILL'), Math.random() * 100),
    });
    try {
      const forecast = (await (await NeuralForecast.load(file('target'))).predict()).toCsv();
      if (!forecasts.includes(forecast)) broken++;
    } catch {
      broken++;
    }
  }
  const left = fs.readdirSync(folder).length - 3;
  fs.rmSync(folder, { recursive: true });
  return { broken, left };
}

export async function run({ quick, packagePath }) {
  const repeats = quick ? 1 : 10;
  const claims = [];
  for (const [name, { script, code = null, signal = null }] of Object.entries(WAYS)) {
    let wrong = 0;
    let slowest = 0;
    for (let i = 0; i < repeats; i++) {
      let asked = performance.now();
      const ended = await runScript(packagePath, script, {
        limitMs: 30_000,
        onOutput: (_, kill) => {
          asked = performance.now();
          if (signal) kill(signal);
        },
      });
      slowest = Math.max(slowest, performance.now() - asked);
      if (ended.hung || ended.code !== code || ended.signal !== signal) wrong++;
    }
    const ends = signal ?? `exit code ${code}`;
    claims.push(
      claim(
        `${name}, ${repeats} times`,
        `${wrong} ended otherwise, slowest ${slowest.toFixed(0)} ms`,
        `all with ${ends}`,
        wrong === 0,
      ),
    );
  }
  const kills = quick ? 3 : 30;
  const { broken, left } = await killedSaves(packagePath, kills);
  claims.push(
    claim(
      `${kills} kills of a process that saves and fits`,
      `${broken} broken files, ${left} temporary files left`,
      'no broken file',
      broken === 0,
    ),
  );
  return claims;
}
