/** JSON for Python, which tells 1.0 from 1. */

/** A number that Python is to read as a float. */
export class Float {
  constructor(readonly value: number) {}
}

const floatText = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value);

export function pythonJson(value: unknown): string {
  if (value instanceof Float) return floatText(value.value);
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const entries = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}: ${pythonJson(item)}`,
  );
  return `{${entries.join(', ')}}`;
}
