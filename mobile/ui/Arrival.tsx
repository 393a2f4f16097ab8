import { useEffect, useRef, type ComponentProps } from 'react';
import { Platform, type Text } from 'react-native';

import { Txt } from './Txt';

/**
 * The heading of what has just appeared. In the browser it takes the focus, so that the keyboard and screen readers go on
 * from there, and not from the top of the page; phones do that by themselves.
 */
export function Arrival(props: ComponentProps<typeof Txt>) {
  const heading = useRef<Text>(null);
  useEffect(() => {
    if (Platform.OS === 'web') (heading.current as unknown as HTMLElement | null)?.focus({ preventScroll: true });
  }, []);
  return <Txt ref={heading} {...(Platform.OS === 'web' && { tabIndex: -1 })} {...props} />;
}
