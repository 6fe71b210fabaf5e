// Rows as text: one table for terminals and for documents.

const SCALES = {
  s: [
    [1, 's'],
    [1e-3, 'ms'],
    [1e-6, 'µs'],
  ],
  bytes: [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
  ],
};

/** Three digits that count: 0.123, 1.23, 12.3, 123, 1234. */
export const digits = (value) =>
  value >= 100 ? value.toFixed(0) : value.toPrecision(value >= 0.1 ? 3 : 2);

/** A quantity in the unit that suits it, "12.3 ms". */
export function quantity(value, unit) {
  if (value === 0) return '0';
  const [size, name] = SCALES[unit].find(([s]) => value >= s) ?? SCALES[unit].at(-1);
  return `${digits(value / size)} ${name}`;
}

/** How far the extremes lie from the median, "−2 +5 %". */
const around = ({ median, min, max }) =>
  `−${Math.round(100 * (1 - min / median))} +${Math.round(100 * (max / median - 1))} %`;

const ratio = (value) => (value === undefined ? '' : `${digits(value)}×`);

/** The columns of every suite; a suite adds its own through `more` ({ title: (row) => text }). */
const COLUMNS = {
  work: (row) => row.work,
  threads: (row) => String(row.threads ?? ''),
  ours: (row) => quantity(row.ours.median, row.unit),
  spread: (row) => around(row.ours),
  floor: (row) => (row.floor === undefined ? '' : quantity(row.floor, row.unit)),
  'ours / floor': (row) => ratio(row.oursOverFloor),
  peer: (row) => row.best ?? '',
  "peer's": (row) => (row.best ? quantity(row.peers[row.best].median, row.unit) : ''),
  'peer / ours': (row) => ratio(row.peerOverOurs),
};

/** [[title …], [cell …] …] without the columns that are empty everywhere. */
function cells(rows, more) {
  const columns = Object.entries({ ...COLUMNS, ...more }).filter(([, text]) =>
    rows.some((row) => text(row) !== ''),
  );
  return [
    columns.map(([title]) => title),
    ...rows.map((row) => columns.map(([, text]) => text(row))),
  ];
}

/** A table for a terminal. */
export function textTable(rows, more = {}) {
  const lines = cells(rows, more);
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const text = lines.map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
  );
  return `${text.join('\n')}\n`;
}

/** The same as Markdown. */
export function markdownTable(rows, more = {}) {
  const [titles, ...lines] = cells(rows, more);
  const line = (parts) => `| ${parts.join(' | ')} |`;
  return [
    line(titles),
    line(titles.map((_, i) => (i === 0 ? '---' : '--:'))),
    ...lines.map(line),
  ].join('\n');
}
