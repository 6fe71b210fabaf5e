// Fits that are killed at random moments and resumed: the model they save is, byte for byte, that of a fit that ran through.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { claim, runScript } from './support.mjs';

/**
 * Two models with dropout, validation, early stopping and a schedule that listens, resumed where they were. `intervals`: what
 * is calibrated before, in JSON.
 */
const training = (folder, steps, threads, intervals) => `
  const file = (name) => require('node:path').join(${JSON.stringify(folder)}, name);
  const options = { maxSteps: ${steps}, windowsBatchSize: 32, valCheckSteps: 10, earlyStopPatienceSteps: 50,
    lrSchedule: 'plateau', lrPatience: 2, scalerType: 'robust' };
  const nf = new NeuralForecast({ horizon: 4, inputSize: 12, models: [
    nhits({ ...options, mlpUnits: [[32, 32], [32, 32], [32, 32]], dropoutProbTheta: 0.2 }),
    mlp({ ...options, hiddenSize: 64, optimizer: 'radam' }),
  ] });
  const checkpoint = { path: file('checkpoint'), everySteps: 7 };
  console.log('fits');
  nf.fit(panel, { checkpoint, resume: true, valSize: 12, threads: ${threads}${intervals && `, intervals: ${intervals}`} })
    .then(() => nf.save(file('model'), { includeOptimizer: true }))
    .then(() => console.log('saved'));`;

export async function run(options) {
  return [
    await killed('fits that write checkpoints', '', options),
    await killed('fits that also calibrate intervals', '{ windows: 5, levels: [60] }', options),
  ];
}

async function killed(what, intervals, { quick, packagePath }) {
  const kills = quick ? 3 : 20;
  const steps = quick ? 60 : 300;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-soak-'));
  const file = (name) => path.join(folder, name);
  const started = performance.now();
  const whole = await runScript(packagePath, training(folder, steps, 1, intervals));
  const wholeMs = performance.now() - started;
  if (whole.code !== 0) throw new Error(`a fit ended with ${whole.code}:\n${whole.stderr}`);
  const expected = ['model', 'checkpoint'].map((name) => fs.readFileSync(file(name)));
  let count = 0;
  let resumed = 0;
  let wrong = 0;
  // Of few kills all may have come before there was anything to go on from.
  const more = () => count < kills || (resumed === 0 && count < 10 * kills);
  while (more()) {
    for (const name of ['model', 'checkpoint']) fs.rmSync(file(name), { force: true });
    // Each of these fits is killed until it reaches its end: at moments of the fit, of a save, of a resumed fit.
    for (let ended = false; !ended; ) {
      const { code, signal, stderr } = await runScript(
        packagePath,
        training(folder, steps, 1 + (count % 3), intervals),
        {
          onOutput: (text, kill) => {
            if (text.includes('fits') && more()) {
              setTimeout(() => kill('SIGKILL'), Math.random() * wholeMs);
            }
          },
        },
      );
      if (signal === 'SIGKILL') {
        count += 1;
        if (fs.existsSync(file('checkpoint'))) resumed += 1;
      } else if (code !== 0) {
        throw new Error(`a resumed fit ended with ${code ?? signal}:\n${stderr}`);
      } else {
        ended = true;
      }
    }
    ['model', 'checkpoint'].forEach((name, i) => {
      if (!expected[i].equals(fs.readFileSync(file(name)))) wrong += 1;
    });
  }
  fs.rmSync(folder, { recursive: true });
  return claim(
    `${count} kills of ${what}, ${resumed} of them with one to go on from`,
    `${wrong} files differ from those of a fit that ran through`,
    'none',
    wrong === 0 && resumed > 0,
  );
}
