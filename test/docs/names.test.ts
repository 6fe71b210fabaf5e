import fs from 'node:fs';
import path from 'node:path';
import { root } from './blocks';

const read = (...parts: string[]) => fs.readFileSync(path.join(root, ...parts), 'utf8');
const contract = fs
  .readdirSync(path.join(root, 'types'))
  .map((file) => read('types', file))
  .join('\n');

test('every name that the page for users of NeuralForecast gives as ours is in the contract', () => {
  const rows = read('docs', 'faq-neuralforecast.md').matchAll(/^\| .*? \| (.*?) \|/gm);
  const ours = [...rows].flatMap(([, cell]) => cell!.match(/`[^`]+`/g) ?? []);
  const names = new Set(
    ours.flatMap((code) => code.match(/\b(?:[a-z]+[A-Z]\w*|[a-z]+(?=\())/g) ?? []),
  );
  expect(names.size).toBeGreaterThan(30);
  const unknown = [...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(contract));
  expect(unknown).toEqual([]);
});
