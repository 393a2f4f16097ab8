import AsyncStorage from '@react-native-async-storage/async-storage';
import { dehydrate, hydrate, type QueryClient } from '@tanstack/react-query';
import { Platform } from 'react-native';

/**
 * What was seen stays readable: the answers of the catalogue (and, on a phone, one's bookings) are kept on the device and
 * are there when the app starts without a network. A browser may be anybody's, so bookings are not kept there.
 */
const NAME = 'slotline.seen.1';
const KINDS = new Set(Platform.OS === 'web' ? ['experts', 'categories', 'expert'] : ['experts', 'categories', 'expert', 'bookings']);
const AGE = 7 * 24 * 3_600_000;
const MOST = 40;
const PAUSE = 2_000;

export async function restoreSeen(queries: QueryClient): Promise<void> {
  try {
    const text = await AsyncStorage.getItem(NAME);
    if (text) hydrate(queries, JSON.parse(text));
    // To be read, and fetched anew by whoever shows it.
    await queries.invalidateQueries({ refetchType: 'none' });
  } catch {
    // What cannot be read is fetched again.
  }
}

/** Writes down what was fetched, a moment after it was. */
export function keepSeen(queries: QueryClient): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = queries.getQueryCache().subscribe(({ type }) => {
    if (type !== 'updated') return;
    clearTimeout(timer);
    timer = setTimeout(() => void write(queries), PAUSE);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}

async function write(queries: QueryClient): Promise<void> {
  const { queries: all } = dehydrate(queries, {
    shouldDehydrateQuery: ({ queryKey, state }) =>
      KINDS.has(String(queryKey[0])) && state.status === 'success' && Date.now() - state.dataUpdatedAt < AGE,
    shouldDehydrateMutation: () => false,
  });
  const newest = all.sort((one, other) => other.state.dataUpdatedAt - one.state.dataUpdatedAt).slice(0, MOST);
  await AsyncStorage.setItem(NAME, JSON.stringify({ queries: newest, mutations: [] })).catch(() => undefined);
}

export function forgetSeen(): Promise<void> {
  return AsyncStorage.removeItem(NAME).catch(() => undefined);
}
