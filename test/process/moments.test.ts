import path from 'node:path';
import { packagePath, runProgram } from './support';

/** Runs one of the measuring scripts with a small count and reads its JSON. */
async function measure(script: string, ...args: string[]) {
  const file = path.resolve(__dirname, '..', '..', 'scripts', script);
  const ended = await runProgram([file, '--package', packagePath, ...args]);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(ended.stdout);
}

test('kill -9 during save leaves the old file or the new one, whole', async () => {
  const result = await measure('measure-save-kill.mjs', '--count', '6');
  expect(result).toMatchObject({ kills: 6, broken: 0 });
  expect(result.first + result.second).toBe(6);
  // Of all the killed ones, at most the last has left its temporary file.
  expect(result.temporaryFilesLeft).toBeLessThanOrEqual(1);
});

test('an abort at any moment rejects with the reason and leaves the object usable', async () => {
  const result = await measure(
    'measure-abort.mjs',
    '--count',
    '6',
    '--hidden',
    '64',
    '--windows',
    '64',
  );
  expect(result).toMatchObject({ aborts: 6, rejectedWithReason: 6, usable: true });
});
