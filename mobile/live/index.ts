import { focusManager, onlineManager } from '@tanstack/react-query';
import { useCallback, useEffect, useSyncExternalStore } from 'react';
import { AppState } from 'react-native';

import { liveUrl } from '../api/base';
import { watchNetwork } from './network';
import { LiveStore, type View } from './store';

export type { Status, View } from './store';

export const live = new LiveStore({ url: liveUrl });

/** An expert's calendar as it changes. */
export function useLive(expertId: string): View {
  const watch = useCallback((listener: () => void) => live.watch(expertId, listener), [expertId]);
  const view = useCallback(() => live.view(expertId), [expertId]);
  return useSyncExternalStore(watch, view, view);
}

/** Tells the feed and the queries when the app comes to the front and when the network comes and goes. */
export function useSurroundings(): void {
  useEffect(() => {
    const front = AppState.addEventListener('change', (state) => {
      focusManager.setFocused(state === 'active');
      if (state === 'active') live.probe();
    });
    const network = watchNetwork((online) => {
      onlineManager.setOnline(online);
      live.setOnline(online);
    });
    return () => {
      front.remove();
      network();
    };
  }, []);
}
