// A second compiler: its warnings are errors, and its code passes the same tests.

import path from 'node:path';
import { CLANG, installDebianPackages } from '../debian.mjs';
import { runGoogleTest } from '../test/gtest.mjs';
import { buildPreset, emptyFolder, findingsIn } from './builds.mjs';

export async function* runClang({ filter }) {
  installDebianPackages(CLANG.packages);
  const folder = buildPreset('clang', ['nd_tests', 'nd_node', 'nd_parity', 'nd_benches']);
  yield { suite: 'build' };
  const reports = emptyFolder('clang-native');
  yield {
    suite: 'GoogleTest',
    outcome: await runGoogleTest(path.join(folder, 'nd_tests'), { reports, filter }),
    ...findingsIn(reports),
  };
}
