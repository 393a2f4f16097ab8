import { Platform } from 'react-native';

import { base } from './base';
import { newKey } from './bookings';
import { client, need, type Schemas } from './client';
import { serverNow } from './clock';
import { isUncertain } from './problem';

export type Hold = Schemas['HoldAnswer'];

/** Slot → the key under which a hold was asked for without a certain answer. It may be there, and keep ourselves out. */
const unanswered = new Map<string, string>();

/** Slot → the token of a hold that was to be given back, without a certain answer. It may be there still. */
const unreleased = new Map<string, string>();

/** Whether there may be a hold of ours that the form does not know. */
export function mayBeHeld(slotId: string): boolean {
  return unanswered.has(slotId) || unreleased.has(slotId);
}

/** Holds a seat, or goes on with a hold of ours that may be there. Throws Problem, Unreachable. */
export async function takeHold(expertId: string, slotId: string): Promise<Hold> {
  const left = unreleased.get(slotId);
  if (left !== undefined) {
    try {
      const hold = await renewHold(left);
      unreleased.delete(slotId);
      return hold;
    } catch (error) {
      if (isUncertain(error)) throw error;
      unreleased.delete(slotId);
    }
  }
  const earlier = unanswered.get(slotId);
  if (earlier !== undefined) {
    const hold = await ask(expertId, slotId, earlier);
    if (Date.parse(hold.expiresAt) > serverNow()) return hold;
  }
  return ask(expertId, slotId, newKey());
}

async function ask(expertId: string, slotId: string, key: string): Promise<Hold> {
  try {
    const hold = await need(client.POST('/api/holds', { body: { expertId, slotId }, params: { header: { 'Idempotency-Key': key } } }));
    unanswered.delete(slotId);
    return hold;
  } catch (error) {
    if (isUncertain(error)) unanswered.set(slotId, key);
    else unanswered.delete(slotId);
    throw error;
  }
}

export function renewHold(token: string): Promise<Hold> {
  return need(client.PATCH('/api/holds/{token}', { params: { path: { token } } }));
}

/** Gives the seat back. Nobody waits for it: what gets lost on the way ends by itself when its time is over. */
export function releaseHold(slotId: string, token: string): void {
  void need(client.DELETE('/api/holds/{token}', { params: { path: { token } } })).catch((error: unknown) => {
    if (isUncertain(error)) unreleased.set(slotId, token);
  });
}

/** The same while the page goes away: the browser sees it through. `onReturn` if it had one then, and comes back. */
export function releaseOnExit(token: () => string | null, onReturn: () => void): () => void {
  if (Platform.OS !== 'web') return () => undefined;
  let held: string | null = null;
  const leave = () => {
    held = token();
    if (held) void fetch(`${base}/api/holds/${held}`, { method: 'DELETE', keepalive: true }).catch(() => undefined);
  };
  const come = ({ persisted }: PageTransitionEvent) => {
    if (persisted && held) onReturn();
  };
  window.addEventListener('pagehide', leave);
  window.addEventListener('pageshow', come);
  return () => {
    window.removeEventListener('pagehide', leave);
    window.removeEventListener('pageshow', come);
  };
}
