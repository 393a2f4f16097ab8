import { useFocusEffect } from '@react-navigation/native';
import { useCallback, useEffect, useRef } from 'react';
import { Platform } from 'react-native';

import { useLostFocus } from './useLostFocus';

/**
 * The keyboard's place on a screen of the browser: whoever comes back to the screen, or turns the device, goes on from
 * where they were, and not from the top of the page. Phones do that by themselves.
 */
export function useKeptFocus(turned: boolean) {
  const lost = useLostFocus();
  const screen = lost.ref;
  const place = useRef<HTMLElement | null>(null);

  const restore = useCallback((typing: boolean) => {
    if (!place.current || document.activeElement !== document.body) return;
    const heading = (screen.current as unknown as HTMLElement | null)?.querySelector<HTMLElement>('h1');
    (mayHaveFocus(place.current, typing) ? place.current : heading)?.focus({ preventScroll: true });
  }, [screen]);

  useFocusEffect(
    useCallback(() => {
      // The screen is laid out again only after this.
      const timer = setTimeout(() => restore(false), 0);
      return () => clearTimeout(timer);
    }, [restore]),
  );
  useEffect(() => restore(true), [turned, restore]);

  if (Platform.OS !== 'web') return {};
  return {
    ...lost,
    onFocus: (event: { target: unknown }) => {
      lost.onFocus(event);
      place.current = event.target as HTMLElement;
    },
  };
}

/** Coming back to a text field would bring up the keyboard of a phone; in one that is being typed in it is up. */
function mayHaveFocus(element: HTMLElement, typing: boolean): boolean {
  const field = element.matches('input, textarea');
  return element.isConnected && !element.matches(':disabled') && (typing || !field);
}
