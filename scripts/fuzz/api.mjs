// The properties of test/fuzz/*.test.ts with many more inputs than the tests take.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { build } from '../build.mjs';
import { at, listFiles } from '../support.mjs';

const REPORT = at('build', 'fuzz', 'api.jsonl');

export async function fuzzApi({ runs, minutes, only, seed }) {
  await build({ target: 'addon' });
  fs.mkdirSync(at('build', 'fuzz'), { recursive: true });
  fs.rmSync(REPORT, { force: true });
  process.stdout.write(`api: seed ${seed}, ${runs} inputs per property\n`);
  const crashed = [];
  // One process after the other: a crash ends one of them, and is seen.
  for (const file of listFiles(['test/fuzz'], /\.test\.ts$/)) {
    const args = [at('node_modules', 'jest', 'bin', 'jest.js'), '-i', file];
    if (only) args.push('--testNamePattern', only);
    const status = await new Promise((resolve) => {
      const child = spawn(process.execPath, args, {
        cwd: at(),
        stdio: ['ignore', 'ignore', 'inherit'],
        env: {
          ...process.env,
          ND_FUZZ_RUNS: runs,
          ND_FUZZ_SEED: seed,
          ND_FUZZ_REPORT: REPORT,
          ...(minutes ? { ND_FUZZ_MINUTES: minutes } : {}),
        },
      });
      child.on('close', (code, signal) => resolve(signal ?? code));
    });
    if (status !== 0 && status !== 1) crashed.push({ file, status });
  }
  const lines = fs.existsSync(REPORT) ? fs.readFileSync(REPORT, 'utf8').trim().split('\n') : [];
  const rows = lines.map((line) => {
    const { name, inputs, counts, finding } = JSON.parse(line);
    const { accepted = 0, own = 0, ...refused } = counts;
    const codes = Object.entries(refused).sort(([, a], [, b]) => b - a);
    const total = codes.reduce((sum, [, n]) => sum + n, 0);
    const reached = `${accepted} accepted, ${total} refused (${codes.length} codes), ${own} caller's errors`;
    return {
      target: name,
      inputs,
      reached,
      finding: finding ? finding.error.slice(0, 200) : 'none',
    };
  });
  const ends = crashed.map(({ file, status }) => ({
    target: file,
    inputs: '?',
    reached: '',
    finding: `the process ended with ${status}`,
  }));
  return [...rows, ...ends];
}
