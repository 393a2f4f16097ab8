import type * as Session from '../api/session';

const mockKept = new Map<string, string>();
jest.mock('expo-secure-store', () => ({
  getItemAsync: async (name: string) => mockKept.get(name) ?? null,
  setItemAsync: async (name: string, value: string) => void mockKept.set(name, value),
  deleteItemAsync: async (name: string) => void mockKept.delete(name),
}));

/** The app as it is after a new start: its modules forget, the phone's secure storage does not. */
async function started(): Promise<typeof Session> {
  jest.resetModules();
  const session: typeof Session = require('../api/session');
  await session.restoreSession();
  return session;
}

beforeEach(() => mockKept.clear());

test('token and email outlast the app, in the secure storage', async () => {
  const before = await started();
  expect(before.currentSession()).toMatchObject({ email: null, token: null, ready: true });
  await before.signIn('ann@example.com', 'secret');
  expect((await started()).currentSession()).toMatchObject({ email: 'ann@example.com', token: 'secret', ready: true });
});

test("a booking's own token opens that booking, the email's the others", async () => {
  const { signIn, rememberBooking, tokensFor } = await started();
  expect(tokensFor('b1')).toEqual([null]);
  await signIn('ann@example.com', 'secret');
  await rememberBooking('b1', 'own', 's1');
  expect([tokensFor('b1'), tokensFor('b2')]).toEqual([['own', 'secret'], ['secret']]);
});

test('only so many booking tokens are kept that they fit into a keychain entry', async () => {
  const { rememberBooking, currentSession } = await started();
  for (let n = 0; n < 40; n += 1) await rememberBooking(`expert0001-${String(n).padStart(32, '0')}`, 'x'.repeat(32), `expert0001-${n}abcd`);
  expect(Object.keys(currentSession().bookings)).toHaveLength(16);
  expect(currentSession().bookings['expert0001-' + '39'.padStart(32, '0')]).toBeTruthy();
  expect([...mockKept.values()][0]?.length).toBeLessThan(2048);
});

test('signing out leaves nothing', async () => {
  const { signIn, rememberBooking, signOut, currentSession } = await started();
  await signIn('ann@example.com', 'secret');
  await rememberBooking('b1', 'own', 's1');
  await signOut();
  expect(currentSession()).toMatchObject({ email: null, token: null, bookings: {}, slots: {} });
  expect(mockKept.size).toBe(0);
});

test('what is stored and cannot be read counts as nothing', async () => {
  mockKept.set('slotline.session', '{');
  expect((await started()).currentSession()).toMatchObject({ email: null, ready: true });
});

test('which slots were booked here is known to the next start, for the newest of them', async () => {
  const { rememberBooking } = await started();
  for (let n = 0; n < 6; n += 1) await rememberBooking(`b${n}`, 'own', `s${n}`);
  expect((await started()).currentSession().slots).toEqual({ s2: 'b2', s3: 'b3', s4: 'b4', s5: 'b5' });
});

/** A mistyped email used to take the only key to the booking with it. */
test('another email can be asked for without losing what was booked here', async () => {
  const { signIn, rememberBooking, leaveEmail, currentSession } = await started();
  await signIn('ann@exmaple.com', 'secret');
  await rememberBooking('b1', 'own', 's1');
  const { person } = currentSession();
  await leaveEmail();
  expect(currentSession()).toMatchObject({ email: null, token: null, bookings: { b1: 'own' } });
  expect(currentSession().person).toBeGreaterThan(person);
});
