// Jest's environment of Node, in processes whose children write V8's counts into the folder ND_COVERAGE_CHILDREN.
// Set here and not by who starts Jest: V8 has one set of counters, and this process's are Jest's.

process.env.NODE_V8_COVERAGE = process.env.ND_COVERAGE_CHILDREN;

module.exports = require('jest-environment-node').TestEnvironment;
