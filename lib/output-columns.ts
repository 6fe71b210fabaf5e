/** What the name of a forecast column says: 'NHITS' and 'NHITS-median' are points, 'NHITS-lo-80' a border, 'NHITS_ql0.9' a quantile. */

export type OutputColumn =
  | { readonly kind: 'point'; readonly model: string }
  | { readonly kind: 'median'; readonly model: string }
  | { readonly kind: 'lo'; readonly model: string; readonly level: number }
  | { readonly kind: 'hi'; readonly model: string; readonly level: number }
  | { readonly kind: 'quantile'; readonly model: string; readonly q: number };

const BORDER = /^(.*)-(lo|hi)-(\d+(?:\.\d+)?)$/;
const QUANTILE = /^(.*)[_-]ql(0?\.\d+)$/;
const MEDIAN = /^(.*)-median$/;

export function outputColumn(name: string): OutputColumn {
  const border = BORDER.exec(name);
  if (border) {
    return { kind: border[2] as 'lo' | 'hi', model: border[1]!, level: Number(border[3]) };
  }
  const quantile = QUANTILE.exec(name);
  if (quantile) return { kind: 'quantile', model: quantile[1]!, q: Number(quantile[2]) };
  const median = MEDIAN.exec(name);
  if (median) return { kind: 'median', model: median[1]! };
  return { kind: 'point', model: name };
}
