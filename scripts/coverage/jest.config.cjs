// The tests with V8's counters: of lib/ as the tests import it, and of dist/ in the processes that they start.

const path = require('node:path');

const root = path.resolve(__dirname, '..', '..');
const output = process.env.ND_COVERAGE_OUTPUT;

/** @type {import('jest').Config} */
module.exports = {
  ...require(path.join(root, 'jest.config.js')),
  rootDir: root,
  testEnvironment: path.join(__dirname, 'environment.cjs'),
  collectCoverage: true,
  coverageProvider: 'v8',
  collectCoverageFrom: ['lib/**/*.ts'],
  coverageDirectory: output,
  coverageReporters: ['json'],
  reporters: [
    'default',
    [path.join(__dirname, 'reporter.cjs'), { output: path.join(output, 'scripts.json') }],
  ],
};
