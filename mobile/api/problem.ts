import type { components } from './schema';

type ProblemBody = components['schemas']['Problem'];

/** A refusal of the server (RFC 9457). */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  /** Field → what is wrong with it, in the server's words. */
  readonly fields: Readonly<Record<string, string>>;
  /** Seconds after which it is worth trying again, if the server says so. */
  readonly retryAfter: number | null;

  constructor(status: number, body: Partial<ProblemBody>, retryAfter: string | null = null) {
    super(body.detail ?? body.title ?? `The server answered ${status}`);
    this.name = 'Problem';
    this.code = body.code ?? 'unknown';
    this.status = status;
    this.fields = Object.fromEntries((body.errors ?? []).map((fault) => [fault.field, fault.message]));
    this.retryAfter = retryAfter === null || Number.isNaN(Number(retryAfter)) ? null : Number(retryAfter);
  }
}

/** No answer: no network, no server, or none in time. Whether the request had an effect is not known. */
export class Unreachable extends Error {
  constructor(cause?: unknown) {
    super('The server cannot be reached');
    this.name = 'Unreachable';
    this.cause = cause;
  }
}

export function hasCode(error: unknown, ...codes: string[]): error is Problem {
  return error instanceof Problem && codes.includes(error.code);
}

/** Whether what was asked for may have happened all the same: a gateway's or a busy server's answer is no certain one. */
export function isUncertain(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof Problem && error.status >= 500);
}

/** What the server says of every bound of tries alike. */
const TOO_MUCH = 'Too much for now: wait a little';

function wait(seconds: number): string {
  return seconds < 120 ? `${seconds} ${seconds === 1 ? 'second' : 'seconds'}` : `${Math.ceil(seconds / 60)} minutes`;
}

/** Why what is shown is not of now. */
export function whyOld(error: unknown): string {
  return error instanceof Unreachable ? 'No connection.' : 'Slotline cannot answer just now.';
}

/** What went wrong, for a person. */
export function explain(error: unknown): string {
  if (error instanceof Unreachable) return 'No connection to Slotline. Check your network and try again.';
  if (hasCode(error, 'rate-limited')) {
    // Some bounds are not of tries, and waiting does not help: the server says which.
    if (error.message !== TOO_MUCH) return `${error.message}.`;
    return `Too many tries. Wait ${wait(error.retryAfter ?? 60)}, then try again.`;
  }
  if (error instanceof Problem && error.status >= 500) return 'Slotline is busy just now. Try again in a moment.';
  if (error instanceof Problem) return error.message;
  return 'Something went wrong. Try again.';
}
