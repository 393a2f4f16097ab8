import { Animated, StyleSheet, View } from 'react-native';

import type { Status } from '../live';
import { radius, useTheme, type Palette } from '../theme';
import { Icon } from './Icon';
import { usePulse } from './motion';
import { Txt } from './Txt';

const looks: Record<Status, { word: string; says: string; ink: keyof Palette; ground: keyof Palette }> = {
  live: { word: 'Live', says: 'Live: changes show at once', ink: 'accentInk', ground: 'accentSoft' },
  connecting: { word: 'Connecting', says: 'Connecting: what you see may be old', ink: 'soft', ground: 'sunken' },
  reconnecting: { word: 'Reconnecting', says: 'Reconnecting: what you see may be old', ink: 'held', ground: 'heldSoft' },
  offline: { word: 'Offline', says: 'Offline: what you see is old', ink: 'danger', ground: 'dangerSoft' },
};

/** Whether what is on screen is current. */
export function LiveChip({ status }: { status: Status }) {
  const { colors } = useTheme();
  const pulse = usePulse(1100);
  const { word, says, ink, ground } = looks[status];
  return (
    <View role="status" aria-label={says} testID="live-chip" style={[styles.chip, { backgroundColor: colors[ground] }]}>
      {status === 'live' ? (
        <Animated.View style={[styles.dot, { backgroundColor: colors.accent, opacity: pulse }]} />
      ) : (
        <Icon name={status === 'offline' ? 'offline' : 'refresh'} size={13} color={ink} />
      )}
      <Txt as="small" color={ink}>
        {word}
      </Txt>
    </View>
  );
}

const styles = StyleSheet.create({
  chip: { flexDirection: 'row', alignItems: 'center', gap: 6, paddingHorizontal: 10, paddingVertical: 5, borderRadius: radius.pill, alignSelf: 'flex-start' },
  dot: { width: 8, height: 8, borderRadius: 4 },
});
