import { Pressable, StyleSheet, View } from 'react-native';

import type { ExpertDetail } from '../api/client';
import { radius, space, useTheme } from '../theme';
import { city, offsetOf, sameZone } from '../time/format';
import { called } from '../ui/Heard';
import { Icon } from '../ui/Icon';
import { radioKeys } from '../ui/radio';
import { Txt } from '../ui/Txt';

interface Props {
  own: string;
  expert: ExpertDetail;
  theirs: boolean;
  onChange: (theirs: boolean) => void;
  now: number;
}

/** Whose clock the times are on; the zone is named either way. */
export function ZoneSwitch({ own, expert, theirs, onChange, now }: Props) {
  const { colors } = useTheme();
  const name = (zone: string) => [...new Set([city(zone), offsetOf(now, zone)])].filter(Boolean).join(' · ');
  if (sameZone(own, expert.timeZone)) {
    return (
      <View style={styles.line}>
        <Icon name="globe" size={16} color="soft" />
        <Txt as="small" color="soft" testID="zone">{`Times in ${name(expert.timeZone)}, yours and the expert’s`}</Txt>
      </View>
    );
  }
  const side = (label: string, zone: string, selected: boolean, value: boolean) => (
    <Pressable
      role="radio"
      aria-checked={selected}
      {...called(`${label}, ${name(zone)}`)}
      onPress={() => onChange(value)}
      {...radioKeys(() => onChange(value), selected)}
      style={[styles.side, selected && { backgroundColor: colors.lifted, boxShadow: '0 1px 3px rgba(0,0,0,0.12)' }]}
    >
      <Txt as="label" color={selected ? 'ink' : 'soft'} center>
        {label}
      </Txt>
      <Txt as="tiny" color="soft" center>
        {name(zone)}
      </Txt>
    </Pressable>
  );
  return (
    <View role="radiogroup" aria-label="Time zone" testID="zone" style={[styles.switch, { backgroundColor: colors.sunken }]}>
      {side('Your time', own, !theirs, false)}
      {side('Expert’s time', expert.timeZone, theirs, true)}
    </View>
  );
}

const styles = StyleSheet.create({
  line: { flexDirection: 'row', alignItems: 'center', gap: space.sm },
  switch: { flexDirection: 'row', borderRadius: radius.md, padding: 4, gap: 4 },
  side: { flex: 1, alignItems: 'center', paddingVertical: 7, paddingHorizontal: space.sm, borderRadius: radius.sm },
});
