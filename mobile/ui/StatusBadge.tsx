import { StyleSheet, View } from 'react-native';

import type { Booking } from '../api/client';
import { radius, useTheme, type Palette } from '../theme';
import { Icon, type IconName } from './Icon';
import { Txt } from './Txt';

type Status = Booking['status'];

const looks: Record<Status, { word: string; icon: IconName; ink: keyof Palette; ground: keyof Palette }> = {
  pending: { word: 'Pending', icon: 'hold', ink: 'held', ground: 'heldSoft' },
  confirmed: { word: 'Confirmed', icon: 'done', ink: 'accentInk', ground: 'accentSoft' },
  completed: { word: 'Completed', icon: 'calendarCheck', ink: 'info', ground: 'infoSoft' },
  cancelled: { word: 'Cancelled', icon: 'failed', ink: 'soft', ground: 'sunken' },
};

/** What a pending booking waits for. */
export const TO_CONFIRM = 'The expert still has to confirm.';

export function StatusBadge({ status }: { status: Status }) {
  const { colors } = useTheme();
  const { word, icon, ink, ground } = looks[status];
  return (
    <View style={[styles.badge, { backgroundColor: colors[ground] }]}>
      <Icon name={icon} size={14} color={ink} />
      <Txt as="small" color={ink}>
        {word}
      </Txt>
    </View>
  );
}

const styles = StyleSheet.create({
  badge: { flexDirection: 'row', alignItems: 'center', gap: 5, alignSelf: 'flex-start', paddingHorizontal: 9, paddingVertical: 4, borderRadius: radius.pill },
});
