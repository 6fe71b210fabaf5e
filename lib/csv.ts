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
import { CsvReader, csvError } from './csv-reader';
import { ForecastError } from './errors';
import { checkNames, optionalSignal, optionalString, show } from './options';

const OPTIONS = ['idColumn', 'timeColumn', 'targetColumn', 'separator', 'signal'];
/** Bytes of a text that are parsed in one turn of the event loop: about a millisecond. */
const PIECE = 65_536;

/** Reads a CSV file with a header line. Rejects with E0006 (file), E0010 (options, columns) or E0011 (cells). */
export async function readCsv(source: CsvSource, options: CsvOptions = {}): Promise<CsvPanel> {
  checkNames('readCsv', options, OPTIONS);
  const signal = optionalSignal('readCsv', options.signal);
  const separator = optionalString('readCsv', 'separator', options.separator) ?? ',';
  signal?.throwIfAborted();

  const file = sourceName(source);
  const reader = new CsvReader(file, separator, options);
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

function sourceName(source: CsvSource): string {
  if (typeof source === 'string') return source;
  return source instanceof URL ? fileURLToPath(source) : 'CSV text';
}

function* pieces(bytes: Uint8Array): Generator<Buffer> {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < whole.length; at += PIECE) yield whole.subarray(at, at + PIECE);
}

function open(source: CsvSource): Readable {
  if (typeof source === 'string' || source instanceof URL) return createReadStream(source);
  if (source instanceof Uint8Array) return Readable.from(pieces(source));
  if (source !== null && typeof source === 'object') {
    if ('text' in source && typeof source.text === 'string') {
      return Readable.from(pieces(Buffer.from(source.text)));
    }
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
  const { code, message } = error as NodeJS.ErrnoException;
  const reason =
    code === 'ENOENT'
      ? 'there is no such file'
      : code === 'EISDIR'
        ? 'it is a folder'
        : (message ?? String(error));
  return new ForecastError(
    'ERR_ND_FILE',
    `[readCsv] cannot read ${file}: ${reason}`,
    { file, reason: code ?? null },
    { cause: error },
  );
}
