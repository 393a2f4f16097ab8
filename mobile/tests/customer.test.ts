import { customer, draftFor, email, forgetDrafts, keepDraft } from '../screens/customer';

const right = { name: 'Ann Onymous', email: 'ann@example.com', phone: '+49 30 1234567', notes: '' };
const fields = (changes: Partial<typeof right>) =>
  customer.safeParse({ ...right, ...changes }).error?.issues.map(({ path }) => path[0]) ?? [];

test('what the server takes passes', () => {
  expect(customer.parse({ ...right, name: '  Zoë Nguyễn ', notes: 'two\nlines' })).toMatchObject({ name: 'Zoë Nguyễn' });
  for (const phone of ['1234567', '(030) 123-4567', '+1 (202) 555-0100', '030/1234567', '030 – 1234567']) expect(fields({ phone })).toEqual([]);
  for (const address of ['a@b.co', 'first.last+tag@sub.example.com', 'ann@bücher.example']) expect(fields({ email: address })).toEqual([]);
});

test('what the server refuses is refused here, at its field', () => {
  for (const name of ['', ' a ', 'x'.repeat(101), 'a\u0000b']) expect(fields({ name })).toEqual(['name']);
  for (const address of ['ann', 'ann@', 'ann@example', 'a b@example.com', '@example.com', 'ann@-x.com']) {
    expect(email.safeParse(address).success).toBe(false);
  }
  for (const phone of ['12 34', '1'.repeat(16), 'call me', '+49--30 1234567--']) expect(fields({ phone })).toEqual(['phone']);
  expect(fields({ notes: 'x'.repeat(1001) })).toEqual(['notes']);
});

/** Notes for one expert used to stand in the form of another. */
test('what was typed stands in the next form, but notes only with the expert they are for', () => {
  keepDraft('zoe', { ...right, notes: 'My divorce' });
  expect(draftFor('zoe')).toEqual({ ...right, notes: 'My divorce' });
  expect(draftFor('otto')).toEqual(right);
  keepDraft('otto', { ...right, name: 'Ann O.' });
  expect(draftFor('zoe')).toEqual({ ...right, name: 'Ann O.', notes: 'My divorce' });
  forgetDrafts();
  expect(draftFor('zoe')).toEqual({ name: '', email: '', phone: '', notes: '' });
});
