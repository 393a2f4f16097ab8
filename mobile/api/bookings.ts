import { getRandomBytes } from 'expo-crypto';

import { bearer, client, need, type Booking, type Schemas } from './client';
import { hasCode, Problem } from './problem';
import { queries } from './queries';
import { askForProof, followBooking, rememberBooking, signIn, currentSession, tokensFor } from './session';

export type Order = Schemas['NewBooking'];

/** A key for everything that one form sends. */
export function newKey(): string {
  return [...getRandomBytes(16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export interface Booked {
  booking: Booking;
  /** False while the durable store has not confirmed; the claim stands meanwhile. */
  durable: boolean;
}

/** Books. Safe to repeat with the same key. Throws Problem, Unreachable. */
export async function book(order: Order, key: string): Promise<Booked> {
  const answer = await need<Schemas['BookingCreated'] | Schemas['BookingClaimed']>(
    client.POST('/api/bookings', { body: order, params: { header: { 'Idempotency-Key': key } } }),
  );
  const { booking, accessToken } = answer;
  await rememberBooking(booking.id, accessToken, booking.slot.id);
  if (currentSession().email === null) await signIn(booking.email, null);
  void queries.invalidateQueries({ queryKey: ['bookings'] });
  return { booking, durable: !('statusUrl' in answer) };
}

export async function readBooking(id: string): Promise<Booking> {
  const { booking } = await opened(id, (token) =>
    client.GET('/api/bookings/{booking_id}', { headers: bearer(token), params: { path: { booking_id: id } } }),
  );
  await followBooking(id, booking.slot.id);
  return booking;
}

/** The same of a claim, and whether the durable store has confirmed it by now. */
export async function followClaim(id: string): Promise<Booked> {
  let durable = false;
  const { booking } = await opened(id, async (token) => {
    const answer = await client.GET('/api/bookings/{booking_id}', {
      headers: bearer(token),
      params: { path: { booking_id: id }, query: { stored: true } },
    });
    durable = answer.response.status === 200;
    return answer;
  });
  return { booking, durable };
}

export async function cancelBooking(id: string): Promise<Booking> {
  const { booking } = await changed(id, (token) =>
    client.PATCH('/api/bookings/{booking_id}/status', {
      headers: bearer(token),
      params: { path: { booking_id: id } },
      body: { status: 'cancelled' },
    }),
  );
  return booking;
}

export async function moveBooking(id: string, slotId: string): Promise<Booking> {
  const { booking } = await changed(id, (token) =>
    client.POST('/api/bookings/{booking_id}/reschedule', {
      headers: bearer(token),
      params: { path: { booking_id: id } },
      body: { slotId },
    }),
  );
  await followBooking(id, slotId);
  return booking;
}

export async function readCalendarFile(id: string): Promise<string> {
  return opened(id, (token) =>
    client.GET('/api/bookings/{booking_id}/calendar.ics', {
      headers: bearer(token),
      params: { path: { booking_id: id } },
      parseAs: 'text',
    }) as Promise<{ data?: string; error?: unknown; response: Response }>,
  );
}

/** All bookings of an email; page after page, for a list that is merged with what this device has made. */
export async function bookingsOf(email: string, token: string | null): Promise<Booking[]> {
  const found: Booking[] = [];
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const answer = await need(
      client.GET('/api/bookings', { headers: bearer(token), params: { query: { email, page, limit: 100 } } }),
    );
    found.push(...answer.bookings);
    for (const { id, slot } of answer.bookings) await followBooking(id, slot.id);
    pages = Math.min(answer.pages, 10);
  }
  return found;
}

export async function askForCode(email: string): Promise<void> {
  await need(client.POST('/api/access/codes', { body: { email } }));
}

/** Proves an email. Throws Problem `unauthenticated` for a code that is wrong or over. */
export async function giveCode(email: string, code: string): Promise<void> {
  const { token } = await need(client.POST('/api/access/tokens', { body: { email, code } }));
  // A refusal that is still remembered must not speak for the new token.
  queries.removeQueries({ queryKey: ['bookings', email] });
  await signIn(email, token);
}

export function asksForProof(error: unknown): boolean {
  return error instanceof Problem && (error.status === 401 || error.status === 403);
}

type Ask<T> = (token: string | null) => Promise<{ data?: T; error?: unknown; response: Response }>;

/** Asks with one token after the other, until one opens the booking. */
async function opened<T>(id: string, ask: Ask<T>): Promise<T> {
  let refusal: unknown;
  for (const token of tokensFor(id)) {
    try {
      return await need(ask(token));
    } catch (error) {
      if (!asksForProof(error)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

/** A change of a booking; a proved email that is over is forgotten, so that the screen asks for a new code. */
async function changed<T>(id: string, ask: Ask<T>): Promise<T> {
  try {
    return await opened(id, ask);
  } catch (error) {
    if (hasCode(error, 'unauthenticated')) await askForProof();
    throw error;
  } finally {
    void queries.invalidateQueries({ queryKey: ['bookings'] });
  }
}
