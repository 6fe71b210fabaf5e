/** The command line with any arguments: a documented exit code, one JSON document where it was asked for. */

import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { registry } from '../../lib/index';
import { createProgram } from '../../lib/cli/program';
import { EXIT, reportError } from '../../lib/cli/report';
import { temporaryFolder } from '../api/support';
import { texts } from './api/junk';
import { fuzz } from './api/property';
import { fitted } from './api/valid';

const folder = temporaryFolder();
const start = process.cwd();

beforeAll(async () => {
  process.chdir(folder);
  const lines = Array.from({ length: 24 }, (_, i) => `${i},${10 + i + 3 * Math.sin(i)}`);
  fs.writeFileSync('data.csv', `ds,y\n${lines.join('\n')}\n`);
  const nf = await fitted();
  await nf.save(path.join(folder, 'model.safetensors'));
});
afterAll(() => process.chdir(start));

const QUICK = [
  '--horizon',
  '2',
  '--input-size',
  '4',
  '--max-steps',
  '1',
  '--threads',
  '1',
  '--model',
  'nlinear',
];
const COMMANDS: readonly (readonly string[])[] = [
  ['forecast', 'data.csv', '--no-plot', '--holdout', '2', ...QUICK],
  ['fit', 'data.csv', '--output', 'fitted.safetensors', '--val-size', '2', ...QUICK],
  ['predict', 'model.safetensors', '--horizon', '2', '--output', 'next.csv'],
  ['simulate', 'model.safetensors', '--paths', '2', '--seed', '3', '--output', 'paths.csv'],
  ['cv', 'data.csv', '--windows', '2', '--step-size', '1', '--refit', ...QUICK],
  ['info', 'model.safetensors'],
  ['models', 'nhits'],
  ['completion', 'bash'],
];

// As any user has them: files here, none elsewhere; numbers of runs that take no time.
const word = fc
  .oneof(
    texts,
    fc.constantFrom(
      '--json',
      '--loss',
      'mae',
      'mqloss',
      '--levels',
      '80',
      '--frequency',
      'D',
      '--time-zone',
    ),
    fc.constantFrom(
      '--local-scaler',
      'robust',
      '--compat',
      '--separator',
      ';',
      '--help',
      '--version',
      '-h',
    ),
    fc.constantFrom(
      'data.csv',
      'model.safetensors',
      'absent.csv',
      '.',
      '--quiet',
      '--unknown',
      '--scaler-type',
    ),
    fc.constantFrom(
      '--hidden-size',
      '--mlp-units',
      '4,4;4,4',
      '--stack-types',
      'identity',
      '{"type":"MAE"}',
    ),
    fc.integer({ min: -3, max: 40 }).map(String),
    fc.constantFrom('NaN', '1e400', '0x10', '', '1,,2', ';', '[', '{', 'null', 'true'),
  )
  .map((text) => text.replaceAll('/', '_').replaceAll('\0', ''));

const edits = fc.array(
  fc.record({ at: fc.nat({ max: 99 }), how: fc.constantFrom('replace', 'insert', 'delete'), word }),
  { maxLength: 3 },
);

function edited(
  command: readonly string[],
  list: readonly { at: number; how: string; word: string }[],
): string[] {
  const args = [...command];
  for (const { at, how, word: text } of list) {
    const place = at % (args.length + 1);
    if (how === 'replace') args.splice(place, 1, text);
    else if (how === 'insert') args.splice(place, 0, text);
    else args.splice(place, 1);
  }
  return args;
}

/** Runs a command in this process, as lib/cli/main.ts does; stdout, stderr and the exit code. */
async function runCommand(args: readonly string[]) {
  const written = { stdout: '', stderr: '' };
  const catching = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text);
      return true;
    }),
  );
  const interrupt = new AbortController();
  const limit = setTimeout(() => interrupt.abort(), 2000);
  const json = args.includes('--json');
  let code: number = EXIT.ok;
  try {
    const program = createProgram(
      { signal: interrupt.signal, json, version: '0', registry },
      registry(),
    );
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    code = reportError(error, json);
  } finally {
    clearTimeout(limit);
    for (const spy of catching) spy.mockRestore();
  }
  return { code, json, ...written };
}

fuzz(
  'command line',
  fc.record({ base: fc.nat({ max: COMMANDS.length - 1 }), list: edits }),
  async ({ base, list }) => {
    const { code, json, stdout, stderr } = await runCommand(edited(COMMANDS[base] ?? [], list));
    expect(Object.values(EXIT)).toContain(code);
    expect(stdout + stderr).not.toMatch(/E0014|ERR_ND_INTERNAL/);
    if (code === EXIT.ok) return;
    if (json) expect(JSON.parse(stdout).error.message).toEqual(expect.any(String));
    else expect(stderr).toMatch(/^(usage|error E\d{4}|interrupted): \S/);
  },
  { share: 0.5 },
);
