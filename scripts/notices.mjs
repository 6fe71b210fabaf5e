// Writes THIRD_PARTY_NOTICES.md: the licence of everything whose code is in the package, from the
// native binary and from dist/. With --check: fails when the file is not what would be written.

import fs from 'node:fs';
import { BUNDLED_PACKAGES } from './bundle.mjs';
import { at, fail, isProgram } from './support.mjs';

const OUTPUT = 'THIRD_PARTY_NOTICES.md';

// Compiled into the addon or shipped beside it.
const NATIVE = [
  {
    name: 'Highway',
    use: 'SIMD kernels, linked statically',
    license: 'Apache-2.0',
    copyright: 'Copyright 2019-2024 Google LLC and the Highway authors',
  },
  {
    name: 'oneAPI Threading Building Blocks (oneTBB)',
    use: 'shipped beside the addon as libnd-tbb.so.12',
    license: 'Apache-2.0',
    copyright: 'Copyright (c) 2005-2024 Intel Corporation and the oneTBB authors',
  },
  {
    name: 'JSON for Modern C++ (nlohmann-json)',
    use: 'header only',
    license: 'MIT',
    copyright: 'Copyright (c) 2013-2024 Niels Lohmann',
  },
  {
    name: 'xxHash',
    use: 'header only',
    license: 'BSD-2-Clause',
    copyright: 'Copyright (c) 2012-2023 Yann Collet',
  },
  {
    name: 'node-addon-api',
    use: 'header only',
    license: 'MIT',
    copyright: 'Copyright (c) 2017 [Node.js API collaborators]',
  },
  {
    name: 'node-api-headers',
    use: 'header only',
    license: 'MIT',
    copyright: 'Copyright (c) 2022 Node.js contributors',
  },
];

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software
and associated documentation files (the "Software"), to deal in the Software without
restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING
BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

const BSD2 = `Redistribution and use in source and binary forms, with or without modification, are permitted
provided that the following conditions are met:

* Redistributions of source code must retain the above copyright notice, this list of conditions
  and the following disclaimer.
* Redistributions in binary form must reproduce the above copyright notice, this list of
  conditions and the following disclaimer in the documentation and/or other materials provided
  with the distribution.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR
IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND
FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT OWNER OR
CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE,
DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER
IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT
OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`;

const TEXTS = {
  'Apache-2.0': 'The full text of this licence is the one in the file LICENSE.',
  MIT,
  'BSD-2-Clause': BSD2,
};

/** The licence text that a bundled npm package carries, or the name of its licence. */
function licenseOf(name) {
  const folder = at('node_modules', name);
  const file = fs.readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
  if (file) return fs.readFileSync(`${folder}/${file}`, 'utf8').trim().replaceAll('\r', '');
  return JSON.parse(fs.readFileSync(`${folder}/package.json`, 'utf8')).license;
}

/** The text of the file, for what the last build has bundled. */
function notices() {
  const packages = JSON.parse(fs.readFileSync(at(BUNDLED_PACKAGES), 'utf8'));
  const native = NATIVE.map(
    ({ name, use, license, copyright }) =>
      `### ${name}\n\n${use}. ${license}.\n\n\`\`\`text\n${copyright}\n\n${TEXTS[license]}\n\`\`\`\n`,
  );
  // Packages of one family share one text; each text is printed once.
  const byText = new Map();
  for (const name of Object.keys(packages)) {
    const text = licenseOf(name);
    byText.set(text, [...(byText.get(text) ?? []), name]);
  }
  const bundled = [...byText].map(
    ([text, names]) => `### ${names.join(', ')}\n\n\`\`\`text\n${text}\n\`\`\`\n`,
  );
  return [
    '# Third-party notices\n',
    'The package contains code of the projects below. Written by `node scripts/notices.mjs`.\n',
    '## In the native binary\n',
    ...native,
    '## In dist/\n',
    ...bundled,
  ].join('\n');
}

/** Whether THIRD_PARTY_NOTICES.md is up to date with what the last build has bundled. */
export const noticesAreCurrent = () =>
  fs.existsSync(at(OUTPUT)) && fs.readFileSync(at(OUTPUT), 'utf8') === notices();

if (isProgram(import.meta.filename)) {
  if (!process.argv.includes('--check')) fs.writeFileSync(at(OUTPUT), notices());
  else if (!noticesAreCurrent()) fail(`${OUTPUT} is out of date; run: node scripts/notices.mjs`);
}
