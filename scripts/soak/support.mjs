// What the parts of the soak share: a child that runs a script against the package, quantiles, a claim.

import { spawn } from 'node:child_process';

/** The beginning of every script: the package, a panel, models that train in milliseconds or for ever. */
export const prelude = (packagePath) => `
const { NeuralForecast, nhits, mlp, readCsv } = require(${JSON.stringify(packagePath)});
const y = Array.from({ length: 240 }, (_, i) => 100 + i + 20 * Math.sin(i * Math.PI / 6));
const panel = { ds: y.map((_, i) => i), y };
const tiny = () => mlp({ hiddenSize: 16, maxSteps: 5, windowsBatchSize: 16, scalerType: 'robust' });
const endless = () => mlp({ hiddenSize: 256, maxSteps: 1e9, windowsBatchSize: 256 });
const make = (model = tiny()) => new NeuralForecast({ horizon: 4, inputSize: 12, models: [model] });
/** Resolves when an endless fit computes. */
const running = (nf = make(endless())) => new Promise((resolve, reject) => {
  nf.fit(panel, { onProgress: () => resolve(nf) }).catch(reject);
});
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
`;

/** Runs a script to its end: { code, signal, stdout, stderr, hung }; one that hangs is killed after `limitMs`. */
export function runScript(packagePath, script, { limitMs = 120_000, flags = [], onOutput } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, '-e', `${prelude(packagePath)}\n${script}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    let hung = false;
    const limit = setTimeout(() => {
      hung = true;
      child.kill('SIGKILL');
    }, limitMs);
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      onOutput?.(text, (signal) => child.kill(signal));
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      resolve({ code, signal, stdout, stderr, hung });
    });
  });
}

/** The JSON that a script prints last; throws with its errors when it ends otherwise. */
export async function measured(packagePath, script, options) {
  const ended = await runScript(packagePath, script, options);
  if (ended.code !== 0) {
    throw new Error(`a script ended with ${ended.code ?? ended.signal}:\n${ended.stderr}`);
  }
  return JSON.parse(ended.stdout.trim().split('\n').at(-1));
}

/** Quantiles of unsorted numbers, with two digits. */
export function quantiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const pick = (q) => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
    return Math.round(value * 100) / 100;
  };
  return { p50: pick(0.5), p99: pick(0.99), p999: pick(0.999), max: pick(1) };
}

/** `timed`: another program on the machine can break it. */
export const claim = (what, measuredText, limit, holds, { timed = false } = {}) => ({
  what,
  measured: String(measuredText),
  limit,
  holds,
  timed,
});
