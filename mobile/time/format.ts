/** Dates and times in words. Formatters are costly to make and are kept. */
const kept = new Map<string, Intl.DateTimeFormat>();

/** English words; a 12-hour clock for those whose device says so. */
const locale = (() => {
  const own = Intl.DateTimeFormat().resolvedOptions().locale;
  return own.startsWith('en') ? own : 'en-GB';
})();

function formatter(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`;
  let made = kept.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(locale, { timeZone: zone, ...options });
    kept.set(key, made);
  }
  return made;
}

export function deviceZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

const hour = Intl.DateTimeFormat(locale, { hour: 'numeric' }).resolvedOptions().hour12 ? 'numeric' : '2-digit';

/** 09:30, or 9:30 AM; in the hour that comes twice in autumn, 02:30 GMT+2. */
export function clock(at: string | number, zone: string): string {
  return [plainClock(at, zone), foldOffset(at, zone)].filter(Boolean).join(' ');
}

/** 09:30, or 9:30 AM, whichever of two it is. */
export function plainClock(at: string | number, zone: string): string {
  return formatter(zone, { hour, minute: '2-digit' }).format(new Date(at));
}

/** What tells the first from the second of two times that are called the same; nothing at all other times. */
export function foldOffset(at: string | number, zone: string): string {
  const moment = new Date(at).getTime();
  if (!shiftsAbout(moment, zone)) return '';
  const name = plainClock(moment, zone);
  // By an hour nearly everywhere, by half of one on Lord Howe Island.
  const twice = [-60, -30, 30, 60].some((minutes) => plainClock(moment + minutes * 60_000, zone) === name);
  return twice ? offsetOf(moment, zone) : '';
}

const DAY = 24 * 3_600_000;
/** Zone and day → whether its clocks are changed about then. Asked of every slot, and nearly never so. */
const shifts = new Map<string, boolean>();

function shiftsAbout(moment: number, zone: string): boolean {
  const day = Math.floor(moment / DAY);
  const key = `${zone} ${day}`;
  let known = shifts.get(key);
  if (known === undefined) {
    known = plainClock((day - 1) * DAY, zone) !== plainClock((day + 2) * DAY, zone);
    shifts.set(key, known);
  }
  return known;
}

export interface DayParts {
  /** `2026-11-24`: sorts, and tells days apart. */
  key: string;
  weekday: string;
  day: string;
  month: string;
}

/** The calendar day of a moment. */
export function dayOf(at: string | number, zone: string): DayParts {
  const date = new Date(at);
  const part = (options: Intl.DateTimeFormatOptions) => formatter(zone, options).format(date);
  const numeric = formatter(zone, { year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(date);
  const of = (type: string) => numeric.find((found) => found.type === type)?.value ?? '';
  return {
    key: `${of('year')}-${of('month')}-${of('day')}`,
    weekday: part({ weekday: 'short' }),
    day: String(Number(of('day'))),
    month: part({ month: 'short' }),
  };
}

/** More days away than this, a date says its year. */
const FAR = 182 * DAY;

/** Today, Tomorrow, or Tue 24 Nov; Mon 24 Nov 2025, if that is long ago. */
export function dayName(at: string | number, zone: string, now: number): string {
  const { key, weekday, day, month } = dayOf(at, zone);
  if (key === dayOf(now, zone).key) return 'Today';
  if (key === following(dayOf(now, zone).key)) return 'Tomorrow';
  const far = Math.abs(new Date(at).getTime() - now) > FAR;
  return [weekday, day, month, far && key.slice(0, 4)].filter(Boolean).join(' ');
}

/** The same within a sentence. */
export function dayWithin(at: string | number, zone: string, now: number): string {
  const name = dayName(at, zone, now);
  return name.includes(' ') ? name : name.toLowerCase();
}

/** The day after, by the calendar: a day may have 23 or 25 hours. */
function following(key: string): string {
  const [year = 0, month = 1, day = 1] = key.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1, day + 1)).toISOString().slice(0, 10);
}

/** Today, Tomorrow, or Tuesday: beside a leaf that says the date. */
export function weekdayName(at: string | number, zone: string, now: number): string {
  const name = dayName(at, zone, now);
  return name.includes(' ') ? formatter(zone, { weekday: 'long' }).format(new Date(at)) : name;
}

/** Tuesday 24 November, for those who listen. */
export function longDay(at: string | number, zone: string): string {
  return formatter(zone, { weekday: 'long', day: 'numeric', month: 'long' }).format(new Date(at));
}

/** Whether two names are the same zone: browsers say Asia/Calcutta where others say Asia/Kolkata. */
export function sameZone(one: string, other: string): boolean {
  const canonical = (zone: string) => formatter(zone, {}).resolvedOptions().timeZone;
  return one === other || canonical(one) === canonical(other);
}

/** Browsers keep the names that zones had first. */
const RENAMED: Readonly<Record<string, string>> = {
  Calcutta: 'Kolkata',
  Dacca: 'Dhaka',
  Katmandu: 'Kathmandu',
  Kiev: 'Kyiv',
  Rangoon: 'Yangon',
  Saigon: 'Ho Chi Minh',
  Godthab: 'Nuuk',
};

/** `Europe/Berlin` → `Berlin`. */
export function city(zone: string): string {
  const name = zone.split('/').pop()?.replace(/_/g, ' ') ?? zone;
  return RENAMED[name] ?? name;
}

/** `GMT+1`, or nothing where the platform cannot say. */
export function offsetOf(at: number, zone: string): string {
  try {
    const parts = formatter(zone, { timeZoneName: 'short', hour: 'numeric' }).formatToParts(new Date(at));
    return parts.find((found) => found.type === 'timeZoneName')?.value ?? '';
  } catch {
    return '';
  }
}

/** 45 min, 1 h, 1 h 30. */
export function duration(start: string, end: string): string {
  const minutes = Math.round((Date.parse(end) - Date.parse(start)) / 60_000);
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return `${minutes} min`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60}`;
}

/** 1:05 */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** just now, 5 minutes ago, 3 hours ago, 2 days ago */
export function ago(at: number, now: number): string {
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return counted(minutes, 'minute');
  if (minutes < 48 * 60) return counted(Math.floor(minutes / 60), 'hour');
  return counted(Math.floor(minutes / 1440), 'day');
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'} ago`;
}
