import type { Slot } from '../api/client';
import { nearestOpen, nothing, reduce, stateAt, type Calendar, type CalendarEvent } from '../live/slots';

const NOON = Date.parse('2030-06-03T12:00:00Z');

function slot(id: string, changes: Partial<Slot> = {}): Slot {
  const start = NOON + Number(id.replace(/\D/g, '')) * 3_600_000;
  const iso = (at: number) => new Date(at).toISOString();
  return { id, start: iso(start), end: iso(start + 1_800_000), state: 'open', seats: 1, free: 1, heldUntil: null, ...changes };
}

function after(...events: CalendarEvent[]): Calendar {
  return events.reduce(reduce, nothing);
}

const snapshot: CalendarEvent = { type: 'snapshot', epoch: 'e1', version: 5, slots: [slot('s1'), slot('s2')] };
const booked = slot('s1', { state: 'booked', free: 0 });
const frame = (version: number, of: Slot = booked, epoch = 'e1'): CalendarEvent => ({ type: 'slot', epoch, version, slot: of });

test('the next version is applied, and its slot counts as changed', () => {
  const state = after(snapshot, frame(6));
  expect(state.slots.get('s1')).toEqual(booked);
  expect([state.version, state.behind, state.changes.get('s1')]).toEqual([6, false, 1]);
  expect(state.slots.get('s2')?.state).toBe('open');
});

test('a version that was seen is dropped', () => {
  const before = after(snapshot, frame(6));
  expect(reduce(before, frame(6, slot('s1')))).toBe(before);
  expect(reduce(before, frame(3, slot('s2', { state: 'held' })))).toBe(before);
});

test('a gap or another epoch applies nothing and says that it is behind', () => {
  for (const event of [frame(7), frame(6, booked, 'e2')]) {
    const state = after(snapshot, event);
    expect(state.behind).toBe(true);
    expect([state.version, state.slots.get('s1')?.state]).toEqual([5, 'open']);
  }
});

test('a snapshot replaces everything, catches up, and counts what looks other than before', () => {
  const state = after(snapshot, frame(9), { type: 'snapshot', epoch: 'e2', version: 1, slots: [booked, slot('s3')] });
  expect([...state.slots.keys()]).toEqual(['s1', 's3']);
  expect([state.epoch, state.version, state.behind]).toEqual(['e2', 1, false]);
  expect([state.changes.get('s1'), state.changes.has('s3')]).toEqual([1, false]);
});

test('a hold that is renewed changes the slot but nothing that one sees', () => {
  const held = slot('s1', { state: 'held', free: 0, heldUntil: '2030-06-03T11:00:00Z' });
  const state = after(snapshot, frame(6, held), frame(7, { ...held, heldUntil: '2030-06-03T11:05:00Z' }));
  expect(state.version).toBe(7);
  expect(state.changes.get('s1')).toBe(1);
});

test('resumed from here or from what was passed meanwhile catches up; from elsewhere does not', () => {
  const behind = after(snapshot, frame(8));
  expect(reduce(behind, { type: 'resumed', epoch: 'e1', version: 5 }).behind).toBe(false);
  expect(reduce(behind, { type: 'resumed', epoch: 'e1', version: 4 }).behind).toBe(false);
  expect(reduce(behind, { type: 'resumed', epoch: 'e1', version: 6 }).behind).toBe(true);
  expect(reduce(behind, { type: 'resumed', epoch: 'e2', version: 5 }).behind).toBe(true);
});

test('a heartbeat with another version shows a silent loss', () => {
  const state = after(snapshot);
  expect(reduce(state, { type: 'heartbeat', version: 5 })).toBe(state);
  expect(reduce(state, { type: 'heartbeat', version: 6 }).behind).toBe(true);
});

test('what HTTP brings does not undo what the feed has brought', () => {
  const state = after(snapshot, frame(6));
  expect(reduce(state, { type: 'loaded', epoch: 'e1', version: 5, slots: [slot('s1')] })).toBe(state);
  const newer = reduce(state, { type: 'loaded', epoch: 'e1', version: 8, slots: [slot('s1')] });
  expect([newer.version, newer.slots.size, newer.behind]).toEqual([8, 1, false]);
  expect(reduce(state, { type: 'loaded', epoch: 'e0', version: 99, slots: [] }).behind).toBe(true);
});

test('events in any order and number end where the snapshot of the end is', () => {
  const states: Slot['state'][] = ['open', 'held', 'booked'];
  const log = Array.from({ length: 40 }, (_, index) => slot(`s${index % 4}`, { state: states[(index * 7) % 3] ?? 'open' }));
  const first: CalendarEvent = { type: 'snapshot', epoch: 'e1', version: 0, slots: [0, 1, 2, 3].map((n) => slot(`s${n}`)) };
  const ends = after(first, ...log.map((of, index) => frame(index + 1, of)));
  // A client that loses every fifth frame, gets every third twice, and asks again whenever it is behind.
  let state = after(first);
  const catchUp = (until: number) => {
    if (!state.behind) return;
    state = reduce(state, { type: 'resumed', epoch: 'e1', version: state.version });
    for (let missed = state.version; missed < until; missed += 1) state = reduce(state, frame(missed + 1, log[missed] as Slot));
  };
  log.forEach((of, index) => {
    for (let times = 0; times < (index % 5 === 4 ? 0 : index % 3 === 0 ? 2 : 1); times += 1) state = reduce(state, frame(index + 1, of));
    catchUp(index + 1);
  });
  // The last one was lost, too, and nothing came after it: the heartbeat tells.
  expect([state.version, state.behind]).toEqual([39, false]);
  state = reduce(state, { type: 'heartbeat', version: 40 });
  catchUp(40);
  expect([state.version, [...state.slots]]).toEqual([ends.version, [...ends.slots]]);
});

test('a slot is past from its start on, whatever was said last', () => {
  expect(stateAt(slot('s0'), NOON - 1)).toBe('open');
  expect(stateAt(slot('s0'), NOON)).toBe('past');
});

test('the nearest open slots lie on either side, in the order of time', () => {
  const slots = [slot('s1'), slot('s2', { state: 'booked' }), slot('s3'), slot('s4'), slot('s9'), slot('s0', { state: 'held' })];
  expect(nearestOpen(slots, slot('s2').start, NOON, 3).map(({ id }) => id)).toEqual(['s1', 's3', 's4']);
  expect(nearestOpen(slots, slot('s2').start, NOON + 2 * 3_600_000, 9).map(({ id }) => id)).toEqual(['s3', 's4', 's9']);
});
