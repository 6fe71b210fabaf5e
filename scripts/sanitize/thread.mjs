// ThreadSanitizer over what threads share: teams and shards, plans, training, the ladder, predictors, models side
// by side; and from JavaScript the job queue, with fits, aborts and the ends of workers at the same time.

import path from 'node:path';
import { at, capture } from '../support.mjs';
import { runGoogleTest } from '../test/gtest.mjs';
import { runJest } from '../test/jest.mjs';
import { outcome } from '../test/outcome.mjs';
import {
  buildPreset,
  emptyFolder,
  findingsIn,
  fixedAddresses,
  join,
  PATIENT,
  runtimeLibrary,
} from './builds.mjs';

const THREADS = [2, 5]; // of whoever does not say how many: as many as cores here, and more than those
const FILES = ['api/job', 'api/binding', 'api/neural-forecast', 'process/worker', 'process/exit'];
const SOAKS = ['aborts', 'workers', 'ends'];

const environment = (reports, threads, options = {}) => ({
  TSAN_OPTIONS: join({
    suppressions: at('test', 'sanitize', 'tsan.supp'),
    log_path: path.join(reports, 'report'),
    ...{ history_size: 4, second_deadlock_stack: 1 },
    ...options,
  }),
  ND_NUM_THREADS: String(threads),
});

/**
 * Parts of the soak for what they make happen: storms of aborts, workers and processes that end in the
 * middle of a fit. Their limits of time and memory are for builds without a sanitizer.
 */
function soak(launcher, env) {
  const total = outcome();
  const script = at('scripts', 'soak.mjs');
  const args = [process.execPath, script, '--quick', '--only', SOAKS.join('|')];
  const [command, ...rest] = [...launcher, ...args];
  const { stdout, output } = capture(command, rest, { env: { ...process.env, ...env } });
  total.passed = stdout.match(/^(ok {4}|FAILED) /gm)?.length ?? 0;
  const ended = SOAKS.filter((part) => new RegExp(`^ {7}${part} took `, 'm').test(stdout));
  if (ended.length < SOAKS.length) {
    total.failed = SOAKS.length - ended.length;
    total.texts.push(output);
  }
  return total;
}

export async function* runThread({ filter }) {
  const folder = buildPreset('tsan', ['nd_tests', 'nd_node']);
  yield { suite: 'build' };
  const launcher = fixedAddresses();
  for (const threads of THREADS) {
    const reports = emptyFolder(`thread-native-${threads}`);
    yield {
      suite: `GoogleTest, ${threads} threads`,
      outcome: await runGoogleTest([...launcher, path.join(folder, 'nd_tests')], {
        ...{ reports, filter },
        env: environment(reports, threads),
      }),
      ...findingsIn(reports),
    };
  }
  // Preloaded by what the launcher starts: the launcher itself may lie where the library cannot live.
  const preload = [...launcher, 'env', `LD_PRELOAD=${runtimeLibrary('libtsan.so')}`];
  const preloaded = (reports) => ({
    ...environment(reports, 4),
    ND_BINDING_PATH: path.join(folder, 'neuro_divergent.node'),
    ...PATIENT,
  });
  const reports = emptyFolder('thread-node');
  yield {
    suite: 'Node tests',
    outcome: await runJest(
      FILES.map((name) => `test/${name}.test.ts`),
      { reports, launcher: preload, env: preloaded(reports), flags: ['--testTimeout=600000'] },
    ),
    ...findingsIn(reports),
  };
  const storms = emptyFolder('thread-soak');
  yield {
    suite: 'soak --quick',
    outcome: soak(preload, preloaded(storms)),
    ...findingsIn(storms),
  };
}
