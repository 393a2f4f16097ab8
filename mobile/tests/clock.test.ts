/** The server's clock, from whole seconds in headers and from heartbeats. */

type Clock = typeof import('../api/clock');

/** The server's clock is this many milliseconds ahead. */
const AHEAD = 93_270;
const START = Date.parse('2030-01-01T12:00:00.000Z');

let clock: Clock;

beforeEach(() => {
  jest.useFakeTimers({ now: START });
  jest.isolateModules(() => {
    clock = require('../api/clock') as Clock;
  });
});
afterEach(() => jest.useRealTimers());

function header(at: number): string {
  return new Date(Math.floor(at / 1000) * 1000).toUTCString();
}

/** A request that begins `at` milliseconds after the start and takes `way` milliseconds each way. */
function request(at: number, way: number): void {
  const sent = START + at;
  jest.setSystemTime(sent + 2 * way);
  clock.learnFromHeader(header(sent + way + AHEAD), sent, sent + 2 * way);
}

function wrongBy(): number {
  return Math.abs(clock.serverNow() - Date.now() - AHEAD);
}

test('nothing learnt, the own clock', () => {
  expect(clock.serverNow()).toBe(START);
  clock.learnFromHeader(null, START, START + 10);
  clock.learnFromHeader('soon', START, START + 10);
  clock.learnFromHeartbeat('soon');
  expect(clock.serverNow()).toBe(START);
});

test('one header is right to half a second and half the way', () => {
  request(0, 20);
  expect(wrongBy()).toBeLessThanOrEqual(520);
});

test('several headers are closer together than each', () => {
  for (const at of [0, 330, 570, 740, 900]) request(at, 20);
  expect(wrongBy()).toBeLessThanOrEqual(150);
});

test('a heartbeat is close at once', () => {
  request(0, 20);
  jest.setSystemTime(START + 1_000 + 30);
  clock.learnFromHeartbeat(new Date(START + 1_000 + AHEAD).toISOString());
  expect(wrongBy()).toBeLessThanOrEqual(250);
});

test('a clock that was set is noticed, and an old reading is given up', () => {
  request(0, 20);
  const minute = 60_000;
  clock.learnFromHeader(header(START + AHEAD + 10 * minute), START + minute, START + minute + 10);
  expect(clock.serverNow() - Date.now()).toBeGreaterThan(8 * minute);
  const drifted = header(START + 7 * minute + AHEAD);
  jest.setSystemTime(START + 7 * minute);
  clock.learnFromHeader(drifted, START + 7 * minute - 10, START + 7 * minute);
  expect(wrongBy()).toBeLessThanOrEqual(510);
});
