import { Platform } from 'react-native';

import { base } from './base';
import { client, need, type Schemas } from './client';

export type Hold = Schemas['HoldAnswer'];

export function takeHold(expertId: string, slotId: string): Promise<Hold> {
  return need(client.POST('/api/holds', { body: { expertId, slotId } }));
}

export function renewHold(token: string): Promise<Hold> {
  return need(client.PATCH('/api/holds/{token}', { params: { path: { token } } }));
}

/** Gives the seat back. Nobody waits for it: what gets lost on the way ends by itself when its time is over. */
export function releaseHold(token: string): void {
  void client.DELETE('/api/holds/{token}', { params: { path: { token } } }).catch(() => undefined);
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
