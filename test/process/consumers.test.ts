import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const script = path.resolve(__dirname, '..', '..', 'scripts', 'consumers.mjs');

// All runtimes and bundlers: `npm run consumers`, which downloads them.
test('the packed tarball works for the users of this Node: modules, worker, TypeScript, bundle', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, '--local']);
  expect(stderr).toBe('');
  const [, works, all] = /(\d+) of (\d+) work/.exec(stdout)!.map(Number);
  expect(works).toBe(all);
  for (const name of ['CommonJS', 'ES module', 'worker thread', 'nodenext', 'esbuild, external']) {
    expect(stdout).toContain(name);
  }
}, 300_000); // a dozen programs, one after the other, on a machine that may be busy
