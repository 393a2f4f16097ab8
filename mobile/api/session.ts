import { useSyncExternalStore } from 'react';

import { vault } from './vault';

/** Who this device may act for: an email (proved, where the server asks for it), and single bookings made here. */
export interface Session {
  email: string | null;
  /** Proves the email; null where the server does not ask, or has not yet. */
  token: string | null;
  /** Booking → its own access token, the newest last. */
  bookings: Readonly<Record<string, string>>;
  /** Slot → the booking that was made here and is in it, the newest last. */
  slots: Readonly<Record<string, string>>;
  /** Goes up as somebody leaves: what they have typed goes with them. */
  person: number;
  /** Learnt from a refusal: this server wants an email proved before it shows what the email has. */
  asks: boolean;
  /** Read from the device. */
  ready: boolean;
}

const NAME = 'slotline.session';
/** A keychain entry holds 2 kB on some phones. */
const MOST_BOOKINGS = 16;
const MOST_SLOTS = 4;

let session: Session = { email: null, token: null, bookings: {}, slots: {}, person: 0, asks: false, ready: false };
const listeners = new Set<() => void>();

function become(next: Partial<Session>): void {
  session = { ...session, ...next };
  for (const listener of listeners) listener();
}

async function keep(next: Partial<Session>): Promise<void> {
  become(next);
  const { email, token, bookings, slots } = session;
  await vault.write(NAME, JSON.stringify({ email, token, bookings, slots })).catch(() => undefined);
}

export async function restoreSession(): Promise<void> {
  try {
    const kept: unknown = JSON.parse((await vault.read(NAME)) ?? '{}');
    if (typeof kept === 'object' && kept !== null) become(kept);
  } catch {
    // Unreadable is as good as none: the person proves the email again.
  }
  become({ ready: true });
}

export function currentSession(): Session {
  return session;
}

export function useSession(): Session {
  return useSyncExternalStore(subscribe, currentSession, currentSession);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function signIn(email: string, token: string | null): Promise<void> {
  return keep({ email, token });
}

/** The token is over, was refused, or is missing; the email stays, to ask for a code. */
export function askForProof(): Promise<void> {
  return keep({ token: null, asks: true });
}

/** Another email is asked for; what was booked here still shows, and can be changed. */
export function leaveEmail(): Promise<void> {
  return keep({ email: null, token: null, person: session.person + 1 });
}

/** The bookings' own tokens go, too: without the email that they were made with nothing opens them any more. */
export async function signOut(): Promise<void> {
  become({ email: null, token: null, bookings: {}, slots: {}, person: session.person + 1 });
  await vault.remove(NAME).catch(() => undefined);
}

export function rememberBooking(id: string, accessToken: string, slotId: string): Promise<void> {
  return keep({
    bookings: newest({ ...session.bookings, [id]: accessToken }, MOST_BOOKINGS),
    slots: newest({ ...session.slots, [slotId]: id }, MOST_SLOTS),
  });
}

/** A booking that was made here is in a slot: in another one, once it has been moved. */
export async function followBooking(id: string, slotId: string): Promise<void> {
  const others = Object.entries(session.slots).filter(([, other]) => other !== id);
  // One of which no slot is known any more would push out a newer one.
  if (session.slots[slotId] === id || others.length === Object.keys(session.slots).length) return;
  await keep({ slots: { ...Object.fromEntries(others), [slotId]: id } });
}

function newest(all: Record<string, string>, most: number): Record<string, string> {
  return Object.fromEntries(Object.entries(all).slice(-most));
}

/**
 * What may open a booking, in the order of trying: its own token, then the proved email. Either may be no good any more
 * while the other is.
 */
export function tokensFor(bookingId: string): (string | null)[] {
  const own = session.bookings[bookingId];
  const tokens = [own, session.token].filter((token) => typeof token === 'string');
  return tokens.length > 0 ? tokens : [null];
}
