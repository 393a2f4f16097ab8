import { cancelBooking, readBooking } from '../api/bookings';
import { currentSession, rememberBooking, signIn, signOut } from '../api/session';
import { refusal, Server } from './server';

jest.mock('expo-secure-store', () => ({
  getItemAsync: async () => null,
  setItemAsync: async () => undefined,
  deleteItemAsync: async () => undefined,
}));

const booking = { id: 'b1', status: 'cancelled' };
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
