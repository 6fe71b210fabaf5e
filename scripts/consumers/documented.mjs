// The configurations of docs/runtimes.md: what readers copy is what the matrix runs.

import fs from 'node:fs';
import { at } from '../support.mjs';

/** The first code block under a heading of docs/runtimes.md. */
export function documented(heading) {
  const page = fs.readFileSync(at('docs', 'runtimes.md'), 'utf8');
  const section = page.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`));
  const block = /^```\w*\n([\s\S]*?)^```$/m.exec(section ?? '')?.[1];
  if (!block) throw new Error(`docs/runtimes.md has no code block under "${heading}"`);
  return block;
}
