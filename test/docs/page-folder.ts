/** A folder in which the blocks of one page run as a reader would run them: the package, data files, commands. */

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { transformSync } from '@swc/core';
import { type Block, root } from './blocks';

/** Packages that pages import; everything else is Node's. */
const PACKAGES: Readonly<Record<string, string>> = {
  'neuro-divergent': root,
  express: path.join(root, 'node_modules', 'express'),
  fastify: path.join(root, 'node_modules', 'fastify'),
  electron: path.join(__dirname, 'electron'),
};

/** The longest that one block may take, on a machine that has other things to do. */
export const LIMIT_MS = 240_000;

const { scripts } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));

/**
 * Commands that pages call. Those that need a network or take minutes (`npm install`, `npm run …`, `git clone`) are only
 * looked at: the script must exist. `npx neuro-divergent` is the real command line.
 */
const COMMANDS: Readonly<Record<string, string>> = {
  npx: `#!/bin/sh
[ "$1" = neuro-divergent ] || { echo "npx: unknown program $1" >&2; exit 9; }
shift
exec "${process.execPath}" "${path.join(root, 'dist', 'cli.js')}" "$@"
`,
  node: `#!/bin/sh
exec "${process.execPath}" "$@"
`,
  npm: `#!/bin/sh
case "$1" in
  install) exit 0 ;;
  run) name=$2 ;;
  *) name=$1 ;;
esac
case " ${Object.keys(scripts).join(' ')} " in
  *" $name "*) exit 0 ;;
esac
echo "npm: package.json has no script $name" >&2
exit 9
`,
  git: `#!/bin/sh
[ "$1" != clone ] || mkdir -p neuro-divergent
`,
};

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

export class PageFolder {
  readonly path = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-docs-'));
  #count = 0;

  constructor() {
    fs.mkdirSync(this.#at('bin'));
    for (const [name, text] of Object.entries(COMMANDS)) {
      fs.writeFileSync(this.#at('bin', name), text, { mode: 0o755 });
    }
    fs.mkdirSync(this.#at('node_modules'));
    for (const [name, target] of Object.entries(PACKAGES)) {
      fs.symlinkSync(target, this.#at('node_modules', name));
    }
    const passengers = path.join(root, 'examples', 'data', 'air-passengers.csv');
    for (const name of ['air-passengers.csv', 'data.csv']) {
      fs.copyFileSync(passengers, this.#at(name));
    }
    fs.writeFileSync(this.#at('prices.csv'), prices());
  }

  remove(): void {
    fs.rmSync(this.path, { recursive: true, force: true });
  }

  /** Keeps a block that is a file of its page. */
  write({ file, code, language }: Block): void {
    const name = file!.replace(/\.m?ts$/, '.mjs');
    fs.writeFileSync(this.#at(name), language === 'ts' ? plainJavaScript(code) : code);
  }

  /** Runs a block to its end. */
  async run({ code, language, setup }: Block): Promise<Ended> {
    if (language === 'bash' || language === 'sh') {
      return this.#spawn('bash', ['-euo', 'pipefail', '-c', code]);
    }
    const file = this.#at(`block-${this.#count++}.mjs`);
    fs.writeFileSync(file, language === 'ts' ? plainJavaScript(code) : code);
    const first = setup ? ['--import', path.join(__dirname, 'setup', `${setup}.mjs`)] : [];
    return this.#spawn(process.execPath, [...first, file]);
  }

  /** The compiler's complaints about blocks of TypeScript, strict, as a service with @types/node has it. */
  async typecheck(blocks: readonly Block[]): Promise<Ended> {
    const files = blocks.map((block, i) => {
      const page = block.page.replaceAll(/\W/g, '-');
      const file = `${page}-line-${block.line}-${i}.mts`;
      fs.writeFileSync(this.#at(file), block.code);
      return file;
    });
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable'],
      module: 'node16',
      types: ['node'],
      typeRoots: [path.join(root, 'node_modules', '@types')],
    };
    fs.writeFileSync(this.#at('tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    return this.#spawn(process.execPath, [compiler, '-p', '.']);
  }

  #at(...parts: string[]): string {
    return path.join(this.path, ...parts);
  }

  #spawn(program: string, args: readonly string[]): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        cwd: this.path,
        stdio: ['ignore', 'pipe', 'pipe'],
        // A group of its own, so that a hang ends with everything that it started.
        detached: true,
        env: { ...process.env, PATH: `${this.#at('bin')}${path.delimiter}${process.env.PATH}` },
      });
      let output = '';
      const limit = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), LIMIT_MS);
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      }
      child.on('error', reject);
      child.on('close', (code) => {
        clearTimeout(limit);
        resolve({ code, output });
      });
    });
  }
}

/** Closes of two symbols on business days, a random walk that is the same each time. */
function prices(): string {
  const lines = ['unique_id,ds,y'];
  let state = 1;
  for (const symbol of ['ACME', 'GLOBEX']) {
    let close = 100;
    for (let day = 0; day < 420; day++) {
      const date = new Date(Date.UTC(2024, 0, 1 + day));
      if (date.getUTCDay() % 6 === 0) continue;
      state = (state * 48_271) % 2_147_483_647;
      close *= 1 + 0.02 * (state / 2_147_483_647 - 0.5);
      lines.push(`${symbol},${date.toISOString().slice(0, 10)},${close.toFixed(2)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function plainJavaScript(code: string): string {
  const jsc = { parser: { syntax: 'typescript' as const }, target: 'es2022' as const };
  return transformSync(code, { jsc, module: { type: 'es6' } }).code;
}
