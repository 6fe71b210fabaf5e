/** What the command line says: results on stdout, errors and progress on stderr, exit codes. */

import { CommanderError } from 'commander';
import { ForecastError } from '../index';

/** Exit codes, as documented in the help and in docs/cli.md. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

export const EXIT_HELP = `
Exit codes: ${EXIT.ok} done, ${EXIT.failed} an error in data, options or files, ${EXIT.usage} a wrong command line, ${EXIT.interrupted} interrupted.`;

/** A wrong command line; everything else that can go wrong is an error of the library. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const isUsage = (error: unknown) => error instanceof UsageError || error instanceof CommanderError;

/** A failure that has been said already, as its command says it. */
export class Reported extends Error {
  override readonly name = 'Reported';
}

/** Writes to stdout, where results go. */
export const say = (text: string) => process.stdout.write(text);

/** Writes the one JSON document of `--json`. */
export const sayJson = (value: unknown) => say(`${JSON.stringify(value, replacer)}\n`);

export function sayFiles(files: readonly string[]): void {
  for (const file of files) say(`wrote ${file}\n`);
}

/** Says what went wrong, as text or as the one JSON document of `--json`. Returns the exit code. */
export function reportError(error: unknown, json: boolean): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  if (error instanceof Reported) return EXIT.failed;
  // The reason of a signal is no Error of this realm where the caller has several.
  const { name, message: text = String(error) } = Object(error) as Partial<Error>;
  const interrupted = name === 'AbortError';
  const message = text.replace(/^error: /, '');
  const known = error instanceof ForecastError ? error : undefined;
  const number = known?.number ?? (isUsage(error) ? 'E0010' : interrupted ? undefined : 'E0014');
  const code =
    known?.code ??
    (isUsage(error) ? 'ERR_ND_CONFIG' : interrupted ? 'AbortError' : 'ERR_ND_INTERNAL');
  if (json) {
    const details = known?.details ?? {};
    sayJson({ error: { code, number, message, details, help: known?.help } });
  } else {
    const title = interrupted ? 'interrupted' : isUsage(error) ? 'usage' : `error ${number}`;
    process.stderr.write(`${title}: ${message}\n${known ? `see ${known.help}\n` : ''}`);
  }
  if (interrupted) return EXIT.interrupted;
  return isUsage(error) ? EXIT.usage : EXIT.failed;
}

/** JSON has no bigint; a time stamp above 2^53 is text. */
const replacer = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

/** About five significant digits, and never fewer than the whole part. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e15) return value.toExponential(4);
  if (size >= 100) return value.toFixed(2);
  return size >= 1 || size === 0 ? value.toFixed(3) : value.toPrecision(4);
}

/** '3.8 MB'; powers of ten, as file managers count. */
export function formatBytes(bytes: number): string {
  const [size, unit] = [
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'kB'],
  ].find(([limit]) => bytes >= (limit as number)) ?? [1, 'B'];
  const value = bytes / (size as number);
  return `${unit === 'B' ? value : value.toFixed(1)} ${unit}`;
}

export type Cell = string | number | bigint | Date;

/** A table for people: text to the left, numbers to the right; the middle of a long one is left out. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  limit = 40,
): string {
  const shown =
    rows.length > limit ? [...rows.slice(0, limit / 2), ...rows.slice(-limit / 2)] : rows;
  const texts = shown.map((row) =>
    row.map((cell) => (typeof cell === 'number' ? formatNumber(cell) : cellText(cell))),
  );
  const isNumber = header.map((_, column) => typeof rows[0]?.[column] === 'number');
  const widths = header.map((name, column) =>
    Math.max(name.length, ...texts.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((text, i) => (isNumber[i] ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  const lines = texts.map(line);
  if (shown.length < rows.length)
    lines.splice(limit / 2, 0, `… ${rows.length - limit} more rows …`);
  return `${[line(header), ...lines].join('\n')}\n`;
}

/** A date without a time of day is written without one. */
export function cellText(cell: Cell): string {
  return cell instanceof Date
    ? cell.toISOString().replace(/(?:T00:00:00)?\.000Z$/, (end) => (end[0] === 'T' ? '' : 'Z'))
    : String(cell);
}

const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** CSV text with a header line. */
export function formatCsv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [header, ...rows].map((row) => row.map((cell) => quoted(cellText(cell))).join(','));
  return `${lines.join('\n')}\n`;
}
