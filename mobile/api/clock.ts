/**
 * The server's clock, as far as its answers tell it. Countdowns and "past" go by it: a phone's clock may be minutes off.
 *
 * Each answer tells between what two bounds the offset lies; what several of them tell together is much closer than
 * the whole seconds of a `Date` header.
 */
let least = Number.NEGATIVE_INFINITY;
let most = Number.POSITIVE_INFINITY;
let learnt = 0;

/** Clocks drift and phones sleep: after five minutes a new reading is believed alone. */
const STALE = 5 * 60_000;
/** A heartbeat is taken to be under way for no longer than this, in milliseconds. */
const WAY = 500;

export function serverNow(): number {
  return Date.now() + (Number.isFinite(least) ? (least + most) / 2 : 0);
}

/** A `Date` header: whole seconds, read by the server at some time between the request and its answer. */
export function learnFromHeader(date: string | null, sentAt: number, receivedAt: number): void {
  const seconds = date === null ? Number.NaN : Date.parse(date);
  if (!Number.isNaN(seconds)) learn(seconds - receivedAt, seconds + 1_000 - sentAt, receivedAt);
}

/** The `time` of a heartbeat: milliseconds, and the way here. */
export function learnFromHeartbeat(time: string): void {
  const at = Date.parse(time);
  const now = Date.now();
  if (!Number.isNaN(at)) learn(at - now, at - now + WAY, now);
}

function learn(from: number, to: number, now: number): void {
  const together = [Math.max(least, from), Math.min(most, to)] as const;
  // Bounds that exclude each other: one of the clocks was set, or slept.
  const believed = together[0] <= together[1] && now - learnt <= STALE;
  if (!believed) learnt = now;
  [least, most] = believed ? together : [from, to];
}
