// A reporter of Jest that keeps V8's counts of lib/, with the code that they belong to, for scripts/coverage.mjs.

const fs = require('node:fs');
const { mergeProcessCovs } = require('@bcoe/v8-coverage');

module.exports = class {
  #options;
  #runs = [];
  #transforms = new Map();

  constructor(_globalConfig, options) {
    this.#options = options;
  }

  onTestResult(_test, { v8Coverage = [] }) {
    this.#runs.push({ result: v8Coverage.map(({ result }) => result) });
    for (const { result, codeTransformResult } of v8Coverage) {
      this.#transforms.set(result.url, codeTransformResult);
    }
  }

  onRunComplete() {
    const scripts = mergeProcessCovs(this.#runs).result.map(({ url, functions }) => {
      const { code, sourceMapPath } = this.#transforms.get(url);
      return {
        file: url,
        functions,
        code,
        map: JSON.parse(fs.readFileSync(sourceMapPath, 'utf8')),
      };
    });
    fs.writeFileSync(this.#options.output, JSON.stringify(scripts));
  }
};
