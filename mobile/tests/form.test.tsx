import { fireEvent, render, screen, waitFor } from '@testing-library/react-native';

import type { Booked } from '../api/bookings';
import type { Booking, Slot } from '../api/client';
import { forgetOrders, unsettled } from '../api/orders';
import type { Problem } from '../api/problem';
import { BookForm, type Pending } from '../screens/BookForm';
import { forgetDrafts, keepDraft } from '../screens/customer';
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
let pending: Pending[];

beforeEach(() => {
  server = new Server();
  booked = [];
  lost = [];
  pending = [];
  forgetDrafts();
  forgetOrders();
});

function show(hold: HoldState = held): void {
  render(
    <BookForm
      expertId="x"
      slot={slot}
      hold={hold}
      findHold={async () => ''}
      onBooked={(done) => booked.push(done)}
      onLost={(problem) => lost.push(problem)}
      onPending={(is) => pending.push(is)}
    />,
  );
}

const orders = () => server.of('POST', '/api/bookings');
const keys = () => orders().map(({ headers }) => headers.get('idempotency-key'));

async function filled(values: Partial<Record<string, string>> = {}, hold: HoldState = held): Promise<void> {
  show(hold);
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

test('screen readers are told what has to be filled in', async () => {
  await filled();
  expect(['name', 'email', 'phone', 'notes'].map((field) => screen.getByTestId(field).props['aria-required'])).toEqual([true, true, true, false]);
});

test('it books with the hold and its key, and tells the booking', async () => {
  server.when('POST /api/bookings', created);
  await filled();
  submit();
  await waitFor(() => expect(booked).toHaveLength(1));
  expect(booked[0]).toEqual({ booking, durable: true });
  const [sent] = server.of('POST', '/api/bookings');
  expect(sent?.headers.get('idempotency-key')).toMatch(/^[0-9a-f]{32}$/);
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
  expect(keys()).toHaveLength(2);
  expect(new Set(keys()).size).toBe(1);
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

test('until an answer is certain it says so, for then what looks taken may be our own', async () => {
  server.when('POST /api/bookings', 'silence', refusal(504, 'unknown'), refusal(429, 'rate-limited'), refusal(409, 'slot-taken'));
  await filled();
  for (const [sent, settled] of [[1, false], [2, false], [3, false], [4, true]] as const) {
    submit();
    await waitFor(() => expect(orders()).toHaveLength(sent));
    await waitFor(() => expect(pending.at(-1)).toBe(settled ? 'no' : 'unanswered'));
  }
  expect(lost.map(({ code }) => code)).toEqual(['slot-taken']);
  expect(new Set(keys()).size).toBe(1);
});

test('a refusal that comes before anything was sent leaves nothing open', async () => {
  server.when('POST /api/bookings', refusal(429, 'rate-limited'), created);
  await filled();
  submit();
  await waitFor(() => expect(pending).toEqual(['sending', 'no']));
});

/** A gateway gave up on a booking that went through. The app used to say that nothing was changed, and to get stuck. */
test('a form that was changed after a gateway gave up finds the booking that went through', async () => {
  server.when('POST /api/bookings', refusal(504, 'unknown'), refusal(422, 'idempotency-key-reused'), created);
  await filled();
  submit();
  await screen.findByText(/you will not be booked twice/);
  expect(screen.queryByText(/Nothing was changed/)).toBeNull();
  fireEvent.changeText(screen.getByTestId('notes'), 'One more thing');
  submit();
  await waitFor(() => expect(booked).toHaveLength(1));
  const bodies = orders().map(({ body }) => body);
  expect(bodies[2]).toEqual(bodies[0]);
});

/** The first never arrived, the second did: only the first used to be asked about. */
test('of several that were sent without an answer, the one that went through is found', async () => {
  const reused = refusal(422, 'idempotency-key-reused');
  server.when('POST /api/bookings', 'silence', 'silence', reused, reused, created);
  await filled();
  submit();
  await screen.findByText(/you will not be booked twice/);
  for (const [notes, sent] of [['Second', 2], ['Third', 3]] as const) {
    fireEvent.changeText(screen.getByTestId('notes'), notes);
    submit();
    await waitFor(() => expect(orders().length).toBeGreaterThanOrEqual(sent));
    await waitFor(() => expect(screen.queryByText(/you will not be booked twice/) ?? booked[0]).toBeTruthy());
  }
  await waitFor(() => expect(booked).toHaveLength(1));
  const bodies = orders().map(({ body }) => (body as { notes: string }).notes);
  expect(new Set(bodies)).toEqual(new Set(['', 'Second', 'Third']));
  expect(new Set(keys()).size).toBe(1);
});

/** Leaving the form used to forget the key: sent again from a new one, it could book twice. */
test('whoever comes back after silence sends the same under the same key', async () => {
  server.when('POST /api/bookings', 'silence', created);
  await filled({ notes: 'About a lease' });
  submit();
  await screen.findByText(/you will not be booked twice/);
  screen.unmount();
  keepDraft('x', { name: 'Somebody Else', email: 'else@example.com', phone: '+49 30 7654321', notes: '' });
  show({ phase: 'none' });
  expect(screen.getByText(/you will not be booked twice/)).toBeTruthy();
  expect(screen.getByTestId('name').props.value).toBe('Ann Onymous');
  submit();
  await waitFor(() => expect(booked).toHaveLength(1));
  expect(new Set(keys()).size).toBe(1);
  expect(unsettled('x-1')).toBeNull();
});

test('what nobody knows the end of is not left to the next person', async () => {
  server.when('POST /api/bookings', 'silence');
  await filled();
  submit();
  await screen.findByText(/you will not be booked twice/);
  expect(unsettled('x-1')).toMatchObject({ name: 'Ann Onymous' });
  forgetOrders();
  expect(unsettled('x-1')).toBeNull();
});

/** The app's clock may be ahead: sent without its token, one's own hold counted as somebody else's. */
test('a hold that has just ended still goes with the order', async () => {
  server.when('POST /api/bookings', created);
  await filled({}, { phase: 'ended', at: Date.now(), token: 'h1' });
  submit();
  await waitFor(() => expect(booked).toHaveLength(1));
  expect(orders()[0]?.body).toMatchObject({ holdToken: 'h1' });
});
