/**
 * Reads a CSV file into the columns that `fit` and `predict` take, piece by piece, so that the event loop goes on.
 */

import { createReadStream } from 'node:fs';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { CsvError, parse, type InfoRecord } from 'csv-parse';
import type { CsvOptions, CsvPanel, CsvSource } from '../types/index';
import { CSV_ROWS, CsvReader, csvError } from './csv-reader';
import { columnNames, MISSING } from './requests';
import { ForecastError } from './errors';
import {
  optionalChoice,
  optionalSignal,
  optionalString,
  optionError,
  readOptions,
  show,
} from './options';
import { isObject } from './values';

const OPTIONS = [
  ...(['idColumn', 'timeColumn', 'targetColumn'] as const),
  ...(['rows', 'separator', 'missing', 'signal'] as const),
];
/** Bytes of a text that are parsed in one turn of the event loop: about a millisecond. */
const PIECE = 65_536;

/** Reads a CSV file with a header line. Rejects with E0006 (file), E0010 (options, columns) or E0011 (cells). */
export async function readCsv(
  source: CsvSource,
  options?: CsvOptions & { readonly rows?: 'panel' },
): Promise<CsvPanel>;
export async function readCsv(source: CsvSource, options: CsvOptions): Promise<Partial<CsvPanel>>;
export async function readCsv(source: CsvSource, given: CsvOptions = {}): Promise<CsvPanel> {
  const options = readOptions('readCsv', given, OPTIONS);
  const names = columnNames('readCsv', options);
  const signal = optionalSignal('readCsv', options.signal);
  const separator = separatorOption(options.separator);
  const rows = optionalChoice('readCsv', 'rows', options.rows, CSV_ROWS) ?? 'panel';
  const missing = optionalChoice('readCsv', 'missing', options.missing, MISSING) === 'mask';
  signal?.throwIfAborted();

  const file = sourceName(source);
  const reader = new CsvReader(file, separator, names, { kind: rows, missing });
  const parser = parse({
    bom: true,
    delimiter: separator,
    record_delimiter: ['\r\n', '\n', '\r'],
    skip_empty_lines: true,
    on_record: (record: string[], info: InfoRecord) => {
      reader.take(record, info.lines);
      return null;
    },
  });
  parser.resume();
  try {
    await pipeline([...(await unzipped(open(source))), parser], signal ? { signal } : {});
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw fileError(file, error);
  }
  return await reader.panel(signal);
}

function separatorOption(value: unknown): string {
  const separator = optionalString('readCsv', 'separator', value) ?? ',';
  if (!/["\r\n]/.test(separator)) return separator;
  throw optionError('readCsv', 'separator', value, 'a text without quotes and line ends');
}

function sourceName(source: CsvSource): string {
  if (typeof source === 'string') return source;
  if (!isObject(source) || !(source instanceof URL)) return 'CSV text';
  try {
    return fileURLToPath(source);
  } catch {
    throw optionError('readCsv', 'source', source, 'a file: URL of this machine');
  }
}

function* pieces(bytes: Uint8Array): Generator<Buffer> {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < whole.length; at += PIECE) yield whole.subarray(at, at + PIECE);
}

function open(source: CsvSource): Readable {
  if (typeof source === 'string') return createReadStream(source);
  if (isObject(source)) {
    if (source instanceof URL) return createReadStream(source);
    // A proxy of bytes has none.
    if (ArrayBuffer.isView(source) && source instanceof Uint8Array) {
      return Readable.from(pieces(source));
    }
    const { text } = source as { text?: unknown };
    if (typeof text === 'string') return Readable.from(pieces(Buffer.from(text)));
    if (Symbol.asyncIterator in source) return Readable.from(source);
  }
  throw new ForecastError(
    'ERR_ND_CONFIG',
    `[readCsv] received ${show(source)}, expected a path, a file: URL, { text }, a Uint8Array or a stream`,
  );
}

/** Puts a decompressor behind a source that begins with the gzip magic number, whatever the file is called. */
async function unzipped(input: Readable): Promise<(Readable | Transform)[]> {
  const chunks = input[Symbol.asyncIterator]();
  const first = await chunks
    .next()
    .catch((error: unknown) => ({ done: true, value: undefined, error }));
  const head = first.value as Uint8Array | string | undefined;
  const rest = Readable.from(
    (async function* () {
      if ('error' in first) throw first.error;
      if (!first.done) yield head;
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
    })(),
    { objectMode: false },
  );
  const isGzip = head instanceof Uint8Array && head[0] === 0x1f && head[1] === 0x8b;
  return isGzip ? [rest, createGunzip()] : [rest];
}

/** The documented error for whatever went wrong below. */
function fileError(file: string, error: unknown): unknown {
  if (error instanceof ForecastError) return error;
  if (error instanceof CsvError) {
    const line = (error as unknown as { lines?: number }).lines;
    return csvError(file, line, error.message, { cause: error.code });
  }
  const { code, message } = Object(error) as NodeJS.ErrnoException;
  const reason =
    code === 'ENOENT'
      ? 'there is no such file'
      : code === 'EISDIR'
        ? 'it is a folder'
        : typeof message === 'string'
          ? message
          : show(error);
  return new ForecastError(
    'ERR_ND_FILE',
    `[readCsv] cannot read ${file}: ${reason}`,
    { file, reason: code ?? null },
    { cause: error },
  );
}
