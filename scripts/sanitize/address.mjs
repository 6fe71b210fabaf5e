// AddressSanitizer and UndefinedBehaviorSanitizer over everything: leaks too in the GoogleTest program, where every
// object is ours.

import path from 'node:path';
import { at, listFiles } from '../support.mjs';
import { runGoogleTest } from '../test/gtest.mjs';
import { runJest } from '../test/jest.mjs';
import { buildPreset, emptyFolder, findingsIn, join, PATIENT, runtimeLibrary } from './builds.mjs';

/** What measures memory, which the sanitizer multiplies, and what loads the binary of the tarball. */
const WITHOUT = ['process/moments', 'process/consumers'];

const environment = (reports, options) => {
  const log = { log_path: path.join(reports, 'report'), print_stacktrace: 1 };
  return {
    ASAN_OPTIONS: join({
      ...{ log_path: log.log_path, detect_stack_use_after_return: 1 },
      ...{ check_initialization_order: 1, strict_init_order: 1, strict_string_checks: 1 },
      ...options,
    }),
    UBSAN_OPTIONS: join(log),
    LSAN_OPTIONS: join({
      suppressions: at('test', 'sanitize', 'lsan.supp'),
      print_suppressions: 0,
    }),
  };
};

export async function* runAddress({ filter }) {
  const folder = buildPreset('asan', ['nd_tests', 'nd_node']);
  yield { suite: 'build' };
  {
    const reports = emptyFolder('address-native');
    const outcome = await runGoogleTest(path.join(folder, 'nd_tests'), {
      ...{ reports, filter },
      env: environment(reports, { detect_leaks: 1 }),
    });
    yield { suite: 'GoogleTest', outcome, ...findingsIn(reports, outcome.texts) };
  }
  const reports = emptyFolder('address-node');
  const files = listFiles(['test/api', 'test/process'], /\.test\.ts$/).filter(
    (file) => !WITHOUT.some((name) => file.includes(name)),
  );
  const libraries = ['libasan.so', 'libubsan.so'].map(runtimeLibrary);
  yield {
    suite: 'Node tests',
    outcome: await runJest(files, {
      reports,
      flags: ['--testTimeout=600000'],
      env: {
        // Node frees nothing of its heap when it ends, so that it looks like one large leak. What we
        // hold for JavaScript is counted by npm run soak, whose limit is below one kilobyte per cycle.
        // And an allocation beyond all memory is an error to be caught, as without the sanitizer.
        ...environment(reports, { detect_leaks: 0, allocator_may_return_null: 1 }),
        LD_PRELOAD: libraries.join(':'),
        ND_BINDING_PATH: path.join(folder, 'neuro_divergent.node'),
        ...PATIENT,
      },
    }),
    ...findingsIn(reports),
  };
}
