import { act, fireEvent, render, screen } from '@testing-library/react-native';

import type { ExpertSummary, Slot } from '../api/client';
import { Server } from './server';

/** A socket that opens when the test says so. */
const sockets: FakeSocket[] = [];
class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  said: { type: string }[] = [];

  constructor(readonly url: string) {
    sockets.push(this);
  }

  send(text: string): void {
    this.said.push(JSON.parse(text));
  }

  close(): void {}
}

jest.mock('expo-network', () => ({ addNetworkStateListener: () => ({ remove: () => undefined }) }));
jest.mock('expo-font', () => ({ useFonts: () => [true, null] }));
jest.mock('expo-secure-store', () => ({
  getItemAsync: async () => null,
  setItemAsync: async () => undefined,
  deleteItemAsync: async () => undefined,
}));

const start = (hours: number) => new Date(Math.ceil(Date.now() / 3_600_000 + hours) * 3_600_000).toISOString();
const slot: Slot = { id: 'zoe-1', start: start(30), end: start(31), state: 'open', seats: 1, free: 1, heldUntil: null };
const zoe: ExpertSummary = {
  id: 'zoe',
  name: 'Zoë Nguyễn',
  category: 'Law',
  headline: 'Tenancy law',
  experience: 15,
  rating: 4.8,
  reviewCount: 120,
  avatarUrl: '/avatars/zoe',
  nextOpen: slot.start,
};
const calendar = {
  expert: { ...zoe, bio: 'Zoë has practised since 2010.', languages: ['English'], timeZone: 'Europe/Berlin' },
  epoch: 'e1',
  version: 1,
  days: [{ date: slot.start.slice(0, 10), slots: [slot] }],
};

test('from the list to an expert, a form with its hold, and my bookings', async () => {
  globalThis.WebSocket = FakeSocket as unknown as typeof WebSocket;
  const server = new Server();
  server.when('GET /api/experts', { status: 200, body: { experts: [zoe], page: 1, limit: 20, total: 1, pages: 1 } });
  server.when('GET /api/categories', { status: 200, body: { categories: [{ name: 'Law', experts: 1 }] } });
  server.when('GET /api/experts/zoe', { status: 200, body: calendar });
  server.when('POST /api/holds', {
    status: 201,
    body: { holdToken: 'zoe-1-h', expiresAt: new Date(Date.now() + 120_000).toISOString() },
  });
  server.when('DELETE /api/holds/zoe-1-h', { status: 204 });
  // Else its timer, a day long, keeps jest from ending.
  const { queries } = require('../api/queries');
  queries.setDefaultOptions({ queries: { ...queries.getDefaultOptions().queries, gcTime: Infinity } });
  const { default: App } = require('../App');
  render(<App />);

  fireEvent.press(await screen.findByTestId('expert-zoe'));
  const pill = await screen.findByTestId('slot-zoe-1');
  expect(screen.getByText('Zoë has practised since 2010.')).toBeTruthy();
  expect(screen.getByTestId('live-chip')).toHaveTextContent('Connecting');
  act(() => {
    sockets[0]?.onopen?.();
    sockets[0]?.onmessage?.({ data: JSON.stringify({ type: 'resumed', expertId: 'zoe', epoch: 'e1', version: 1 }) });
  });
  expect(sockets[0]?.url).toMatch(/^ws:.*\/api\/live$/);
  expect(sockets[0]?.said).toContainEqual({ type: 'subscribe', expertId: 'zoe', epoch: 'e1', version: 1 });
  expect(screen.getByTestId('live-chip')).toHaveTextContent('Live');

  fireEvent.press(pill);
  expect(await screen.findByTestId('hold-left')).toHaveTextContent(/^[012]:\d\d$/);
  expect(server.of('POST', '/api/holds')[0]?.body).toEqual({ expertId: 'zoe', slotId: 'zoe-1' });
  // Its notice begins: what is held is kept.
  act(() => {
    const closed = { ...slot, state: 'closed', free: 0 };
    sockets[0]?.onmessage?.({ data: JSON.stringify({ type: 'slot', expertId: 'zoe', epoch: 'e1', version: 2, slot: closed }) });
  });
  for (const field of ['name', 'email', 'phone', 'notes', 'submit']) expect(screen.getByTestId(field)).toBeTruthy();

  fireEvent.press(screen.getByRole('link', { name: 'My bookings' }));
  expect(await screen.findByTestId('find-email')).toBeTruthy();
  expect(server.of('DELETE', '/api/holds/zoe-1-h')).toHaveLength(1);
});
