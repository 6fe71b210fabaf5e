import { setImmediate } from 'node:timers/promises';

/** Longest stretch of work on the event loop, in milliseconds. */
const SLICE_MS = 1;
const CHUNK = 512;

/**
 * Work over the rows from `from` up to, but without, `to`. The loop is the visitor's: a call per row, which the engine
 * cannot inline for all the visitors there are, would cost more than most of them do.
 */
export type VisitRun = (from: number, to: number) => void;

/** Work over many rows that lets the event loop turn in between, and that an AbortSignal ends. */
export class Slices {
  readonly #signal: AbortSignal | undefined;
  #started = performance.now();

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * Visits the rows in order, in runs [from, to). What fits into one slice, and one chunk whatever the clock says, is done
   * when this returns `undefined`, so that a small table is read as it is at the time of the call. `chunk`: rows between
   * two looks at the clock.
   */
  eachRun(rows: number, visit: VisitRun, chunk = CHUNK): Promise<void> | undefined {
    const next = this.#slice(rows, visit, 0, chunk);
    return next < rows ? this.#rest(rows, visit, next, chunk) : undefined;
  }

  /** As `eachRun`, row by row. */
  eachRow(rows: number, visit: (row: number) => void, chunk = CHUNK): Promise<void> | undefined {
    const visitRun = (from: number, to: number) => {
      for (let row = from; row < to; row++) visit(row);
    };
    return this.eachRun(rows, visitRun, chunk);
  }

  /** Visits rows until the slice is over; gives the next one. */
  #slice(rows: number, visit: VisitRun, from: number, chunk: number): number {
    let next = from;
    do {
      const end = Math.min(rows, next + chunk);
      visit(next, end);
      next = end;
    } while (next < rows && performance.now() - this.#started <= SLICE_MS);
    return next;
  }

  async #rest(rows: number, visit: VisitRun, from: number, chunk: number): Promise<void> {
    for (let next = from; next < rows; next = this.#slice(rows, visit, next, chunk)) {
      await setImmediate();
      this.#signal?.throwIfAborted();
      this.#started = performance.now();
    }
  }
}
