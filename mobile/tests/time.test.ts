import type { Slot } from '../api/client';
import { byDay } from '../live/days';
import { ago, clock, countdown, dayName, dayOf, duration, sameZone, weekdayName } from '../time/format';

const at = (iso: string) => Date.parse(iso);

test('a day is the day of the zone', () => {
  expect(dayOf('2030-06-03T22:30:00Z', 'Europe/Berlin').key).toBe('2030-06-04');
  expect(dayOf('2030-06-03T22:30:00Z', 'America/New_York').key).toBe('2030-06-03');
  expect(dayOf('2030-06-03T18:20:00Z', 'Asia/Kathmandu').key).toBe('2030-06-04');
});

test('tomorrow is the next day of the calendar, also when a day has 25 hours', () => {
  // Berlin leaves summer time on 2030-10-27: half past midnight and 24 hours is the same day, late in the evening.
  const now = at('2030-10-26T22:30:00Z');
  expect(dayName('2030-10-27T22:45:00Z', 'Europe/Berlin', now)).toBe('Today');
  expect(dayName('2030-10-28T08:00:00Z', 'Europe/Berlin', now)).toBe('Tomorrow');
  expect(dayName('2030-10-29T08:00:00Z', 'Europe/Berlin', now)).toMatch(/Tue.*29.*Oct/);
  expect(weekdayName('2030-10-29T08:00:00Z', 'Europe/Berlin', now)).toBe('Tuesday');
});

test('the last day of a year has a tomorrow', () => {
  expect(dayName('2031-01-01T09:00:00Z', 'UTC', at('2030-12-31T09:00:00Z'))).toBe('Tomorrow');
});

test('one moment is one time a zone', () => {
  expect(clock('2030-06-03T09:30:00Z', 'UTC')).toMatch(/0?9:30/);
  expect(clock('2030-06-03T09:30:00Z', 'Asia/Kathmandu')).toMatch(/15:15|3:15 PM/i);
});

test('zones with two names are the same', () => {
  expect(sameZone('Asia/Kolkata', 'Asia/Calcutta')).toBe(true);
  expect(sameZone('Europe/Berlin', 'Europe/Paris')).toBe(false);
});

test('slots fall into the days of the zone that is shown, from today on', () => {
  const slot = (start: string): Slot => ({ id: start, start, end: start, state: 'open', seats: 1, free: 1, heldUntil: null });
  const slots = ['2030-06-03T23:30:00Z', '2030-06-03T08:00:00Z', '2030-06-02T12:00:00Z', '2030-06-03T21:00:00Z'].map(slot);
  const now = at('2030-06-03T10:00:00Z');
  expect(byDay(slots, 'UTC', now).map(({ key, slots: of }) => [key, of.length])).toEqual([['2030-06-03', 3]]);
  const berlin = byDay(slots, 'Europe/Berlin', now);
  expect(berlin.map(({ key }) => key)).toEqual(['2030-06-03', '2030-06-04']);
  expect(berlin[0]?.slots.map(({ id }) => id)).toEqual(['2030-06-03T08:00:00Z', '2030-06-03T21:00:00Z']);
});

test('durations and countdowns', () => {
  expect(duration('2030-01-01T00:00:00Z', '2030-01-01T00:45:00Z')).toBe('45 min');
  expect(duration('2030-01-01T00:00:00Z', '2030-01-01T01:00:00Z')).toBe('1 h');
  expect(duration('2030-01-01T00:00:00Z', '2030-01-01T01:30:00Z')).toBe('1 h 30');
  expect([120_000, 61_000, 9_600, 400, -5].map(countdown)).toEqual(['2:00', '1:01', '0:10', '0:00', '0:00']);
});

test('how old something is', () => {
  expect([0, 65_000, 3_700_000, 200_000_000].map((age) => ago(0, age))).toEqual(['just now', '1 minute ago', '1 hour ago', '2 days ago']);
});

test('a day whose slots are all hidden is still a day, unless nothing is shown of any', () => {
  const slot = (start: string, state: Slot['state']): Slot => ({ id: start, start, end: start, state, seats: 1, free: 1, heldUntil: null });
  const slots = [slot('2030-06-03T12:00:00Z', 'closed'), slot('2030-06-04T12:00:00Z', 'closed'), slot('2030-06-04T13:00:00Z', 'open')];
  const now = at('2030-06-03T10:00:00Z');
  const notClosed = ({ state }: Slot) => state !== 'closed';
  expect(byDay(slots, 'UTC', now, notClosed).map(({ key, at: first, slots: of }) => [key, first, of.length])).toEqual([
    ['2030-06-03', '2030-06-03T12:00:00Z', 0],
    ['2030-06-04', '2030-06-04T12:00:00Z', 1],
  ]);
  expect(byDay(slots.slice(0, 2), 'UTC', now, notClosed)).toEqual([]);
});

/** Berlin puts its clocks back on 2030-10-27: 02:30 comes twice, and both slots used to have the same name. */
test('in the hour that comes twice a time says which of the two it is', () => {
  const berlin = (time: string) => clock(time, 'Europe/Berlin');
  expect(berlin('2030-10-27T00:30:00Z')).toMatch(/^0?2:30.* GMT\+2$/);
  expect(berlin('2030-10-27T01:30:00Z')).toMatch(/^0?2:30.* GMT\+1$/);
  for (const plain of ['2030-10-26T23:30:00Z', '2030-10-27T02:30:00Z', '2030-10-28T01:30:00Z', '2030-03-31T01:30:00Z']) {
    expect(berlin(plain)).not.toMatch(/GMT/);
  }
  expect(clock('2030-10-27T01:30:00Z', 'UTC')).not.toMatch(/GMT/);
  expect(clock('2030-04-06T14:45:00Z', 'Australia/Lord_Howe')).toMatch(/GMT\+11$/);
});

/** A booking of two years ago read like one of this week. */
test('a day that is far from now says its year', () => {
  const now = at('2030-06-03T10:00:00Z');
  expect(dayName('2028-06-03T10:00:00Z', 'UTC', now)).toMatch(/3 Jun 2028$/);
  expect(dayName('2030-01-05T10:00:00Z', 'UTC', now)).toMatch(/5 Jan$/);
  expect(dayName('2031-01-05T10:00:00Z', 'UTC', at('2030-12-03T10:00:00Z'))).toMatch(/5 Jan$/);
});
