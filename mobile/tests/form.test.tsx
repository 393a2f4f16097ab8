import { fireEvent, render, screen, waitFor } from '@testing-library/react-native';

import type { Booked } from '../api/bookings';
import type { Booking, Slot } from '../api/client';
import type { Problem } from '../api/problem';
import { BookForm } from '../screens/BookForm';
import { draft } from '../screens/customer';
import type { HoldState } from '../screens/useHold';
import { refusal, Server } from './server';

const slot: Slot = {
  id: 'x-1',
  start: '2030-06-03T12:00:00Z',
  end: '2030-06-03T12:30:00Z',
  state: 'open',
  seats: 1,
  free: 1,
  heldUntil: null,
};
const booking: Booking = {
  id: 'x-b1',
  status: 'pending',
  expert: { id: 'x', name: 'Zoë', category: 'Law', email: 'zoe@example.com', phone: '+49' },
  slot: { id: slot.id, start: slot.start, end: slot.end },
  name: 'Ann Onymous',
  email: 'ann@example.com',
  phone: '+49 30 1234567',
  notes: '',
  createdAt: slot.start,
  updatedAt: slot.start,
  history: [],
};
const held: HoldState = { phase: 'held', token: 'h1', expiresAt: Date.now() + 60_000, lasts: 60_000, renewable: true };
const created = { status: 201, body: { booking, accessToken: 'secret' } };

let server: Server;
let booked: Booked[];
let lost: Problem[];

beforeEach(() => {
  server = new Server();
  booked = [];
  lost = [];
  draft.current = { name: '', email: '', phone: '', notes: '' };
});

async function filled(values: Partial<Record<string, string>> = {}): Promise<void> {
  render(
    <BookForm expertId="x" slot={slot} idempotencyKey="key-1" hold={held} onBooked={(done) => booked.push(done)} onLost={(problem) => lost.push(problem)} />,
  );
  const all = { name: 'Ann Onymous', email: 'ann@example.com', phone: '+49 30 1234567', ...values };
  for (const [field, value] of Object.entries(all)) fireEvent.changeText(screen.getByTestId(field), value);
}

const submit = () => fireEvent.press(screen.getByTestId('submit'));

test('what is wrong is said as one leaves the field, and goes as soon as it is right', async () => {
  await filled({ email: 'ann' });
  expect(screen.queryByTestId('error-email')).toBeNull();
  fireEvent(screen.getByTestId('email'), 'blur');
  expect(await screen.findByTestId('error-email')).toBeTruthy();
  fireEvent.changeText(screen.getByTestId('email'), 'ann@example.com');
  await waitFor(() => expect(screen.queryByTestId('error-email')).toBeNull());
});

test('it books with the hold and its key, and tells the booking', async () => {
  server.when('POST /api/bookings', created);
  await filled();
  submit();
  await waitFor(() => expect(booked).toHaveLength(1));
  expect(booked[0]).toEqual({ booking, durable: true });
  const [sent] = server.of('POST', '/api/bookings');
  expect(sent?.headers.get('idempotency-key')).toBe('key-1');
  expect(sent?.body).toMatchObject({ expertId: 'x', slotId: 'x-1', holdToken: 'h1', name: 'Ann Onymous' });
});

test('a claim that is not durable yet is told as such', async () => {
  server.when('POST /api/bookings', { status: 202, body: { ...created.body, statusUrl: '/api/bookings/x-b1' } });
  await filled();
  submit();
  await waitFor(() => expect(booked[0]?.durable).toBe(false));
});

test('after silence it is sent again under the same key', async () => {
  server.when('POST /api/bookings', 'silence', created);
  await filled();
  submit();
  await screen.findByText(/you will not be booked twice/);
  submit();
  await waitFor(() => expect(booked).toHaveLength(1));
  expect(server.of('POST', '/api/bookings').map(({ headers }) => headers.get('idempotency-key'))).toEqual(['key-1', 'key-1']);
});

test('a form that was changed after silence finds the booking that went through', async () => {
  server.when('POST /api/bookings', 'silence', refusal(422, 'idempotency-key-reused'), created);
  await filled();
  submit();
  await screen.findByText(/you will not be booked twice/);
  fireEvent.changeText(screen.getByTestId('notes'), 'One more thing');
  submit();
  await waitFor(() => expect(booked).toHaveLength(1));
  const bodies = server.of('POST', '/api/bookings').map(({ body }) => body);
  expect(bodies[2]).toEqual(bodies[0]);
  expect(bodies[1]).not.toEqual(bodies[0]);
});

test('the field errors of the server show at their fields', async () => {
  server.when('POST /api/bookings', refusal(422, 'validation-failed', [{ field: 'phone', message: 'must be one that rings' }]));
  await filled();
  submit();
  expect((await screen.findByTestId('error-phone')).props.children).toBe('Must be one that rings');
});

test.each(['slot-taken', 'slot-held', 'slot-past', 'slot-closed', 'hold-expired'])('%s is told as lost', async (code) => {
  server.when('POST /api/bookings', refusal(409, code));
  await filled();
  submit();
  await waitFor(() => expect(lost.map((problem) => problem.code)).toEqual([code]));
  expect(booked).toHaveLength(0);
});

test('a busy server is said, and nothing is lost', async () => {
  server.when('POST /api/bookings', refusal(503, 'store-unavailable'), created);
  await filled();
  submit();
  await screen.findByText(/busy just now/);
  expect(screen.getByTestId('name').props.value).toBe('Ann Onymous');
  submit();
  await waitFor(() => expect(booked).toHaveLength(1));
});
