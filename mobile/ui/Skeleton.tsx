import { Animated, View, type DimensionValue } from 'react-native';

import { radius, space, useTheme } from '../theme';
import { usePulse } from './motion';

/** A bar where something will be. */
export function Bar({ width, height = 14 }: { width: DimensionValue; height?: number }) {
  const { colors } = useTheme();
  const opacity = usePulse();
  return <Animated.View style={{ width, height, borderRadius: Math.min(height / 2, radius.sm), backgroundColor: colors.sunken, opacity }} />;
}

export function CardSkeleton() {
  const { colors } = useTheme();
  return (
    <View
      style={{ backgroundColor: colors.surface, borderRadius: radius.lg, borderWidth: 1, borderColor: colors.line, padding: space.md, gap: space.md }}
    >
      <View style={{ flexDirection: 'row', gap: space.md }}>
        <Bar width={56} height={56} />
        <View style={{ flex: 1, gap: 10, paddingTop: 6 }}>
          <Bar width="62%" height={18} />
          <Bar width="90%" />
        </View>
      </View>
      <Bar width="100%" height={34} />
    </View>
  );
}
