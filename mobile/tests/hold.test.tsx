import { act, render, screen, waitFor } from '@testing-library/react-native';
import { Text } from 'react-native';

import { useHold } from '../screens/useHold';
import { refusal, Server } from './server';

jest.mock('@react-navigation/native', () => ({
  useFocusEffect: (effect: () => () => void) => jest.requireActual('react').useEffect(effect, [effect]),
}));

let server: Server;
let hold: ReturnType<typeof useHold>;
let slots = 0;

function Form({ slotId }: { slotId: string }) {
  hold = useHold('x', slotId);
  return <Text testID="phase">{hold.state.phase}</Text>;
}

const keys = () => server.of('POST', '/api/holds').map(({ headers }) => headers.get('idempotency-key'));
const phase = (is: string) => waitFor(() => expect(screen.getByTestId('phase')).toHaveTextContent(is));
const given = (token: string, lasts = 60_000) => ({
  status: 201,
  body: { holdToken: token, expiresAt: new Date(Date.now() + lasts).toISOString() },
});

/** A slot that no test before has asked for. */
function open(...answers: Parameters<Server['when']> extends [string, ...infer A] ? A : never): string {
  const slotId = `x-${(slots += 1)}`;
  server.when('POST /api/holds', ...answers);
  render(<Form slotId={slotId} />);
  return slotId;
}

beforeEach(() => {
  server = new Server();
});

test('whoever tries again after silence asks for the same hold', async () => {
  open('silence', given('h1'));
  await phase('none');
  await act(() => hold.take());
  await phase('held');
  expect(new Set(keys()).size).toBe(1);
  expect(keys()[0]).toMatch(/^[0-9a-f]{32}$/);
});

test('an order finds the hold whose answer did not come', async () => {
  open('silence', given('h1'));
  await phase('none');
  await act(async () => expect(await hold.find()).toBe('h1'));
  await phase('held');
});

test('an order waits for the hold that is being taken', async () => {
  open(given('h1'));
  await act(async () => expect(await hold.find()).toBe('h1'));
});

test('so does whoever comes back to the slot; what is over by then is asked for anew', async () => {
  const slotId = open('silence', given('h1', -1), given('h2'));
  await phase('none');
  screen.unmount();
  render(<Form slotId={slotId} />);
  await phase('held');
  expect(hold.state).toMatchObject({ token: 'h2' });
  const [lost, again, anew] = keys();
  expect(again).toBe(lost);
  expect(anew).not.toBe(lost);
});

test('a refusal is certain: the next try is a new one', async () => {
  open(refusal(409, 'slot-held'), given('h1'));
  await phase('refused');
  await act(() => hold.take());
  await phase('held');
  expect(new Set(keys()).size).toBe(2);
});

test('a hold that could not be given back is gone on with', async () => {
  const slotId = open(given('h1'), refusal(409, 'slot-held'));
  await phase('held');
  server.when('DELETE /api/holds/h1', 'silence');
  server.when('PATCH /api/holds/h1', { ...given('h1'), status: 200 });
  screen.unmount();
  await waitFor(() => expect(server.of('DELETE', '/api/holds/h1')).toHaveLength(1));
  render(<Form slotId={slotId} />);
  await phase('held');
  expect(keys()).toHaveLength(1);
});

test('one that was given back after all is asked for anew', async () => {
  const slotId = open(given('h1'), given('h2'));
  await phase('held');
  server.when('DELETE /api/holds/h1', 'silence');
  server.when('PATCH /api/holds/h1', refusal(404, 'hold-not-found'));
  screen.unmount();
  await waitFor(() => expect(server.of('DELETE', '/api/holds/h1')).toHaveLength(1));
  render(<Form slotId={slotId} />);
  await phase('held');
  expect(hold.state).toMatchObject({ token: 'h2' });
});
