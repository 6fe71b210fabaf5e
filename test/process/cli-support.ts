import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { packagePath } from './support';

/** The built program. */
export const CLI = join(dirname(packagePath), 'cli.js');
/** 144 months of one series. */
export const AIR = resolve(__dirname, '../../examples/data/air-passengers.csv');
/** A training of no time. */
export const QUICK = [
  ...['--max-steps', '5', '--windows-batch-size', '8', '--scaler-type', 'robust'],
  ...['--threads', '1'],
];

/** Where the programs of a test file run. */
export const folder = mkdtempSync(join(tmpdir(), 'nd-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the program to its end, with `env` besides the environment of the tests. */
export function cliWith(env: Readonly<Record<string, string>>, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}

export const cli = (...args: string[]) => cliWith({}, ...args);

/** Runs with `--json` and gives back the one document of stdout. */
export function json(...args: string[]) {
  const { status, stdout, stderr } = cli(...args, '--json');
  expect(stderr).toBe('');
  return { status, document: JSON.parse(stdout) };
}

export function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return name;
}

export const read = (name: string) => readFileSync(join(folder, name), 'utf8');
