/**
 * The server's clock, as far as its answers tell it. Countdowns and "past" go by it: a phone's clock may be minutes off.
 */
let offset = 0;
/** Milliseconds that the offset may be wrong by. */
let error = Number.POSITIVE_INFINITY;
let learnt = 0;

/** A better reading wins; after five minutes any reading does, for clocks drift and phones sleep. */
const STALE = 5 * 60_000;

export function serverNow(): number {
  return Date.now() + offset;
}

/** A `Date` header: whole seconds, so it is right to half a second and half the way. */
export function learnFromHeader(date: string | null, sentAt: number, receivedAt: number): void {
  const seconds = date === null ? Number.NaN : Date.parse(date);
  if (!Number.isNaN(seconds)) learn(seconds + 500, (sentAt + receivedAt) / 2, 500 + (receivedAt - sentAt) / 2);
}

/** The `time` of a heartbeat: milliseconds, less the way here, which is taken as short. */
export function learnFromHeartbeat(time: string): void {
  const at = Date.parse(time);
  if (!Number.isNaN(at)) learn(at, Date.now(), 250);
}

function learn(serverTime: number, localTime: number, within: number): void {
  if (within <= error || localTime - learnt > STALE) {
    offset = serverTime - localTime;
    error = within;
    learnt = localTime;
  }
}
