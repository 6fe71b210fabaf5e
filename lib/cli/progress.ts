/** A progress bar on stderr, where a person watches; nothing otherwise. */

import { SingleBar } from 'cli-progress';
import type { FitProgress } from '../../types/index';
import { formatNumber } from './report';

export interface ProgressBar {
  update(progress: FitProgress): void;
  stop(): void;
}

export function progressBar(quiet: boolean): ProgressBar {
  if (quiet || !process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    stream: process.stderr,
    format: '{model} [{bar}] {value}/{total} steps  {seconds} s  {loss}',
    barCompleteChar: '=',
    barIncompleteChar: ' ',
    barsize: 30,
    fps: 10,
    hideCursor: true,
    clearOnComplete: false,
    gracefulExit: false,
  });
  let model: string | undefined;
  return {
    update({ model: current, step, maxSteps, trainLoss, validLoss, elapsedMs }) {
      const loss = `loss ${formatNumber(trainLoss)}${validLoss === undefined ? '' : `, validation ${formatNumber(validLoss)}`}`;
      const payload = { model: current, loss, seconds: (elapsedMs / 1000).toFixed(1) };
      if (current !== model) {
        if (model !== undefined) bar.stop();
        model = current;
        bar.start(maxSteps, step, payload);
      } else {
        bar.update(step, payload);
      }
    },
    stop() {
      if (model !== undefined) bar.stop();
    },
  };
}
