import type { ReactNode } from 'react';
import { Modal, Platform, Pressable, ScrollView, StyleSheet, View, type StyleProp, type ViewStyle } from 'react-native';

import { radius, space, useTheme } from '../theme';
import { Txt } from './Txt';
import { useLostFocus } from './useLostFocus';

interface Props {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** Buttons, the way out first. */
  actions: ReactNode;
}

/** Asks before something happens. Escape, the phone's back key and a touch beside it close it; the focus stays inside. */
export function Dialog({ open, onClose, title, children, actions }: Props) {
  const { colors, wide } = useTheme();
  return (
    <Modal visible={open} transparent animationType="fade" onRequestClose={onClose} aria-label={title} statusBarTranslucent>
      <View style={[styles.room, wide ? styles.middle : styles.bottom]}>
        <Pressable
          aria-hidden
          tabIndex={-1}
          accessible={false}
          style={[StyleSheet.absoluteFill, { backgroundColor: colors.scrim }]}
          onPress={onClose}
        />
        <Sheet style={[styles.sheet, wide ? styles.card : styles.drawer, { backgroundColor: colors.surface }]}>
          <Txt as="title" level={2}>
            {title}
          </Txt>
          <ScrollView style={styles.body} contentContainerStyle={styles.content}>
            {children}
          </ScrollView>
          <View style={styles.actions}>{actions}</View>
        </Sheet>
      </View>
    </Modal>
  );
}

function Sheet({ children, style }: { children: ReactNode; style: StyleProp<ViewStyle> }) {
  const lost = useLostFocus();
  return (
    <View {...(Platform.OS === 'web' && lost)} style={style}>
      {children}
    </View>
  );
}

const styles = StyleSheet.create({
  room: { flex: 1, alignItems: 'center' },
  middle: { justifyContent: 'center', padding: space.lg },
  bottom: { justifyContent: 'flex-end' },
  sheet: { width: '100%', maxWidth: 520, maxHeight: '88%', padding: space.lg, gap: space.md },
  card: { borderRadius: radius.lg + 4 },
  drawer: { borderTopLeftRadius: radius.lg + 6, borderTopRightRadius: radius.lg + 6, paddingBottom: space.xl },
  body: { flexGrow: 0 },
  content: { gap: space.md },
  actions: { flexDirection: 'row', justifyContent: 'flex-end', gap: space.sm, flexWrap: 'wrap' },
});
