import type { PyRecord } from './pickle';
import { OtherValue, type Value } from './values';

/** Steps of time of pandas by the names of their classes. */
const OFFSETS: Readonly<Record<string, string>> = {
  MonthBegin: 'MS',
  MonthEnd: 'M',
  QuarterBegin: 'QS',
  QuarterEnd: 'Q',
  YearBegin: 'YS',
  YearEnd: 'Y',
  Week: 'W',
  Day: 'D',
  BusinessDay: 'B',
  Hour: 'h',
  Minute: 'min',
  Second: 's',
  Milli: 'ms',
};
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'];

/** The text of a step such as MonthBegin(2), whose arguments are how many, and where it is anchored. */
export function offsetOf({ name: { name }, args, state }: PyRecord): Value {
  const unit = OFFSETS[name];
  const fields = state instanceof Map ? state : new Map<unknown, unknown>();
  const count = fields.get('n') ?? args[0] ?? 1;
  if (unit === undefined || typeof count !== 'number') return new OtherValue(name);
  const at = (option: string) => fields.get(option) ?? args[2];
  const month = MONTHS[Number(at(unit.startsWith('Q') ? 'startingMonth' : 'month')) - 1];
  const day = WEEKDAYS[Number(at('weekday') ?? Number.NaN)];
  const anchor = unit === 'W' ? day : /^[QY]/.test(unit) ? month : undefined;
  return `${count === 1 ? '' : count}${unit}${anchor === undefined ? '' : `-${anchor}`}`;
}
