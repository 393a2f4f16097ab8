import createClient from 'openapi-fetch';

import { base } from './base';
import { learnFromHeader } from './clock';
import { Problem, Unreachable } from './problem';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];
export type ExpertSummary = Schemas['ExpertSummary'];
export type ExpertDetail = Schemas['ExpertDetail'];
export type Slot = Schemas['Slot'];
export type Booking = Schemas['Booking'];

/** Milliseconds after which a request counts as unanswered: longer than the server waits for its store. */
const TIMEOUT = 15_000;

async function timed(request: Request): Promise<Response> {
  const deadline = new AbortController();
  const stop = () => deadline.abort();
  const timer = setTimeout(stop, TIMEOUT);
  request.signal?.addEventListener('abort', stop);
  const sentAt = Date.now();
  try {
    const answer = await fetch(request, { signal: deadline.signal });
    learnFromHeader(answer.headers.get('date'), sentAt, Date.now());
    return answer;
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw new Unreachable(error);
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener('abort', stop);
  }
}

export const client = createClient<paths>({ baseUrl: base, fetch: timed });

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a good answer. Throws Problem for a refusal, Unreachable for none. */
export async function need<T>(pending: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await pending;
  if (!response.ok) {
    const body = typeof error === 'object' && error !== null ? error : {};
    throw new Problem(response.status, body, response.headers.get('retry-after'));
  }
  return data as T;
}

/** Headers of somebody who may: a customer's token, or a booking's own. */
export function bearer(token: string | null | undefined): Record<string, string> {
  return token ? { Authorization: `Bearer ${token}` } : {};
}
