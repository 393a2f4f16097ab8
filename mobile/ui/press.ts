import type { PressableStateCallbackType } from 'react-native';

/** What a Pressable tells its style; `hovered` and `focused` come in the browser only. */
export interface PressState extends PressableStateCallbackType {
  hovered?: boolean;
  focused?: boolean;
}
