import { explain, isUncertain, Problem, Unreachable } from '../api/problem';

const limited = (detail: string, retryAfter: string) => new Problem(429, { code: 'rate-limited', detail }, retryAfter);

test('how long to wait is said in what one counts it in', () => {
  const generic = 'Too much for now: wait a little';
  expect([1, 45, 119, 120, 3600].map((seconds) => explain(limited(generic, String(seconds))))).toEqual([
    'Too many tries. Wait 1 second, then try again.',
    'Too many tries. Wait 45 seconds, then try again.',
    'Too many tries. Wait 119 seconds, then try again.',
    'Too many tries. Wait 2 minutes, then try again.',
    'Too many tries. Wait 60 minutes, then try again.',
  ]);
});

/** "Too many tries. Wait 3600 seconds" was said to somebody who had tried once, and had five bookings. */
test('a bound that waiting does not lift is told in the words of the server', () => {
  const many = 'There are as many bookings to come as we take from one customer with one expert';
  expect(explain(limited(many, '3600'))).toBe(`${many}.`);
});

test('only a refusal is certain', () => {
  const busy = [new Unreachable(), new Problem(503, { code: 'store-unavailable' }), new Problem(504, {})];
  expect(busy.map(isUncertain)).toEqual([true, true, true]);
  expect([new Problem(409, { code: 'slot-taken' }), limited('', '1')].map(isUncertain)).toEqual([false, false]);
  expect(busy.map(explain).join()).not.toMatch(/Nothing was changed/);
});
