/** A progress bar per model on stderr, where a person watches; nothing otherwise. */

import { MultiBar, type SingleBar } from 'cli-progress';
import type { CrossValidationProgress, FitProgress } from '../../types/index';
import { formatNumber } from './report';

export interface ProgressBar {
  update(progress: FitProgress | CrossValidationProgress): void;
  stop(): void;
}

export function progressBar(quiet: boolean): ProgressBar {
  if (quiet || !process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const bars = new MultiBar({
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
  const byModel = new Map<string, SingleBar>();
  return {
    update(progress) {
      const { step, maxSteps, trainLoss, validLoss, elapsedMs } = progress;
      const model =
        'window' in progress ? `${progress.model}, window ${progress.window + 1}` : progress.model;
      const loss = `loss ${formatNumber(trainLoss)}${validLoss === undefined ? '' : `, validation ${formatNumber(validLoss)}`}`;
      const payload = { model, loss, seconds: (elapsedMs / 1000).toFixed(1) };
      const bar = byModel.get(progress.model);
      if (bar) bar.update(step, payload);
      else byModel.set(progress.model, bars.create(maxSteps, step, payload));
    },
    stop() {
      bars.stop();
    },
  };
}
