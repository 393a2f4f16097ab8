import { fireEvent, render, screen } from '@testing-library/react-native';
import { Dimensions, StyleSheet } from 'react-native';

import type { Slot } from '../api/client';
import { Avatar, initials } from '../ui/Avatar';
import { LiveChip } from '../ui/LiveChip';
import { SlotPill } from '../ui/SlotPill';
import { StatusBadge } from '../ui/StatusBadge';

const slot: Slot = {
  id: 's',
  start: '2030-06-03T12:00:00Z',
  end: '2030-06-03T12:30:00Z',
  state: 'open',
  seats: 1,
  free: 1,
  heldUntil: null,
};

function pill(state: Slot['state'], changes: Partial<Slot> = {}) {
  const picked: Slot[] = [];
  render(<SlotPill slot={{ ...slot, ...changes, state }} state={state} zone="UTC" changes={0} onPick={(of) => picked.push(of)} />);
  return picked;
}

test.each([
  ['open', 'Open'],
  ['held', 'On hold'],
  ['booked', 'Taken'],
  ['past', 'Past'],
  ['closed', 'Closed'],
] as const)('%s says so in words, and only an open slot can be picked', (state, word) => {
  const picked = pill(state);
  expect(screen.getByText(word)).toBeTruthy();
  const button = screen.getByRole('button', { name: new RegExp(`, ${word}, until`) });
  fireEvent.press(button);
  expect(picked).toHaveLength(state === 'open' ? 1 : 0);
});

test('a slot with more seats says how many are left', () => {
  pill('open', { seats: 7, free: 3 });
  expect(screen.getByRole('button', { name: /, 3 left, until/ })).toBeTruthy();
});

test("one's own slot says so while it is taken, and leads to its booking", () => {
  const picked: Slot[] = [];
  for (const [state, word] of [['booked', 'Yours'], ['open', 'Open'], ['past', 'Past']] as const) {
    render(<SlotPill own slot={{ ...slot, state }} state={state} zone="UTC" changes={0} onPick={(of) => picked.push(of)} />);
    fireEvent.press(screen.getByRole('button', { name: new RegExp(`, ${word}, until`) }));
    screen.unmount();
  }
  expect(picked.map(({ state }) => state)).toEqual(['booked', 'open']);
});

test('the chip says what is true, also to those who listen', () => {
  for (const [status, said] of [['live', /at once/], ['connecting', /may be old/], ['reconnecting', /may be old/], ['offline', /is old/]] as const) {
    render(<LiveChip status={status} />);
    expect(screen.getByLabelText(said)).toBeTruthy();
  }
});

test('a status is a word', () => {
  for (const [status, word] of [['pending', 'Pending'], ['confirmed', 'Confirmed'], ['completed', 'Completed'], ['cancelled', 'Cancelled']] as const) {
    render(<StatusBadge status={status} />);
    expect(screen.getByText(word)).toBeTruthy();
  }
});

test('initials are the first letters of the first and the last name, in every script', () => {
  expect(['Ana Clara Simões', 'Seo Eun-ji', 'Ørjan', 'İpek Güneş', 'Dr. Åsa Öberg', '李 小龙', ''].map(initials)).toEqual([
    'AS', 'SE', 'ØR', 'İG', 'DÖ', '李小', '',
  ]);
});

test('an expert always has the same avatar', () => {
  const tree = () => JSON.stringify(render(<Avatar id="abc" name="Ana Simões" />).toJSON());
  expect(tree()).toBe(tree());
});

/** One that was clipped was taken for the ground of what stood below, by axe-core, for one id in sixteen. */
test('nothing of an avatar is outside its frame, whatever the id', () => {
  const corners = new Set<string>();
  for (let number = 0; number < 40; number += 1) {
    render(<Avatar id={`id${number}`} name="Ana Simões" size={100} />);
    const frame = screen.toJSON();
    if (!frame || Array.isArray(frame)) throw new Error('an avatar is one view');
    const { width, height, top, left, right, bottom } = StyleSheet.flatten((frame.children?.[0] as typeof frame).props.style);
    expect([width < 100, height < 100]).toEqual([true, true]);
    expect([top ?? bottom, left ?? right]).toEqual([0, 0]);
    corners.add(`${top} ${left}`);
    screen.unmount();
  }
  expect(corners.size).toBe(4);
});

/** At twice the size "10:00 AM" was cut off. */
test('a slot is as wide as large text needs it, whatever it says', () => {
  const { window, screen: whole } = { window: Dimensions.get('window'), screen: Dimensions.get('screen') };
  const width = (fontScale: number, state: Slot['state']) => {
    Dimensions.set({ window: { ...window, fontScale }, screen: whole });
    pill(state);
    const { width: fixed, minWidth } = StyleSheet.flatten(screen.getByTestId('slot-s').props.style);
    screen.unmount();
    return [fixed, minWidth];
  };
  expect(width(1, 'open')).toEqual([undefined, 88]);
  expect(width(2, 'open')).toEqual([undefined, 176]);
  expect(width(2, 'held')).toEqual([undefined, 176]);
  Dimensions.set({ window, screen: whole });
});
