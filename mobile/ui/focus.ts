import { Platform, type Text } from 'react-native';

/** In the browser a heading takes the focus where it would fall to the top of the page; phones do that by themselves. */
export function focusOn(heading: Text | null): void {
  if (Platform.OS === 'web') (heading as unknown as HTMLElement | null)?.focus({ preventScroll: true });
}

/** Of a heading that is to have the focus. */
export const reachable = Platform.OS === 'web' ? ({ tabIndex: -1 } as const) : {};
