import fs from 'node:fs';
import path from 'node:path';
import { type Block, blocksOf, pages } from './blocks';
import { LIMIT_MS, PageFolder } from './page-folder';

const RUN = ['js', 'ts', 'bash', 'sh'];
/** Shown as they are: messages, data, drawings. */
const SHOWN = ['', 'text', 'json', 'html', 'csv', 'python'];
const FRAGMENTS = 2;

const all = pages.map((page) => ({ page, blocks: blocksOf(page) }));
const everyBlock = all.flatMap(({ blocks }) => blocks);

test('every block has a language that is run or shown, and a setup that exists', () => {
  for (const { page, line, language, setup, code } of everyBlock) {
    const place = `${page}:${line}`;
    expect([place, [...RUN, ...SHOWN].includes(language)]).toEqual([place, true]);
    if (language === 'json') expect(() => JSON.parse(code)).not.toThrow();
    if (setup) expect(fs.existsSync(path.join(__dirname, 'setup', `${setup}.mjs`))).toBe(true);
  }
});

test(`at most ${FRAGMENTS} blocks do not run`, () => {
  expect(everyBlock.filter(({ isFragment }) => isFragment).length).toBeLessThanOrEqual(FRAGMENTS);
});

test('every file that a page shows is used by a block that runs', () => {
  for (const { blocks } of all) {
    for (const { page, line, file } of blocks.filter((block) => block.file)) {
      const users = blocks.filter((b) => b.file !== file && b.code.includes(`${file}`));
      expect({ page, line, file, users: users.length }).not.toMatchObject({ users: 0 });
    }
  }
});

describe.each(all.filter(({ blocks }) => blocks.some(runs)))('$page', ({ blocks }) => {
  let folder: PageFolder;
  beforeAll(() => {
    folder = new PageFolder();
    for (const block of blocks) if (block.file) folder.write(block);
  });
  afterAll(() => folder.remove());

  test.each(blocks.filter(runs).map((block) => [block.line, block.language, block] as const))(
    'line %i (%s)',
    async (_line, _language, block) => {
      const { code, output } = await folder.run(block);
      if (code !== 0) throw new Error(`${block.page}:${block.line} ended with ${code}:\n${output}`);
    },
    LIMIT_MS + 10_000,
  );
});

test(
  'TypeScript, strict',
  async () => {
    const folder = new PageFolder();
    const typed = everyBlock.filter(({ language, isFragment }) => language === 'ts' && !isFragment);
    try {
      expect(await folder.typecheck(typed)).toEqual({ code: 0, output: '' });
    } finally {
      folder.remove();
    }
  },
  LIMIT_MS,
);

function runs({ language, isFragment, file }: Block): boolean {
  return RUN.includes(language) && !isFragment && file === undefined;
}
