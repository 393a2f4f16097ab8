import { Platform, StyleSheet } from 'react-native';

import { Txt } from './Txt';

/**
 * Words in a link or button that are heard and not seen. In the browser what it is called is all that is in it, so that
 * it has what is seen, in the order in which it is seen. On phones it is `called`.
 */
export function Heard({ children }: { children: string }) {
  return Platform.OS === 'web' ? <Txt style={styles.unseen}>{children}</Txt> : null;
}

export function called(label: string): { 'aria-label'?: string } {
  return Platform.OS === 'web' ? {} : { 'aria-label': label };
}

const styles = StyleSheet.create({ unseen: { position: 'absolute', width: 1, height: 1, overflow: 'hidden' } });
