import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pages, root } from './blocks';

// Links to other sites are not fetched; every other link must lead to a file, and its anchor to a place in it.

const isExternal = (link: string) => /^[a-z]+:/i.test(link);

/** A heading's anchor, as GitHub makes it. */
const anchorOf = (heading: string) =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

/** The text of a page without its code. */
function prose(file: string): string {
  return fs.readFileSync(file, 'utf8').replace(/^ *```[\s\S]*?^ *```$/gm, '');
}

function anchorsOf(file: string): Set<string> {
  const headings = [...prose(file).matchAll(/^#+ (.*)$/gm)].map(([, text]) => anchorOf(text!));
  // A repeated heading gets a number.
  return new Set(
    headings.map((anchor, i) => {
      const before = headings.slice(0, i).filter((other) => other === anchor).length;
      return before === 0 ? anchor : `${anchor}-${before}`;
    }),
  );
}

test.each([...pages, 'CHANGELOG.md'])('%s: links', (page) => {
  const file = path.join(root, page);
  const text = prose(file).replace(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ' '));
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
  const broken = links.filter((link) => {
    if (isExternal(link)) return false;
    const [target = '', anchor] = link.split('#');
    const found = target === '' ? file : path.resolve(path.dirname(file), target);
    if (!fs.existsSync(found)) return true;
    return anchor !== undefined && !anchorsOf(found).has(anchor);
  });
  expect(broken).toEqual([]);
});

test('the site is built from pages and types, and every link in it leads somewhere', () => {
  const site = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-site-'));
  try {
    execFileSync(process.execPath, [path.join(root, 'scripts', 'site.mjs'), '--out', site], {
      stdio: 'pipe',
    });
    const files = fs
      .readdirSync(site, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.html'));
    const texts = new Map(
      files.map((file) => [file, fs.readFileSync(path.join(site, file), 'utf8')]),
    );
    const places = new Map(
      [...texts].map(([file, text]) => [
        file,
        new Set([...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)),
      ]),
    );
    const broken: string[] = [];
    let count = 0;
    for (const [file, text] of texts) {
      for (const [, link] of text.matchAll(/ (?:href|src)="([^"]*)"/g)) {
        if (isExternal(link!)) continue;
        count += 1;
        const [target = '', anchor = ''] = link!.split('#').map(decodeURIComponent);
        const found = target === '' ? file : path.join(path.dirname(file), target);
        const exists = fs.existsSync(path.join(site, found));
        const hasPlace = anchor === '' || !places.has(found) || places.get(found)!.has(anchor);
        if (!exists || !hasPlace) broken.push(`${file}: ${link}`);
      }
    }
    expect(broken).toEqual([]);
    expect(count).toBeGreaterThan(1000);
    // Pages that must be there, whatever else is.
    for (const page of ['Quick_start', 'A_trading_backend', 'Electron', 'Errors']) {
      expect(files).toContain(path.join('documents', `${page}.html`));
    }
  } finally {
    fs.rmSync(site, { recursive: true, force: true });
  }
}, 120_000);
