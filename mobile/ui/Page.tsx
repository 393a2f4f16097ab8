import type { ReactNode } from 'react';
import { Pressable, StyleSheet, View, type StyleProp, type ViewStyle } from 'react-native';
import { useSafeAreaInsets } from 'react-native-safe-area-context';

import { radius, space, TOUCH, useTheme } from '../theme';
import { Icon } from './Icon';
import type { PressState } from './press';
import { useKeptFocus } from './useKeptFocus';
import { Txt } from './Txt';

export const MAX_WIDTH = 1120;

/** Space left and right of a page's content: a column of at most `most` in the middle. */
export function useGutter(most: number = MAX_WIDTH): number {
  const { width, wide } = useTheme();
  return Math.max(wide ? space.xl : space.md, (width - most) / 2);
}

/** The ground of a screen; the phone's status bar is above it. */
export function Page({ children, style }: { children: ReactNode; style?: StyleProp<ViewStyle> }) {
  const { colors, wide } = useTheme();
  const { top } = useSafeAreaInsets();
  return (
    <View role="main" {...useKeptFocus(wide)} style={[styles.page, { backgroundColor: colors.canvas, paddingTop: wide ? 0 : top }, style]}>
      {children}
    </View>
  );
}

/** The way back, and where one is. */
export function BackBar({ label, onBack, children }: { label: string; onBack: () => void; children?: ReactNode }) {
  const { colors } = useTheme();
  const gutter = useGutter();
  return (
    <View style={[styles.bar, { paddingHorizontal: gutter - space.sm }]}>
      <Pressable
        role="button"
        aria-label={`Back to ${label}`}
        onPress={onBack}
        style={({ pressed, hovered }: PressState) => [styles.back, (pressed || hovered) && { backgroundColor: colors.sunken }]}
      >
        <Icon name="back" size={20} color="soft" />
        <Txt as="label" color="soft" numberOfLines={1} style={styles.where}>
          {label}
        </Txt>
      </Pressable>
      {children}
    </View>
  );
}

const styles = StyleSheet.create({
  page: { flex: 1 },
  bar: { flexDirection: 'row', alignItems: 'center', justifyContent: 'space-between', minHeight: 56, paddingTop: space.xs },
  back: { flexDirection: 'row', alignItems: 'center', gap: 6, minHeight: TOUCH, paddingHorizontal: space.sm, borderRadius: radius.md, flexShrink: 1 },
  where: { flexShrink: 1 },
});
