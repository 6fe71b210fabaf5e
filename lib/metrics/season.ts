/** Steps per season of one time step. */
const SEASONS: Readonly<Record<string, number>> = {
  s: 60,
  min: 1440,
  h: 24,
  D: 7,
  B: 5,
  W: 52,
  M: 12,
  MS: 12,
  Q: 4,
  QS: 4,
  Y: 1,
  YS: 1,
};

/** Steps in a season of a frequency: 12 for months, 96 for '15min'; 1 where there is no usual one. */
export function seasonOf(frequency: string): number {
  const [, count, unit] = /^(\d*)([A-Za-z]+)/.exec(frequency) ?? [];
  const season = SEASONS[unit ?? ''] ?? 1;
  const every = Number(count || 1);
  return season % every === 0 ? season / every : 1;
}
