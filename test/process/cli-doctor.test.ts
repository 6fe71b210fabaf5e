import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runtimeInfo } from '../../lib/index';
import { cli, cliWith, folder } from './cli-support';

type Check = { name: string; ok: boolean; text: string };

const doctor = (env: Record<string, string>, ...flags: string[]) => {
  const { status, stdout, stderr } = cliWith(env, 'doctor', '--json', ...flags);
  expect(stderr).toBe('');
  const document = JSON.parse(stdout);
  const checks = document.checks as Check[];
  return {
    status,
    document,
    failed: checks.filter(({ ok }) => !ok),
    names: checks.map((c) => c.name),
  };
};

const PREBUILT = join(__dirname, '../../prebuilds', runtimeInfo().prebuild, 'neuro_divergent.node');
const ADDON = process.env.ND_BINDING_PATH ?? PREBUILT;

test('says what runs here', () => {
  const { status, document, failed } = doctor({ ND_NUM_THREADS: '3' }, '--quick');
  expect({ status, failed }).toEqual({ status: 0, failed: [] });
  const { targets, libc, prebuild, napi } = runtimeInfo();
  expect(document).toMatchObject({
    ok: true,
    machine: { node: process.versions.node, cpu: expect.any(String), cores: expect.any(Number) },
    binary: { loaded: true, threads: 3, file: ADDON, targets, libc, prebuild, napi },
  });
  expect(document.binary.files).toContainEqual({ file: ADDON, bytes: expect.any(Number) });
  expect(document.environment).toContainEqual(
    expect.objectContaining({ name: 'ND_NUM_THREADS', value: '3' }),
  );
});

test('tries everything, and quickly only what takes no seconds', () => {
  const quick = ['environment', 'binary', 'training', 'determinism', 'save and load', 'predictor'];
  const { status, stdout } = cli('doctor', '--quick');
  expect(status).toBe(0);
  const lines = stdout.split('\n').filter((line) => /^ {2}(?:ok|failed) /.test(line));
  expect(lines.map((line) => line.slice(10).split(/ {2,}/)[0])).toEqual(quick);
  expect(stdout).toMatch(/1 and \d+ threads give the same file, bit for bit/);
  expect(stdout).toMatch(/\nall is well\n$/);
});

test('the whole self-test', () => {
  const { document, failed, names } = doctor({});
  expect(names.at(-1)).toBe('event loop');
  // How long the event loop waits is for the machine to say; everything else must hold anywhere.
  expect(failed.filter(({ name }) => name !== 'event loop')).toEqual([]);
  expect(document.checks[2].text).toMatch(/^error NHITS .*, LSTM .*, PatchTST /);
}, 180_000);

describe('a binary that cannot be loaded', () => {
  mkdirSync(join(folder, 'alone'), { recursive: true });
  const alone = join(folder, 'alone', 'neuro_divergent.node');
  copyFileSync(PREBUILT, alone);

  test.each<[string, Record<string, string>, RegExp]>([
    [
      'does not exist',
      { ND_BINDING_PATH: join(folder, 'none.node') },
      /ND_BINDING_PATH names a file/,
    ],
    ['may not be loaded', { NODE_OPTIONS: '--no-addons' }, /start it without that flag/],
    ...(process.platform === 'linux'
      ? ([
          [
            'lacks its library',
            { ND_BINDING_PATH: alone },
            /A shared library beside the binary is missing/,
          ],
        ] as [string, Record<string, string>, RegExp][])
      : []),
  ])('%s', (_, env, message) => {
    const { status, document, failed, names } = doctor(env);
    expect(status).toBe(1);
    expect(document).toMatchObject({ ok: false, binary: { loaded: false } });
    expect(document.binary.error).toMatchObject({ code: 'ERR_ND_BINARY', number: 'E0013' });
    expect(names).toEqual(['environment', 'binary']);
    expect(failed).toEqual([expect.objectContaining({ name: 'binary' })]);
    expect(failed[0]?.text).toMatch(message);
  });

  test('people are told the same, and help is shown all the same', () => {
    const env = { NODE_OPTIONS: '--no-addons' };
    const { status, stdout, stderr } = cliWith(env, 'doctor');
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toMatch(/failed {2}binary +error E0013: .*without that flag/);
    expect(stdout).toMatch(/\nfailed: binary\n$/);
    const help = cliWith(env, 'fit', '--help');
    expect(help.status).toBe(0);
    expect(help.stdout).toContain('"neuro-divergent doctor" says why');
    expect(cliWith(env, 'fit', 'x.csv', '--output', 'y')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^error E0013: /),
    });
  });
});

test.each([
  [{ ND_NUM_THREAD: '3' }, 'ND_NUM_THREAD is not read; did you mean ND_NUM_THREADS?'],
  [{ ND_NUM_THREADS: 'two' }, 'ND_NUM_THREADS is not a whole number above 0'],
  [{ ND_PRIORITY: 'high' }, 'ND_PRIORITY is not "normal"'],
])('%j is a slip', (env, message) => {
  const { status, failed } = doctor(env, '--quick');
  expect(status).toBe(1);
  expect(failed).toEqual([expect.objectContaining({ name: 'environment' })]);
  expect(failed[0]?.text).toContain(message);
});
