import type { Slot } from '../api/client';
import { dayOf } from '../time/format';

export interface Day {
  /** `2026-11-24` in the zone that was asked for. */
  key: string;
  /** When its first slot begins, shown or not. */
  at: string;
  /** Those that are shown. */
  slots: Slot[];
}

/**
 * Slots by calendar day of a zone, from the day of `now` on, each day in the order of time. A day whose slots are all
 * hidden is still a day, unless nothing is shown of any.
 */
export function byDay(slots: Iterable<Slot>, zone: string, now: number, shown: (slot: Slot) => boolean = () => true): Day[] {
  const today = dayOf(now, zone).key;
  const days = new Map<string, Day>();
  for (const slot of [...slots].sort((one, other) => Date.parse(one.start) - Date.parse(other.start))) {
    const { key } = dayOf(slot.start, zone);
    if (key < today) continue;
    const day = days.get(key) ?? { key, at: slot.start, slots: [] };
    days.set(key, day);
    if (shown(slot)) day.slots.push(slot);
  }
  const all = [...days.values()];
  return all.some((day) => day.slots.length > 0) ? all : [];
}
