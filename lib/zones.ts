import { tzOffset } from '@date-fns/tz';
import { didYouMean, optionError, optionalString } from './options';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Zones change their offset at most this often. */
const SLOT = 15 * MINUTE;
const LARGEST_CACHE = 100_000;

/** A time zone of the IANA database: what its clocks show, and back. */
export class Zone {
  // A panel repeats its stamps in every series, and asking Intl takes a microsecond.
  readonly #offsets = new Map<number, number>();

  constructor(readonly name: string) {}

  /** Milliseconds by which the zone's clocks are ahead of UTC. */
  offsetAt(instant: number): number {
    const slot = Math.floor(instant / SLOT);
    let offset = this.#offsets.get(slot);
    if (offset === undefined) {
      offset = tzOffset(this.name, new Date(instant)) * MINUTE;
      if (this.#offsets.size < LARGEST_CACHE) this.#offsets.set(slot, offset);
    }
    return offset;
  }

  /** What the clocks show at an instant, as if it were UTC. */
  wallTime(instant: number): number {
    return instant + this.offsetAt(instant);
  }

  /**
   * The instant at which the clocks show a time: the first of two, and as much after the gap as the time lies in it
   * where they skip it.
   */
  instant(wallTime: number): number {
    const before = wallTime - this.offsetAt(wallTime - DAY);
    const after = wallTime - this.offsetAt(wallTime + DAY);
    return this.wallTime(before) !== wallTime && this.wallTime(after) === wallTime ? after : before;
  }
}

/** `value` when it is undefined or names a time zone. */
export function optionalZone(place: string, name: string, value: unknown): string | undefined {
  const zone = optionalString(place, name, value);
  if (zone === undefined) return undefined;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return zone;
  } catch {
    const meant = didYouMean(zone, ['UTC', ...Intl.supportedValuesOf('timeZone')]);
    throw optionError(place, name, value, `a time zone such as "Europe/Berlin" or "UTC"${meant}`);
  }
}
