import { Animated, useWindowDimensions, View, type DimensionValue } from 'react-native';

import { radius, type, useTheme, type TypeName } from '../theme';
import { usePulse } from './motion';

/** A bar where something will be. */
export function Bar({ width, height = 14 }: { width: DimensionValue; height?: number }) {
  const { colors } = useTheme();
  const opacity = usePulse();
  return <Animated.View style={{ width, height, borderRadius: Math.min(height / 2, radius.sm), backgroundColor: colors.line, opacity }} />;
}

/** A bar where a line of text will be, in a place as high as the line. */
export function Line({ as = 'body', width }: { as?: TypeName; width: DimensionValue }) {
  const { fontScale } = useWindowDimensions();
  const high = type[as].lineHeight * Math.min(2, fontScale);
  return (
    <View style={{ height: high, justifyContent: 'center' }}>
      <Bar width={width} height={Math.round(high * 0.6)} />
    </View>
  );
}
