const FIRST = 500;
const MOST = 15_000;

/**
 * Milliseconds before the `attempt`-th try (from 0): doubling, and spread over the upper half, so that thousands of phones
 * do not come back in the same moment after a restart.
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(MOST, FIRST * 2 ** attempt);
  return ceiling * (0.5 + random() / 2);
}

/** Close codes 4400–4499 ask not to come back. */
export function mayReturn(code: number): boolean {
  return code < 4400 || code > 4499;
}
