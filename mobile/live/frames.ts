import type { Slot } from '../api/client';

/** What the server says on the live feed; docs/architecture.md tells when. */
export type Frame =
  | { type: 'snapshot'; expertId: string; epoch: string; version: number; slots: Slot[] }
  | { type: 'resumed'; expertId: string; epoch: string; version: number }
  | { type: 'slot'; expertId: string; epoch: string; version: number; slot: Slot }
  | { type: 'heartbeat'; time: string; versions: Record<string, number> }
  | { type: 'pong' }
  | { type: 'error'; code: string; detail: string };

/** A frame, or null for what this version of the app does not know. */
export function parse(data: unknown): Frame | null {
  if (typeof data !== 'string') return null;
  try {
    const frame: unknown = JSON.parse(data);
    return typeof frame === 'object' && frame !== null && 'type' in frame ? (frame as Frame) : null;
  } catch {
    return null;
  }
}
