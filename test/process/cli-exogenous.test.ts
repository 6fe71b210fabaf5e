import { file, json, QUICK, cli } from './cli-support';

const line = (id: string, t: number) =>
  `${id},2024-01-${String(1 + t).padStart(2, '0')},${10 + (t % 7) + Number(t % 5 === 0)},${Number(t % 5 === 0)},${t % 2 ? 'odd' : 'even'}`;
const rows = (first: number, last: number) =>
  ['a', 'b'].flatMap((id) => Array.from({ length: last - first }, (_, i) => line(id, first + i)));
const table = (lines: string[]) => ['shop,ds,y,promo,parity', ...lines].join('\n');
const columns = ['--id-column', 'shop', '--frequency', 'D'];
const model = [
  ...['--model', 'mlp', '--hidden-size', '8', '--input-size', '14', ...QUICK],
  ...['--futr-exog', 'promo,parity', '--cat-exog', 'parity', '--cat-cardinalities', 'parity=3'],
  ...['--stat-exog', 'size'],
];
const data = file('shops.csv', table(rows(0, 28)));
const statics = file('statics.csv', 'shop,size\nb,2\na,1\n');

test('forecast reads static values, and the hold-out as what is to come', () => {
  const { status, document } = json(
    ...['forecast', data, ...columns, ...model, '--statics', statics],
    ...['--holdout', '4', '--no-plot'],
  );
  expect(status).toBe(0);
  expect(document.forecast).toHaveLength(8);
  expect(document.scores.length).toBeGreaterThan(0);
});

test('fit, then predict with a file of what is to come', () => {
  const fitted = cli(
    ...['fit', data, ...columns, ...model, '--horizon', '2', '--statics', statics],
    ...['--output', 'shops.safetensors'],
  );
  expect(fitted).toMatchObject({ status: 0 });
  const lines = ['a', 'b'].flatMap((id) =>
    ['2024-01-29', '2024-01-30'].map((day, i) => `${id},${day},${i},${i ? 'odd' : 'even'}`),
  );
  const future = file('future.csv', ['shop,ds,promo,parity', ...lines].join('\n'));
  const { status, document } = json('predict', 'shops.safetensors', '--future', future);
  expect(status).toBe(0);
  expect(document.forecast).toHaveLength(4);
  const without = json('predict', 'shops.safetensors');
  expect(without).toMatchObject({ status: 1, document: { error: { number: 'E0004' } } });
  const judged = json(...['cv', 'shops.safetensors', data, '--statics', statics, '--windows', '2']);
  expect(judged.status).toBe(0);
});

test('--unseen-category error: a category that the fit did not see is refused', () => {
  const options = [
    '--model',
    'mlp',
    '--hidden-size',
    '8',
    '--input-size',
    '14',
    '--futr-exog',
    'parity',
  ];
  const fitted = cli(
    ...['fit', data, ...columns, ...options, ...QUICK, '--cat-exog', 'parity', '--horizon', '1'],
    ...['--unseen-category', 'error', '--output', 'strict.safetensors'],
  );
  expect(fitted).toMatchObject({ status: 0 });
  const future = file('new.csv', 'shop,ds,parity\na,2024-01-29,odd\nb,2024-01-29,none\n');
  const { status, document } = json('predict', 'strict.safetensors', '--future', future);
  expect(status).toBe(1);
  expect(document.error).toMatchObject({
    number: 'E0011',
    details: { series: 'b', value: 'none' },
  });
});

test('an infinite weight is found in its row', () => {
  const weighted = table(rows(0, 28))
    .split('\n')
    .map((text, i) => `${text},${i === 0 ? 'w' : i === 8 ? 'inf' : 1}`);
  const { status, document } = json(
    ...[
      'fit',
      file('weights.csv', weighted.join('\n')),
      ...columns,
      '--model',
      'nlinear',
      ...QUICK,
    ],
    ...['--horizon', '1', '--sample-weight', 'w', '--output', 'weights.safetensors'],
  );
  expect(status).toBe(1);
  expect(document.error.message).toContain('series "a", row 7: w is Infinity');
});
