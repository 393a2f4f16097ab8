import { StyleSheet, View } from 'react-native';

import type { ExpertDetail, Slot } from '../api/client';
import { radius, space, useTheme } from '../theme';
import { city, clock, dayOf, deviceZone, duration, longDay, sameZone } from '../time/format';
import { Arrival } from '../ui/Arrival';
import { Avatar } from '../ui/Avatar';
import { DateLeaf } from '../ui/DateLeaf';
import { Bar, Line } from '../ui/Skeleton';
import { Txt } from '../ui/Txt';

/** What is being booked: with whom, and when for either side. */
export function SlotSummary({ expert, slot }: { expert: ExpertDetail; slot: Slot }) {
  const { colors, raised } = useTheme();
  const there = expert.timeZone;
  const own = sameZone(deviceZone(), there) ? there : deviceZone();
  const theirs = dayOf(slot.start, there);
  const otherDay = theirs.key === dayOf(slot.start, own).key ? '' : `${theirs.weekday} ${theirs.day} ${theirs.month}`;
  return (
    <View style={[styles.card, raised, { backgroundColor: colors.surface, borderColor: colors.line }]}>
      <View style={styles.row}>
        <Avatar id={expert.id} name={expert.name} size={48} />
        <View style={styles.grow}>
          <Arrival as="heading" level={1} numberOfLines={1}>
            {expert.name}
          </Arrival>
          <Txt as="small" color="soft" numberOfLines={1}>
            {expert.category}
          </Txt>
        </View>
      </View>
      <View style={[styles.row, styles.when, { borderColor: colors.line }]}>
        <DateLeaf at={slot.start} zone={own} />
        <View style={styles.grow}>
          <Txt as="strong">{longDay(slot.start, own)}</Txt>
          <Txt as="time">{`${clock(slot.start, own)} – ${clock(slot.end, own)}`}</Txt>
          <Txt as="small" color="soft">
            {`${duration(slot.start, slot.end)} · ${city(own)} time`}
          </Txt>
          {there !== own && (
            <Txt as="small" color="soft">
              {`${otherDay ? `${otherDay}, ` : ''}${clock(slot.start, there)} in ${city(there)}`}
            </Txt>
          )}
        </View>
      </View>
    </View>
  );
}

/** As high as the summary that will be there, with an expert in another zone. */
export function SummarySkeleton() {
  const { colors, raised } = useTheme();
  return (
    <View style={[styles.card, raised, { backgroundColor: colors.surface, borderColor: colors.line }]}>
      <View style={styles.row}>
        <Bar width={48} height={48} />
        <View style={styles.grow}>
          <Line as="heading" width="60%" />
          <Line as="small" width="30%" />
        </View>
      </View>
      <View style={[styles.row, styles.when, { borderColor: colors.line }]}>
        <Bar width={52} height={67} />
        <View style={styles.grow}>
          <Line as="strong" width="60%" />
          <Line as="time" width="40%" />
          <Line as="small" width="50%" />
          <Line as="small" width="45%" />
        </View>
      </View>
    </View>
  );
}

const styles = StyleSheet.create({
  card: { borderRadius: radius.lg, borderWidth: 1, padding: space.md, gap: space.md },
  row: { flexDirection: 'row', gap: 12, alignItems: 'center' },
  when: { borderTopWidth: 1, paddingTop: space.md, gap: space.md },
  grow: { flex: 1, minWidth: 0, gap: 1 },
});
