/** The calls of one object: which are in flight, in which order they change it, and its end. */

import { ForecastError } from './errors';

export class Calls {
  readonly #pending = new Set<Promise<unknown>>();
  /** Resolves when the latest call that changes the object has been handed to native code. */
  #turn: Promise<void> = Promise.resolve();
  #disposed = false;

  /** Throws E0012 of `place` after end(). */
  checkLive(place: string): void {
    if (this.#disposed) {
      throw new ForecastError('ERR_ND_BUSY', `[${place}] the forecaster was disposed`);
    }
  }

  /** Remembers a call in flight, so that end() can wait for it; every failure is a rejection. */
  async track<Result>(place: string, call: () => Promise<Result>): Promise<Result> {
    this.checkLive(place);
    const running = call();
    this.#pending.add(running);
    try {
      return await running;
    } finally {
      this.#pending.delete(running);
    }
  }

  /**
   * Hands calls that change the object to native code in the order in which they were made, whatever each of them has to
   * prepare; native code then runs them in that order.
   */
  async inTurn<Prepared, Result>(
    prepare: () => Promise<Prepared>,
    start: (prepared: Prepared) => Promise<Result>,
  ): Promise<Result> {
    const before = this.#turn;
    let pass = () => {};
    this.#turn = new Promise((resolve) => {
      pass = resolve;
    });
    try {
      const prepared = await prepare();
      await before;
      const running = start(prepared);
      pass();
      return await running;
    } finally {
      // Of a call that has failed before its turn, the turn comes all the same.
      before.then(pass);
    }
  }

  /** Refuses every call from now on and waits for those in flight. */
  async end(): Promise<void> {
    this.#disposed = true;
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }
}
