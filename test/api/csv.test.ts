import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { readCsv } from '../../lib/csv';
import { ForecastError } from '../../lib/errors';

const folder = mkdtempSync(join(tmpdir(), 'nd-csv-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const failure = async (promise: Promise<unknown>): Promise<ForecastError> => {
  const error = await promise.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(ForecastError);
  return error as ForecastError;
};

const TWO_SERIES = 'unique_id,ds,y\na,2020-01-01,1\na,2020-02-01,2.5\nb,2020-01-01,-3e2\n';
const COLUMNS = {
  unique_id: ['a', 'a', 'b'],
  ds: ['2020-01-01', '2020-02-01', '2020-01-01'],
  y: Float64Array.of(1, 2.5, -300),
};

describe('what is read', () => {
  test('columns of a file, a URL, a text, bytes and a stream', async () => {
    const path = file('two.csv', TWO_SERIES);
    const stream = () => Readable.from([...TWO_SERIES].map((c) => Buffer.from(c)));
    for (const source of [
      path,
      pathToFileURL(path),
      { text: TWO_SERIES },
      Buffer.from(TWO_SERIES),
      stream(),
    ]) {
      expect(await readCsv(source)).toEqual(COLUMNS);
    }
  });

  test.each([
    ['CRLF', TWO_SERIES.replaceAll('\n', '\r\n')],
    ['bare CR', TWO_SERIES.replaceAll('\n', '\r')],
    ['a byte order mark', `\ufeff${TWO_SERIES}`],
    ['no final newline', TWO_SERIES.trimEnd()],
    ['blank lines', TWO_SERIES.replaceAll('\n', '\n\n')],
    ['quotes', 'unique_id,"ds",y\n"a",2020-01-01,"1"\na,2020-02-01,2.5\nb,2020-01-01,-3e2\n'],
    [
      'spaces around cells',
      'unique_id, ds, y\na, 2020-01-01, 1\na ,2020-02-01, 2.5\nb,2020-01-01,-3e2',
    ],
  ])('%s', async (_, text) => {
    expect(await readCsv({ text })).toEqual(COLUMNS);
  });

  test('line ends cut in two by the pieces of a stream', async () => {
    const pieces = [...TWO_SERIES.replaceAll('\n', '\r\n')].map((c) => Buffer.from(c));
    expect(await readCsv(Readable.from(pieces))).toEqual(COLUMNS);
  });

  test('gzip, by content rather than by name', async () => {
    expect(await readCsv(file('two.csv.gz', gzipSync(TWO_SERIES)))).toEqual(COLUMNS);
    expect(await readCsv(gzipSync(TWO_SERIES))).toEqual(COLUMNS);
    const halves = Buffer.concat([
      gzipSync(TWO_SERIES.slice(0, 30)),
      gzipSync(TWO_SERIES.slice(30)),
    ]);
    expect(await readCsv(halves)).toEqual(COLUMNS);
  });

  test('a quoted cell may hold separator, quote and line end', async () => {
    const { unique_id } = await readCsv({ text: 'unique_id,ds,y\n"a, ""b""\nc",1,2\n' });
    expect(unique_id).toEqual(['a, "b"\nc']);
  });

  test('a file without series names is one series', async () => {
    const panel = await readCsv({ text: 'ds,y\n1,10\n2,20\n' });
    expect(panel).toEqual({ ds: [1, 2], y: Float64Array.of(10, 20) });
  });

  test('columns under other names come back under the standard ones', async () => {
    const options = {
      idColumn: 'symbol',
      timeColumn: 'time',
      targetColumn: 'close',
      separator: ';',
    };
    const panel = await readCsv({ text: 'close;symbol;time\n1.5;X;7\n' }, options);
    expect(panel).toEqual({ unique_id: ['X'], ds: [7], y: Float64Array.of(1.5) });
  });

  test('integer time stamps stay exact above 2^53', async () => {
    const panel = await readCsv({ text: 'ds,y\n1700000000000000001,1\n' });
    expect(panel.ds).toEqual([1700000000000000001n]);
  });

  test('other columns are numbers where they can be', async () => {
    const text =
      'ds,y,temperature,note,empty,ratio\n1,1,20.5,warm,,1\n2,2,,7,,inf\n3,3,NA,,,-Infinity\n';
    expect(await readCsv({ text })).toEqual({
      ds: [1, 2, 3],
      y: Float64Array.of(1, 2, 3),
      temperature: Float64Array.of(20.5, Number.NaN, Number.NaN),
      note: ['warm', '7', ''],
      empty: ['', '', ''],
      ratio: Float64Array.of(1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    });
  });

  test('what was written comes back', async () => {
    const row = fc.record({
      id: fc.string({ minLength: 1 }),
      y: fc.double({ noNaN: true, noDefaultInfinity: true }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 50 }), async (rows) => {
        const usable = rows.map(({ id, y }) => ({ id: `s${id.trim()}`.trim(), y: y + 0 }));
        const quoted = usable.map(({ id, y }, i) => `"${id.replaceAll('"', '""')}",${i},${y}`);
        const panel = await readCsv({ text: `unique_id,ds,y\n${quoted.join('\n')}\n` });
        expect(panel.unique_id).toEqual(usable.map(({ id }) => id));
        expect([...panel.y]).toEqual(usable.map(({ y }) => y));
      }),
      { numRuns: 60 },
    );
  });
});

describe('what is refused', () => {
  test.each([
    ['an empty target', 'ds,y\n1,1\n2,\n', 3, 'y', 'an empty cell'],
    ['a target that is text', 'ds,y\n1,abc\n', 2, 'y', '"abc"'],
    ['NaN', 'ds,y\n1,NaN\n', 2, 'y', '"NaN"'],
    ['infinity', 'ds,y\n1,1e999\n', 2, 'y', '"1e999"'],
    ['hexadecimal', 'ds,y\n1,0x10\n', 2, 'y', '"0x10"'],
    ['an empty time stamp', 'ds,y\n1,1\n\n,2\n', 4, 'ds', 'an empty cell'],
    ['an empty name', 'unique_id,ds,y\n,1,1\n', 2, 'unique_id', 'an empty cell'],
  ])('%s', async (_, text, line, column, received) => {
    const path = file('bad.csv', text);
    const error = await failure(readCsv(path));
    expect(error).toMatchObject({
      code: 'ERR_ND_DATA',
      number: 'E0011',
      details: { file: path, line, column },
    });
    expect(error.message).toContain(
      `${path}, line ${line}: column "${column}": received ${received}`,
    );
  });

  test('a row with too many or too few cells', async () => {
    const error = await failure(readCsv({ text: 'ds,y\n1,1\n2,2,2\n' }));
    expect(error).toMatchObject({ number: 'E0011', details: { line: 3 } });
  });

  test('a quote that is never closed', async () => {
    expect(await failure(readCsv({ text: 'ds,y\n"1,1\n2,2\n' }))).toMatchObject({
      number: 'E0011',
    });
  });

  test('a missing column names the closest one and the option', async () => {
    const error = await failure(readCsv({ text: 'ds,Y\n1,1\n' }));
    expect(error).toMatchObject({
      number: 'E0010',
      details: { option: 'targetColumn', columns: ['ds', 'Y'] },
    });
    expect(error.message).toContain('did you mean "Y"?');
  });

  test('another separator is recognised', async () => {
    const error = await failure(readCsv({ text: 'ds;y\n1;1\n' }));
    expect(error.message).toContain('separated by ";": set separator');
  });

  test('a series column that was asked for and is not there', async () => {
    expect(await failure(readCsv({ text: 'ds,y\n1,1\n' }, { idColumn: 'id' }))).toMatchObject({
      number: 'E0010',
    });
  });

  test('one column twice', async () => {
    expect(await failure(readCsv({ text: 'ds,y,y\n1,1,2\n' }))).toMatchObject({ number: 'E0011' });
  });

  test('no data', async () => {
    expect(await failure(readCsv({ text: '' }))).toMatchObject({ number: 'E0003' });
    expect(await failure(readCsv({ text: 'ds,y\n' }))).toMatchObject({ number: 'E0003' });
  });

  test('no file, a folder, a truncated archive', async () => {
    const missing = join(folder, 'missing.csv');
    expect((await failure(readCsv(missing))).message).toBe(
      `[readCsv] cannot read ${missing}: there is no such file`,
    );
    expect(await failure(readCsv(folder))).toMatchObject({ number: 'E0006' });
    expect(await failure(readCsv(gzipSync(TWO_SERIES).subarray(0, -12)))).toMatchObject({
      number: 'E0006',
    });
  });

  test('unknown options', async () => {
    const error = await failure(readCsv({ text: '' }, { seperator: ';' } as never));
    expect(error.message).toContain('did you mean "separator"?');
  });

  test('an abort rejects with its reason', async () => {
    const reason = new Error('enough');
    await expect(readCsv({ text: TWO_SERIES }, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const controller = new AbortController();
    const endless = (async function* () {
      yield 'ds,y\n';
      for (let i = 0; ; i++) {
        if (i === 1000) controller.abort(reason);
        await new Promise(setImmediate);
        yield `${i},1\n`;
      }
    })();
    await expect(readCsv(endless, { signal: controller.signal })).rejects.toBe(reason);
  });
});
