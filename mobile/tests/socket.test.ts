import { backoff, mayReturn } from '../live/backoff';
import { LiveStore } from '../live/store';

/** The other end of a WebSocket, in the test's hands. */
class Line {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;
  said: Record<string, unknown>[] = [];
  closed = false;

  send(text: string): void {
    this.said.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  tell(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const lines: Line[] = [];
const line = () => lines.at(-1) as Line;

function store(): LiveStore {
  lines.length = 0;
  return new LiveStore({
    url: 'ws://test/api/live',
    random: () => 0,
    connect: () => {
      lines.push(new Line());
      return line() as unknown as WebSocket;
    },
  });
}

const snapshot = (version: number, epoch = 'e1') => ({ type: 'snapshot', expertId: 'x', epoch, version, slots: [] });
const heartbeat = (version: number) => ({ type: 'heartbeat', time: new Date().toISOString(), versions: { x: version } });

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function watched(): LiveStore {
  const made = store();
  made.watch('x', () => undefined);
  line().onopen?.();
  line().tell(snapshot(4));
  return made;
}

test('it is live once the snapshot is there, and not before', () => {
  const made = store();
  made.watch('x', () => undefined);
  expect(made.view('x').status).toBe('connecting');
  line().onopen?.();
  expect(line().said).toEqual([{ type: 'subscribe', expertId: 'x' }]);
  expect(made.view('x').status).toBe('connecting');
  line().tell(snapshot(4));
  expect(made.view('x').status).toBe('live');
});

/** It said that it was reconnecting to what it had never been connected to. */
test('a first connection that fails is tried again, and said to be', () => {
  const made = store();
  const stop = made.watch('x', () => undefined);
  line().onclose?.({ code: 1006 });
  expect(made.view('x').status).toBe('reconnecting');
  jest.advanceTimersByTime(600);
  line().onopen?.();
  line().tell(snapshot(4));
  expect(made.view('x').status).toBe('live');
  stop();
  expect(made.view('x').status).toBe('connecting');
});

test('a connection that breaks comes back after a pause and resumes by epoch and version', () => {
  const made = watched();
  line().onclose?.({ code: 4008 });
  expect(made.view('x').status).toBe('reconnecting');
  expect(lines).toHaveLength(1);
  jest.advanceTimersByTime(300);
  expect(lines).toHaveLength(2);
  line().onopen?.();
  expect(line().said).toEqual([{ type: 'subscribe', expertId: 'x', epoch: 'e1', version: 4 }]);
  line().tell({ type: 'resumed', expertId: 'x', epoch: 'e1', version: 4 });
  expect(made.view('x').status).toBe('live');
});

test('after some tries in vain it says offline, and goes on trying', () => {
  const made = watched();
  for (let tries = 0; tries < 6; tries += 1) {
    line().onclose?.({ code: 1006 });
    jest.advanceTimersByTime(15_000);
  }
  expect(made.view('x').status).toBe('offline');
  line().onopen?.();
  line().tell(snapshot(9));
  expect(made.view('x').status).toBe('live');
});

test('it does not come back where it is told not to', () => {
  const made = watched();
  line().onclose?.({ code: 4403 });
  jest.advanceTimersByTime(120_000);
  expect(lines).toHaveLength(1);
  expect(made.view('x').status).toBe('offline');
});

test('a gap, or a heartbeat with another version, makes it subscribe again from what it knows', () => {
  const made = watched();
  const said = line().said.length;
  line().tell(heartbeat(4));
  expect(line().said).toHaveLength(said);
  line().tell(heartbeat(6));
  expect(line().said.at(-1)).toEqual({ type: 'subscribe', expertId: 'x', epoch: 'e1', version: 4 });
  expect(made.view('x').status).toBe('reconnecting');
  line().tell(snapshot(6));
  expect(made.view('x').status).toBe('live');
});

test('in the foreground again, a connection that does not answer a ping soon is given up', () => {
  const made = watched();
  made.probe();
  expect(line().said.at(-1)).toEqual({ type: 'ping' });
  jest.advanceTimersByTime(3_100);
  expect(made.view('x').status).toBe('reconnecting');
  jest.advanceTimersByTime(500);
  expect(lines).toHaveLength(2);
});

test('in the foreground again, a connection that answers stays', () => {
  const made = watched();
  made.probe();
  line().tell({ type: 'pong' });
  jest.advanceTimersByTime(10_000);
  expect(lines).toHaveLength(1);
  expect(made.view('x').status).toBe('live');
});

test('silence for more than two heartbeats is tried with a ping', () => {
  watched();
  jest.advanceTimersByTime(44_000);
  expect(line().said.at(-1)).not.toEqual({ type: 'ping' });
  jest.advanceTimersByTime(2_000);
  expect(line().said.at(-1)).toEqual({ type: 'ping' });
});

test('without a network it is offline at once, and back at once with one', () => {
  const made = watched();
  made.setOnline(false);
  expect(made.view('x').status).toBe('offline');
  expect(line().closed).toBe(true);
  jest.advanceTimersByTime(60_000);
  expect(lines).toHaveLength(1);
  made.setOnline(true);
  expect(lines).toHaveLength(2);
});

test('a refused subscription is tried again', () => {
  const made = store();
  made.watch('x', () => undefined);
  line().onopen?.();
  line().tell({ type: 'error', code: 'store-unavailable', detail: '' });
  jest.advanceTimersByTime(3_100);
  expect(line().said).toHaveLength(2);
  line().tell(snapshot(1));
  expect(made.view('x').status).toBe('live');
});

test('the connection lasts as long as somebody looks', () => {
  const made = store();
  const stops = [made.watch('x', () => undefined), made.watch('x', () => undefined)];
  line().onopen?.();
  stops[0]?.();
  expect(line().closed).toBe(false);
  stops[1]?.();
  expect(line().said.at(-1)).toEqual({ type: 'unsubscribe', expertId: 'x' });
  expect(line().closed).toBe(true);
});

test('what is no frame is passed over', () => {
  const made = watched();
  for (const data of ['', 'null', '[]', '{"type":"news"}', '{']) line().onmessage?.({ data });
  expect(made.view('x').status).toBe('live');
});

test('pauses double, are spread over half of themselves, and have an end', () => {
  expect([0, 1, 2, 20].map((attempt) => backoff(attempt, () => 0))).toEqual([250, 500, 1000, 7500]);
  expect([0, 1, 2, 20].map((attempt) => backoff(attempt, () => 1))).toEqual([500, 1000, 2000, 15_000]);
});

test('4400 to 4499 ask not to come back', () => {
  expect([1006, 4000, 4099, 4399, 4400, 4499, 4500].map(mayReturn)).toEqual([true, true, true, true, false, false, true]);
});
