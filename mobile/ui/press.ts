import { Platform, type GestureResponderEvent, type PressableStateCallbackType } from 'react-native';

/** What a Pressable tells its style; `hovered` and `focused` come in the browser only. */
export interface PressState extends PressableStateCallbackType {
  hovered?: boolean;
  focused?: boolean;
}

/** A true link in the browser: Enter follows it, and so do a middle click and a new tab; elsewhere a press. */
export function linkTo(href: string, go: () => void): { href?: string; onPress: (event: GestureResponderEvent) => void } {
  if (Platform.OS !== 'web') return { onPress: go };
  return {
    href,
    onPress: (event) => {
      const { metaKey, ctrlKey, shiftKey, button } = event as unknown as MouseEvent;
      if (metaKey || ctrlKey || shiftKey || (button ?? 0) > 0) return;
      event.preventDefault();
      go();
    },
  };
}
