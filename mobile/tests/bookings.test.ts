import { bookingsOf, cancelBooking, moveBooking, readBooking } from '../api/bookings';
import { currentSession, rememberBooking, signIn, signOut } from '../api/session';
import { refusal, Server } from './server';

jest.mock('expo-secure-store', () => ({
  getItemAsync: async () => null,
  setItemAsync: async () => undefined,
  deleteItemAsync: async () => undefined,
}));

const booking = { id: 'b1', status: 'cancelled', slot: { id: 's1' } };
const unauthenticated = refusal(401, 'unauthenticated');
let server: Server;
const tokens = () => server.asked.map(({ headers }) => headers.get('authorization'));

beforeEach(async () => {
  server = new Server();
  await signOut();
});

/** After SECRET was changed the booking's own token opens nothing, and the newly proved email was never tried. */
test("a booking whose own token is no good any more is changed with the proved email's", async () => {
  await rememberBooking('b1', 'own', 's1');
  await signIn('ann@example.com', 'proved');
  server.when('PATCH /api/bookings/b1/status', unauthenticated, { status: 200, body: { booking } });
  await expect(cancelBooking('b1')).resolves.toEqual(booking);
  expect(tokens()).toEqual(['Bearer own', 'Bearer proved']);
  expect(currentSession().token).toBe('proved');
});

test("a booking of another email is opened by its own token, and the proved email's is not asked for", async () => {
  await signIn('ben@example.com', 'proved');
  await rememberBooking('b1', 'own', 's1');
  server.when('GET /api/bookings/b1', { status: 200, body: { booking } });
  await readBooking('b1');
  expect(tokens()).toEqual(['Bearer own']);
});

test('when neither opens it, the email has to be proved anew', async () => {
  await rememberBooking('b1', 'own', 's1');
  await signIn('ann@example.com', 'proved');
  server.when('PATCH /api/bookings/b1/status', unauthenticated);
  await expect(cancelBooking('b1')).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(currentSession()).toMatchObject({ token: null, asks: true });
});

test('a refusal that is not about who one is is not tried with another token', async () => {
  await rememberBooking('b1', 'own', 's1');
  await signIn('ann@example.com', 'proved');
  server.when('PATCH /api/bookings/b1/status', refusal(409, 'invalid-transition'));
  await expect(cancelBooking('b1')).rejects.toMatchObject({ code: 'invalid-transition' });
  expect(tokens()).toEqual(['Bearer own']);
});

describe('the slot that a booking is in', () => {
  const moved = { ...booking, status: 'pending', slot: { id: 's2' } };
  const slots = () => Object.entries(currentSession().slots);

  beforeEach(async () => {
    await rememberBooking('b1', 'own', 's1');
    await rememberBooking('b3', 'own', 's3');
  });

  /** The new one was as if somebody else had taken it, and the old one was asked about for ever. */
  test('is another one once it has been moved', async () => {
    server.when('POST /api/bookings/b1/reschedule', { status: 200, body: { booking: moved } });
    await moveBooking('b1', 's2');
    expect(slots()).toEqual([['s3', 'b3'], ['s2', 'b1']]);
  });

  test('is learnt from what is read, when it was moved elsewhere or no answer came', async () => {
    server.when('POST /api/bookings/b1/reschedule', 'silence');
    await expect(moveBooking('b1', 's2')).rejects.toBeTruthy();
    expect(slots()).toEqual([['s1', 'b1'], ['s3', 'b3']]);
    server.when('GET /api/bookings/b1', { status: 200, body: { booking: moved } });
    await readBooking('b1');
    expect(slots()).toEqual([['s3', 'b3'], ['s2', 'b1']]);
    server.when('GET /api/bookings', { status: 200, body: { bookings: [{ ...moved, slot: { id: 's4' } }], page: 1, pages: 1 } });
    await bookingsOf('ann@example.com', 'proved');
    expect(slots()).toEqual([['s3', 'b3'], ['s4', 'b1']]);
  });

  test('is not kept of a booking that was made elsewhere', async () => {
    server.when('GET /api/bookings/b9', { status: 200, body: { booking: { ...moved, id: 'b9' } } });
    await readBooking('b9');
    expect(slots()).toEqual([['s1', 'b1'], ['s3', 'b3']]);
  });
});
