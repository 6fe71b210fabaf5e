/** Folders of NeuralForecast: what is read is nobody's, what is written stays where it was asked for. */

import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { NeuralForecast } from '../../lib/index';
import { temporaryFolder } from '../api/support';
import { type Change, changed, changes } from './api/change';
import { attempt, fuzz } from './api/property';
import { checkTable, fitted } from './api/valid';

const FIXTURES = path.join(__dirname, '..', 'fixtures', 'checkpoints');
const CHECKPOINTS = ['3.2', '3.3'].map((version) =>
  path.join(FIXTURES, version, 'target-only', 'checkpoint'),
);
const folder = temporaryFolder();
const damaged = path.join(folder, 'damaged');

const checkpoint = fc.nat({ max: CHECKPOINTS.length - 1 });
type Call = { readonly base: number; readonly list: readonly Change[] };

fuzz(
  'importCheckpoint',
  fc.record({ base: checkpoint, list: changes }),
  async ({ base, list }: Call) => {
    const options = {
      compat: 'neuralforecast',
      includeData: true,
      signal: new AbortController().signal,
    };
    const args = changed([CHECKPOINTS[base], options], list);
    const done = await attempt(() =>
      NeuralForecast.importCheckpoint(args[0] as never, args[1] as never),
    );
    if (!done) return;
    await attempt(async () => checkTable(await done.value.predict()));
    await done.value.dispose();
  },
  { share: 0.5 },
);

const CONTENTS = CHECKPOINTS.map((place) =>
  fs.readdirSync(place).map((name) => ({ name, bytes: fs.readFileSync(path.join(place, name)) })),
);

const damage = fc.record({
  base: checkpoint,
  file: fc.nat({ max: 99 }),
  list: fc.array(
    fc.record({
      at: fc.nat(),
      how: fc.constantFrom('flip', 'cut', 'insert', 'erase', 'remove', 'repeat'),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

fuzz('damaged checkpoint', damage, async ({ base, file, list }) => {
  fs.rmSync(damaged, { recursive: true, force: true });
  fs.mkdirSync(damaged);
  const files = CONTENTS[base] ?? [];
  const chosen = files[file % files.length];
  for (const { name, bytes } of files) {
    let content = Buffer.from(bytes);
    let exists = true;
    for (const change of name === chosen?.name ? list : []) {
      const at = content.length === 0 ? 0 : change.at % content.length;
      const head = content.subarray(0, at);
      if (change.how === 'flip') content.set(change.bytes.subarray(0, content.length - at), at);
      else if (change.how === 'cut') content = Buffer.from(head);
      else if (change.how === 'insert')
        content = Buffer.concat([head, change.bytes, content.subarray(at)]);
      else if (change.how === 'erase') content = Buffer.concat([head, content.subarray(at + 8)]);
      else if (change.how === 'repeat') content = Buffer.concat([content, content]);
      else exists = false;
    }
    if (exists) fs.writeFileSync(path.join(damaged, name), content);
  }
  const done = await attempt(() => NeuralForecast.importCheckpoint(damaged));
  if (!done) return;
  // Damaged weights may well be weights: what is forecast with them makes sense, or is refused.
  await attempt(async () => {
    const table = await done.value.predict();
    for (const name of table.modelColumns) table.column(name);
  });
  await done.value.dispose();
});

fuzz(
  'exportCheckpoint',
  fc.record({ list: changes }),
  async ({ list }: { readonly list: readonly Change[] }) => {
    const target = path.join(folder, 'exported');
    const options = { includeData: true, overwrite: true, signal: new AbortController().signal };
    const args = changed([target, options], list);
    // Whatever a path was changed to, nothing outside of the folder is written.
    const [place] = args;
    const isInside = typeof place !== 'string' || path.dirname(path.resolve(place)) === folder;
    if (!isInside) return;
    const nf = await shared();
    const done = await attempt(() => nf.exportCheckpoint(place as never, args[1] as never));
    if (done) expect(fs.existsSync(path.join(place as string, 'configuration.json'))).toBe(true);
  },
  { share: 0.3 },
);

let object: Promise<NeuralForecast> | undefined;
const shared = () => {
  object ??= fitted({ compat: 'neuralforecast' });
  return object;
};
