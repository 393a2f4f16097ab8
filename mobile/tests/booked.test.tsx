import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, render, screen } from '@testing-library/react-native';

import type { Booking } from '../api/client';
import { BookedPanel } from '../screens/BookedPanel';
import { Server } from './server';

const start = '2030-06-03T12:00:00Z';
const booking: Booking = {
  id: 'x-b1',
  status: 'pending',
  expert: { id: 'x', name: 'Zoë', category: 'Law', email: 'zoe@example.com', phone: '+49' },
  slot: { id: 'x-1', start, end: '2030-06-03T12:30:00Z' },
  name: 'Ann Onymous',
  email: 'ann@example.com',
  phone: '+49 30 1234567',
  notes: '',
  createdAt: start,
  updatedAt: start,
  history: [],
};

const cancelled = (by: string): Booking => ({
  ...booking,
  status: 'cancelled',
  history: [{ at: start, from: 'pending', to: 'cancelled', by, reason: null }],
});

let server: Server;
let queries: QueryClient;
const asked = () => server.of('GET', '/api/bookings/x-b1').length;

function show(durable: boolean): void {
  queries = new QueryClient({ defaultOptions: { queries: { gcTime: Infinity } } });
  render(
    <QueryClientProvider client={queries}>
      <BookedPanel booked={{ booking, durable }} onBack={() => undefined} onBookings={() => undefined} />
    </QueryClientProvider>,
  );
}

beforeEach(() => {
  server = new Server();
  jest.useFakeTimers();
});
afterEach(() => jest.useRealTimers());

/** It asked every three seconds for as long as the panel was open, and always said "a little longer than usual". */
test('a claim that is not durable yet is asked about for a while, and then it says so', async () => {
  server.when('GET /api/bookings/x-b1', { status: 202, body: { booking } });
  show(false);
  expect(screen.getByText(/a little longer than usual/)).toBeTruthy();
  await act(() => jest.advanceTimersByTimeAsync(40_000));
  const before = asked();
  expect(before).toBeGreaterThan(5);
  expect(screen.getByText(/not certain yet/)).toBeTruthy();
  await act(() => jest.advanceTimersByTimeAsync(60_000));
  expect(asked()).toBe(before);
});

/** It said for ever that it was not certain. */
test('a claim that has been stored is as any other booking', async () => {
  server.when('GET /api/bookings/x-b1', { status: 202, body: { booking } }, { status: 200, body: { booking } });
  show(false);
  await act(() => jest.advanceTimersByTimeAsync(4_000));
  expect(screen.getByText(/a little longer than usual/)).toBeTruthy();
  await act(() => jest.advanceTimersByTimeAsync(4_000));
  expect(screen.queryByText(/Your seat is claimed/)).toBeNull();
  expect(screen.getByText('It’s yours')).toBeTruthy();
  const before = asked();
  await act(() => jest.advanceTimersByTimeAsync(10_000));
  expect(asked()).toBe(before);
});

test('a claim that failed says that it did', async () => {
  server.when('GET /api/bookings/x-b1', { status: 200, body: { booking: cancelled('system') } });
  show(false);
  await act(() => jest.advanceTimersByTimeAsync(4_000));
  expect(screen.getByText(/could not be stored/)).toBeTruthy();
});

/** It was said to be one that could not be stored. */
test('a claim that the expert has cancelled by then is one that was cancelled', async () => {
  server.when('GET /api/bookings/x-b1', { status: 200, body: { booking: cancelled('admin') } });
  show(false);
  await act(() => jest.advanceTimersByTimeAsync(4_000));
  expect(screen.getByText(/This booking was cancelled/)).toBeTruthy();
});

/** Two were kept of it, each by a request of its own, and the one that came said nothing of the other. */
test('what comes of a change of bookings says how the claim has ended, too', async () => {
  server.when('GET /api/bookings/x-b1', { status: 200, body: { booking: { ...booking, status: 'confirmed' } } });
  show(false);
  await act(async () => {
    void queries.invalidateQueries({ queryKey: ['bookings'] });
    await jest.advanceTimersByTimeAsync(100);
  });
  expect(screen.getByText(/Zoë expects you/)).toBeTruthy();
  expect(screen.queryByText(/Your seat is claimed/)).toBeNull();
  await act(() => jest.advanceTimersByTimeAsync(10_000));
  expect(asked()).toBe(1);
});

test('a durable booking is not asked about', async () => {
  show(true);
  await act(() => jest.advanceTimersByTimeAsync(10_000));
  expect(asked()).toBe(0);
  expect(screen.getByText('The expert still has to confirm.')).toBeTruthy();
});
