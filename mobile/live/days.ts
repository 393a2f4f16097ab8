import type { Slot } from '../api/client';
import { dayOf } from '../time/format';

export interface Day {
  /** `2026-11-24` in the zone that was asked for. */
  key: string;
  slots: Slot[];
}

/** Slots by calendar day of a zone, from the day of `now` on, each day in the order of time. */
export function byDay(slots: Iterable<Slot>, zone: string, now: number): Day[] {
  const today = dayOf(now, zone).key;
  const days = new Map<string, Slot[]>();
  for (const slot of [...slots].sort((one, other) => Date.parse(one.start) - Date.parse(other.start))) {
    const { key } = dayOf(slot.start, zone);
    if (key < today) continue;
    const day = days.get(key);
    if (day) day.push(slot);
    else days.set(key, [slot]);
  }
  return [...days].map(([key, of]) => ({ key, slots: of }));
}
