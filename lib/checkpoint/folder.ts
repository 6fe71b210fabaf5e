import fs from 'node:fs/promises';
import path from 'node:path';
import { ForecastError } from '../errors';
import { refuse, shown } from './refuse';

const byteOrder = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** A checkpoint's folder. */
export class Folder {
  private constructor(
    readonly path: string,
    /** Names of its files in the order of their bytes, in which NeuralForecast reads them. */
    readonly files: readonly string[],
    readonly signal: AbortSignal | undefined,
  ) {}

  static async open(where: string, signal: AbortSignal | undefined): Promise<Folder> {
    try {
      const entries = await fs.readdir(where, { withFileTypes: true });
      const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
      return new Folder(where, files.sort(byteOrder), signal);
    } catch (error) {
      const { message } = error as Error;
      throw new ForecastError(
        'ERR_ND_FILE',
        `[importCheckpoint] received the path ${shown(where)}, expected a folder that can be read (${message})`,
        { path: where },
        { cause: error },
      );
    }
  }

  has(name: string): boolean {
    return this.files.includes(name);
  }

  async read(name: string): Promise<Uint8Array> {
    this.signal?.throwIfAborted();
    try {
      return await fs.readFile(path.join(this.path, name), { signal: this.signal });
    } catch (error) {
      this.signal?.throwIfAborted();
      return refuse(name, `cannot be read: ${(error as Error).message}`);
    }
  }

  /** UTF-8. */
  text(bytes: Uint8Array, name: string): string {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      return refuse(name, 'is no valid UTF-8');
    }
  }
}
