import { StyleSheet, View } from 'react-native';

import { radius, useTheme } from '../theme';
import { dayOf } from '../time/format';
import { Txt } from './Txt';

/** A day as a leaf of a calendar; the words beside it say the date to screen readers. */
export function DateLeaf({ at, zone, quiet = false }: { at: string; zone: string; quiet?: boolean }) {
  const { colors } = useTheme();
  const { weekday, day, month } = dayOf(at, zone);
  return (
    <View aria-hidden style={[styles.leaf, { backgroundColor: colors.surface, borderColor: colors.line }]}>
      <View style={[styles.head, { backgroundColor: quiet ? colors.sunken : colors.accent }]}>
        <Txt as="tiny" color={quiet ? 'soft' : 'onAccent'} allowFontScaling={false}>
          {weekday}
        </Txt>
      </View>
      <Txt as="heading" color={quiet ? 'soft' : 'ink'} allowFontScaling={false} style={styles.day}>
        {day}
      </Txt>
      <Txt as="tiny" color="soft" allowFontScaling={false}>
        {month}
      </Txt>
    </View>
  );
}

const styles = StyleSheet.create({
  leaf: { width: 52, alignSelf: 'flex-start', borderRadius: radius.md, borderWidth: 1, alignItems: 'center', overflow: 'hidden', paddingBottom: 6 },
  head: { alignSelf: 'stretch', alignItems: 'center', paddingVertical: 3, marginBottom: 3 },
  day: { lineHeight: 22 },
});
