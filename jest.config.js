// Tests import the TypeScript of lib/ directly; the native addon comes from prebuilds/.

// These packages are published as ES modules only, so they are transformed like our own code.
const esModules = 'vega|d3-|internmap|delaunator|robust-predicates|topojson|lodash-es';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '\\.[mc]?[jt]s$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(?:${esModules}))`],
  // Its build for Node awaits at the top level, which CommonJS cannot.
  moduleNameMapper: {
    '^vega-canvas$': '<rootDir>/node_modules/vega-canvas/build/vega-canvas.browser.js',
  },
  modulePathIgnorePatterns: ['<rootDir>/build/', '<rootDir>/dist/'],
  maxWorkers: 2,
  testTimeout: 60_000,
};
