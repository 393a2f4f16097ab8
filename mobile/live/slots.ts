import type { Slot } from '../api/client';

/**
 * An expert's slots as this device knows them: a pure reducer over what the server sends.
 *
 * The rule of the feed: versions of one expert go up by one. A version that was seen is dropped, the next one is
 * applied, anything else (or another epoch) means that something was missed: the state is `behind` until it has caught up.
 */
export interface Calendar {
  epoch: string;
  version: number;
  slots: ReadonlyMap<string, Slot>;
  /** Something was missed: subscribe again with what is known. */
  behind: boolean;
  /** Slot → how often it was seen to change on this screen: what glows when it goes up. */
  changes: ReadonlyMap<string, number>;
}

export const nothing: Calendar = { epoch: '', version: -1, slots: new Map(), behind: false, changes: new Map() };

export type CalendarEvent =
  | { type: 'loaded'; epoch: string; version: number; slots: readonly Slot[] }
  | { type: 'snapshot'; epoch: string; version: number; slots: readonly Slot[] }
  | { type: 'resumed'; epoch: string; version: number }
  | { type: 'slot'; epoch: string; version: number; slot: Slot }
  | { type: 'heartbeat'; version: number };

export function reduce(state: Calendar, event: CalendarEvent): Calendar {
  switch (event.type) {
    case 'loaded':
      return loaded(state, event);
    case 'snapshot':
      return replaced(state, event);
    case 'resumed':
      // What it resumes from may have been passed meanwhile; what follows is then dropped as seen.
      return event.epoch === state.epoch && event.version <= state.version
        ? { ...state, behind: false }
        : { ...state, behind: true };
    case 'slot':
      return applied(state, event);
    case 'heartbeat':
      return event.version === state.version ? state : { ...state, behind: true };
  }
}

/** A calendar that came by HTTP may be older than what the feed has brought meanwhile. */
function loaded(state: Calendar, event: Extract<CalendarEvent, { type: 'loaded' }>): Calendar {
  const known = state.epoch !== '';
  if (known && event.epoch === state.epoch && event.version <= state.version) return state;
  // Of another epoch: nobody can tell from here which is newer, but the feed can.
  return { ...replaced(state, event), behind: known && event.epoch !== state.epoch };
}

function replaced(state: Calendar, event: { epoch: string; version: number; slots: readonly Slot[] }): Calendar {
  const slots = new Map(event.slots.map((slot) => [slot.id, slot]));
  let changes = state.changes;
  for (const slot of event.slots) {
    const before = state.slots.get(slot.id);
    if (before && looksOther(before, slot)) changes = counted(changes, slot.id);
  }
  return { epoch: event.epoch, version: event.version, slots, behind: false, changes };
}

function applied(state: Calendar, event: Extract<CalendarEvent, { type: 'slot' }>): Calendar {
  if (event.epoch !== state.epoch) return { ...state, behind: true };
  if (event.version <= state.version) return state;
  if (event.version !== state.version + 1) return { ...state, behind: true };
  const { slot } = event;
  const before = state.slots.get(slot.id);
  return {
    ...state,
    version: event.version,
    slots: new Map(state.slots).set(slot.id, slot),
    changes: !before || looksOther(before, slot) ? counted(state.changes, slot.id) : state.changes,
  };
}

function looksOther(one: Slot, other: Slot): boolean {
  return one.state !== other.state || one.free !== other.free || one.seats !== other.seats;
}

function counted(changes: ReadonlyMap<string, number>, id: string): ReadonlyMap<string, number> {
  return new Map(changes).set(id, (changes.get(id) ?? 0) + 1);
}

/** How a slot stands at this moment: no event says that its time has come. */
export function stateAt(slot: Slot, now: number): Slot['state'] {
  return Date.parse(slot.start) <= now ? 'past' : slot.state;
}

/** The open slots closest to a moment, earlier or later, for somebody who did not get that one. */
export function nearestOpen(slots: Iterable<Slot>, at: string, now: number, most: number): Slot[] {
  const wanted = Date.parse(at);
  const distance = (slot: Slot) => Math.abs(Date.parse(slot.start) - wanted);
  return [...slots]
    .filter((slot) => stateAt(slot, now) === 'open')
    .sort((one, other) => distance(one) - distance(other))
    .slice(0, most)
    .sort((one, other) => Date.parse(one.start) - Date.parse(other.start));
}
