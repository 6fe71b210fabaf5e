// docs/performance.md and its plot, from bench/results/*.json and the words of bench/performance.template.md. A line
// "{{suite}}" of the template becomes the table of that suite; where it was never measured it says so.

import fs from 'node:fs';
import { at } from '../support.mjs';
import { drawPlot } from './plot.mjs';
import { SUITES } from './suites/index.mjs';
import { markdownTable } from './table.mjs';

const PAGE = 'docs/performance.md';
const PLOT = 'docs/images/performance.svg';

const read = (name) => {
  const file = at('bench', 'results', `${name}.json`);
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined;
};

function where({ machine, versions, target }) {
  const peers = Object.entries(versions ?? {}).map(([name, version]) => `${name} ${version}`);
  const parts = [
    machine.processor,
    `${machine.processors} processors`,
    `${machine.memoryGiB} GiB`,
    ...(target ? [`dispatched target ${target}`] : []),
    machine.system,
    `Node ${machine.node}`,
    machine.compiler,
    ...peers,
  ];
  return `${parts.join(', ')}.`;
}

function section(name) {
  const result = read(name);
  if (!result) return `Not measured yet: \`npm run bench -- ${name} --peers --write\`.`;
  return `${where(result)}\n\n${markdownTable(result.rows, SUITES[name].columns)}`;
}

const words = () =>
  fs
    .readFileSync(at('bench', 'performance.template.md'), 'utf8')
    .replace(/^\{\{(\w+)\}\}$/gm, (_, name) => section(name));

/** True when docs/performance.md says what the results and the template say, or nothing was kept. */
export const reportIsCurrent = () =>
  !fs.existsSync(at('bench', 'results')) || fs.readFileSync(at(PAGE), 'utf8') === words();

/** Writes both files. */
export async function writeReport() {
  fs.writeFileSync(at(PAGE), words());
  const rows = ['train', 'e2e'].flatMap((name) => read(name)?.rows ?? []);
  const svg = await drawPlot(rows.filter((r) => r.peerOverOurs !== undefined && r.unit === 's'));
  if (svg) fs.writeFileSync(at(PLOT), svg);
}
