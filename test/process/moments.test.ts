import fs from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../api/support';
import { packagePath, runProgram } from './support';

const folder = temporaryFolder();

interface Claim {
  readonly what: string;
  readonly measured: string;
  readonly holds: boolean;
  readonly timed: boolean;
}

test.each(['cycles', 'workers', 'ends', 'resume', 'aborts'])(
  'the soak in short: %s',
  async (part) => {
    const json = path.join(folder, `${part}.json`);
    const script = path.resolve(__dirname, '..', '..', 'scripts', 'soak.mjs');
    const args = ['--quick', '--only', part, '--json', json, '--package', packagePath];
    const { stderr } = await runProgram([script, ...args]);
    expect(stderr).toBe('');
    const claims: Claim[] = JSON.parse(fs.readFileSync(json, 'utf8'));
    // What is timed is for a quiet machine: `npm run soak`.
    expect(claims.filter(({ holds, timed }) => !holds && !timed)).toEqual([]);
    expect(claims.length).toBeGreaterThan(0);
  },
);
