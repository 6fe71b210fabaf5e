import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { registry } from '../../lib/index';
import { createProgram } from '../../lib/cli/program';
import { EXIT } from '../../lib/cli/report';
import { cli } from './cli-support';

const page = readFileSync(join(__dirname, '../../docs/cli.md'), 'utf8');
const sections = new Map(
  page.split(/^## /m).map((text) => [text.slice(0, text.indexOf('\n')), text] as const),
);
const context = { json: false, version: '0', signal: new AbortController().signal, registry };
const { commands } = createProgram(context, registry());
/** Flags that several commands share stand in sections of their own. */
const shared = ['Data and columns', 'Flags of models, training and losses']
  .map((title) => sections.get(title))
  .join('\n');

const flagsOf = (text: string) => new Set(text.match(/(?<=[`\s])--[a-z][a-z0-9-]*/g));
const longFlags = (command: (typeof commands)[number]) =>
  command.options.flatMap(({ long, short }) => [long, short?.startsWith('--') ? short : undefined]);

test('every command has its section, and every section a command', () => {
  const titles = [...sections.keys()].filter((title) => /^[a-z-]+$/.test(title));
  expect(titles).toEqual(commands.map((command) => command.name()));
});

describe.each(commands.map((command) => [command.name(), command] as const))(
  '%s',
  (name, command) => {
    const section = sections.get(name) ?? '';
    const described = flagsOf(section);
    const flags = longFlags(command).filter((flag) => flag !== undefined);

    test('every flag is in the page', () => {
      const everywhere = new Set([...described, ...flagsOf(shared)]);
      expect(flags.filter((flag) => !everywhere.has(flag))).toEqual([]);
    });

    test('every flag of its section exists', () => {
      const known = new Set([...flags, '--local-scaler', '--loss', '--help']);
      expect([...described].filter((flag) => !known.has(flag))).toEqual([]);
    });

    test('--help of the built program shows every flag and the exit codes', () => {
      const { status, stdout } = cli(name, '--help');
      expect(status).toBe(0);
      const shown = flagsOf(stdout);
      const hidden = new Set(command.options.filter((o) => o.hidden).map(({ long }) => long));
      expect(flags.filter((flag) => !shown.has(flag) && !hidden.has(flag))).toEqual([]);
      for (const code of Object.values(EXIT))
        expect(stdout).toMatch(new RegExp(`Exit codes:.*${code} `));
    });
  },
);

test('the page names every exit code', () => {
  for (const code of Object.values(EXIT)) expect(page).toContain(`| ${code} |`);
});
