import { useSyncExternalStore } from 'react';

import { vault } from './vault';

/** Who this device may act for: an email (proved, where the server asks for it), and single bookings made here. */
export interface Session {
  email: string | null;
  /** Proves the email; null where the server does not ask, or has not yet. */
  token: string | null;
  /** Booking → its own access token, the newest last. */
  bookings: Readonly<Record<string, string>>;
  /** Learnt from a refusal: this server wants an email proved before it shows what the email has. */
  asks: boolean;
  /** Read from the device. */
  ready: boolean;
}

const NAME = 'slotline.session';
/** A keychain entry holds 2 kB on some phones. */
const MOST_BOOKINGS = 16;

let session: Session = { email: null, token: null, bookings: {}, asks: false, ready: false };
const listeners = new Set<() => void>();

function become(next: Partial<Session>): void {
  session = { ...session, ...next };
  for (const listener of listeners) listener();
}

async function keep(next: Partial<Session>): Promise<void> {
  become(next);
  const { email, token, bookings } = session;
  await vault.write(NAME, JSON.stringify({ email, token, bookings })).catch(() => undefined);
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

export async function signOut(): Promise<void> {
  become({ email: null, token: null, bookings: {} });
  await vault.remove(NAME).catch(() => undefined);
}

export function rememberBooking(id: string, accessToken: string): Promise<void> {
  const all = Object.entries({ ...session.bookings, [id]: accessToken });
  return keep({ bookings: Object.fromEntries(all.slice(-MOST_BOOKINGS)) });
}

/** What opens a booking: the proved email, else the booking's own token. */
export function tokenFor(bookingId: string): string | null {
  return session.bookings[bookingId] ?? session.token;
}
