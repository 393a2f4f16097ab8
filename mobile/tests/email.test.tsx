import { act, fireEvent, render, screen, waitFor } from '@testing-library/react-native';

import { currentSession, rememberBooking, signIn, signOut } from '../api/session';
import { draftFor, keepDraft } from '../screens/customer';
import { EmailCard } from '../screens/EmailCard';
import { refusal, Server } from './server';

jest.mock('expo-secure-store', () => ({
  getItemAsync: async () => null,
  setItemAsync: async () => undefined,
  deleteItemAsync: async () => undefined,
}));

let server: Server;
const codes = () => server.of('POST', '/api/access/tokens').map(({ body }) => (body as { code: string }).code);

beforeEach(async () => {
  server = new Server();
  await act(() => signOut());
  await act(() => signIn('ann@exmaple.com', null));
});

test('the code is sent when it is whole, and once', async () => {
  server.when('POST /api/access/codes', { status: 202, body: {} });
  server.when('POST /api/access/tokens', refusal(401, 'unauthenticated'));
  render(<EmailCard needsProof />);
  fireEvent.press(screen.getByRole('button', { name: 'Send me a code' }));
  const field = await screen.findByTestId('code');
  fireEvent.changeText(field, '123');
  fireEvent(field, 'submitEditing');
  expect(codes()).toEqual([]);
  fireEvent.changeText(field, '123456');
  fireEvent(field, 'submitEditing');
  fireEvent(field, 'submitEditing');
  await screen.findByTestId('error-code');
  expect(codes()).toEqual(['123456']);
});

/** It threw away the only key to what was booked with a mistyped email, at one touch. */
test('with bookings made here, another email asks whether they are kept', async () => {
  await act(() => rememberBooking('b1', 'own', 's1'));
  keepDraft('zoe', { name: 'Ann Onymous', email: 'ann@exmaple.com', phone: '1234567', notes: '' });
  render(<EmailCard needsProof={false} />);
  fireEvent.press(screen.getByRole('button', { name: 'Use another email' }));
  expect(currentSession().email).toBe('ann@exmaple.com');
  fireEvent.press(screen.getByRole('button', { name: 'Keep it' }));
  await waitFor(() => expect(currentSession()).toMatchObject({ email: null, token: null, bookings: { b1: 'own' } }));
  expect(draftFor('zoe').name).toBe('');
});

test('they can be forgotten, and without any nobody is asked', async () => {
  await act(() => rememberBooking('b1', 'own', 's1'));
  const first = render(<EmailCard needsProof={false} />);
  fireEvent.press(screen.getByRole('button', { name: 'Use another email' }));
  fireEvent.press(screen.getByRole('button', { name: 'Forget it' }));
  await waitFor(() => expect(currentSession().bookings).toEqual({}));
  first.unmount();
  await act(() => signIn('ann@example.com', null));
  render(<EmailCard needsProof={false} />);
  fireEvent.press(screen.getByRole('button', { name: 'Use another email' }));
  await waitFor(() => expect(currentSession().email).toBeNull());
});
