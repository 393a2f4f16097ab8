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

/** The same while the page goes away: the browser sees it through. */
export function releaseOnExit(token: () => string | null): () => void {
  if (Platform.OS !== 'web') return () => undefined;
  const leave = () => {
    const held = token();
    if (held) void fetch(`${base}/api/holds/${held}`, { method: 'DELETE', keepalive: true }).catch(() => undefined);
  };
  window.addEventListener('pagehide', leave);
  return () => window.removeEventListener('pagehide', leave);
}
