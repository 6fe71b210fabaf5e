import { spawn } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(__dirname, '..', '..');

/** The built package; process tests run what users run. */
export const packagePath = process.env.ND_TEST_PACKAGE ?? path.join(root, 'dist', 'index.js');

/** What the scripts of these tests start with. */
export const prelude = `
const { NeuralForecast, mlp } = require(${JSON.stringify(packagePath)});
const y = Array.from({ length: 200 }, (_, i) => 100 + i + 20 * Math.sin(i * Math.PI / 6));
const panel = { ds: y.map((_, i) => i), y };
const make = (options) => new NeuralForecast({ horizon: 4, inputSize: 8,
  models: [mlp({ hiddenSize: 256, windowsBatchSize: 256, maxSteps: 1000000, ...options })] });
const tiny = { hiddenSize: 8, maxSteps: 5, windowsBatchSize: 8 };
/** Starts a fit that never ends; resolves once it computes. */
const running = (nf = make()) => new Promise((resolve, reject) => {
  nf.fit(panel, { onProgress: resolve }).catch(reject);
});
`;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; a hang is killed after `limitMs` and shows as SIGKILL. */
export function runProgram(
  args: readonly string[],
  {
    limitMs = Number(process.env.ND_TEST_LIMIT_MS ?? 50_000),
    onOutput = (_text: string, _kill: (signal: NodeJS.Signals) => void) => {},
  } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      onOutput(text, (signal) => child.kill(signal));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/** Runs a script that begins with the prelude. */
export function runScript(
  script: string,
  options?: Parameters<typeof runProgram>[1],
): Promise<Ended> {
  return runProgram(['-e', `${prelude}\n${script}`], options);
}
