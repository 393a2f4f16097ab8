import { useEffect, useRef, type ComponentProps } from 'react';
import type { Text } from 'react-native';

import { focusOn, reachable } from './focus';
import { Txt } from './Txt';

/**
 * The heading of what has just appeared. In the browser it takes the focus, so that the keyboard and screen readers go on
 * from there, and not from the top of the page; phones do that by themselves.
 */
export function Arrival(props: ComponentProps<typeof Txt>) {
  const heading = useRef<Text>(null);
  useEffect(() => focusOn(heading.current), []);
  return <Txt ref={heading} {...reachable} {...props} />;
}
