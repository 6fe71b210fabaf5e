import { nhits } from '../../lib/index';
import type { ModelDescription } from '../../types/index';

// Two series whose targets follow columns beside them, and a model that reads all of these.

export const HORIZON = 3;
export const ROWS = 30;
export const day = (t: number) => new Date(Date.UTC(2024, 0, 1 + t));
const promo = (t: number, id: string) => Math.sin(t * (id === 'a' ? 1 : 2));
const weekday = (t: number) => ['mon', 'tue', 'wed'][t % 3] as string;

export const rowsOf = (first: number, last: number) =>
  ['a', 'b'].flatMap((unique_id) =>
    Array.from({ length: last - first }, (_, i) => {
      const t = first + i;
      return {
        unique_id,
        ds: day(t),
        y: 10 + 3 * promo(t, unique_id) + (t % 3),
        promo: promo(t, unique_id),
        weekday: weekday(t),
        open: t % 2 === 0,
        weather: Math.cos(t),
      };
    }),
  );
export const panel = rowsOf(0, ROWS);
export const future = rowsOf(ROWS, ROWS + HORIZON).map(({ y: _, weather: __, ...known }) => known);
export const statics = [
  { unique_id: 'b', size: 2, region: 'north' },
  { unique_id: 'a', size: 1, region: 'south' },
];

export const model = (more: object = {}): ModelDescription =>
  nhits({
    mlpUnits: [
      [8, 8],
      [8, 8],
      [8, 8],
    ],
    maxSteps: 3,
    futrExog: ['promo', 'weekday', 'open'],
    histExog: ['weather'],
    statExog: ['size', 'region'],
    catExog: ['weekday', 'region'],
    ...more,
  });
