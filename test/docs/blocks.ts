/**
 * The code blocks of the documentation, and what hidden comments say about them:
 *
 * - `<!-- setup: NAME -->` before a block: test/docs/setup/NAME.mjs runs first; what it puts on globalThis is in scope.
 * - a first line such as `// server.mjs`: the block is that file of its page; other blocks or a test use it.
 * - `<!-- test` + code + `-->`: a program that runs with the page's files but is not shown.
 * - the info string `js fragment`: cannot run anywhere; the number of these is limited.
 */

import fs from 'node:fs';
import path from 'node:path';

export const root = path.resolve(__dirname, '..', '..');

/** The pages whose code runs: everything written for readers. */
export const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...fs
    .readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => `docs/${file}`),
];

export interface Block {
  readonly page: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** First word of the info string: 'js', 'ts', 'bash' …; '' for a plain block. */
  readonly language: string;
  readonly isFragment: boolean;
  /** Name of a file of test/docs/setup, without its ending. */
  readonly setup?: string;
  /** The file that the block is, from its first line. */
  readonly file?: string;
  readonly code: string;
}

const OPENING = /^( *)(`{3,})\s*(.*)$/;
const SETUP = /^<!-- setup: ([\w-]+) -->$/;
const FILE = /^(?:\/\/|#|<!--) ([\w-]+\.(?:mjs|cjs|js|ts|mts|html|json))(?: -->)?$/;

/** The blocks of one page in order; a hidden test counts as a block of JavaScript. */
export function blocksOf(page: string): Block[] {
  const lines = fs.readFileSync(path.join(root, page), 'utf8').split('\n');
  const blocks: Block[] = [];
  let setup: string | undefined;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const opening = OPENING.exec(line);
    if (opening || line === '<!-- test') {
      const end = lines.findIndex((l, j) => j > i && l.trim() === (opening?.[2] ?? '-->'));
      if (end < 0) throw new Error(`${page}:${i + 1}: the block has no end`);
      const indent = opening?.[1]?.length ?? 0;
      const code = lines.slice(i + 1, end).map((l) => l.slice(indent));
      const [language = '', ...words] = (opening ? opening[3]! : 'js').trim().split(/\s+/);
      const file = FILE.exec(code[0] ?? '')?.[1];
      blocks.push({
        page,
        line: i + 1,
        language,
        isFragment: words.includes('fragment'),
        ...(setup === undefined ? {} : { setup }),
        ...(file === undefined ? {} : { file }),
        code: `${code.join('\n')}\n`,
      });
      setup = undefined;
      i = end;
    } else if (line.trim() !== '') {
      setup = SETUP.exec(line)?.[1];
    }
  }
  return blocks;
}
