import { useRef, useState } from 'react';
import { Animated, StyleSheet, View } from 'react-native';

import { addToCalendar } from '../api/calendarFile';
import type { Booking } from '../api/client';
import { explain } from '../api/problem';
import { radius, space, TOUCH, useTheme } from '../theme';
import { city, clock, dayName, deviceZone, duration, longDay } from '../time/format';
import { Arrival } from '../ui/Arrival';
import { Avatar } from '../ui/Avatar';
import { Button } from '../ui/Button';
import { DateLeaf } from '../ui/DateLeaf';
import { ContactLink } from '../ui/Link';
import { Notice } from '../ui/Message';
import { useFlash } from '../ui/motion';
import { Bar, Line } from '../ui/Skeleton';
import { StatusBadge, TO_CONFIRM } from '../ui/StatusBadge';
import { Txt } from '../ui/Txt';
import { isActive } from './useMyBookings';

interface Props {
  booking: Booking;
  now: number;
  onCancel: (booking: Booking) => void;
  onMove: (booking: Booking) => void;
  /** It has just come here by what the person did: the focus goes to it. */
  arrives: boolean;
}

export function BookingCard({ booking, now, onCancel, onMove, arrives }: Props) {
  const { colors, raised, width } = useTheme();
  const flash = useFlash(useCount(`${booking.status} ${booking.slot.id}`));
  const [failure, setFailure] = useState<unknown>(null);
  const { expert, slot, status } = booking;
  const zone = deviceZone();
  const coming = isActive(status) && Date.parse(slot.start) > now;
  const name = expert.name || 'An expert who has left';
  const Heading = arrives ? Arrival : Txt;
  // Without icons all three of them have room beside each other.
  const narrow = width < 380;
  return (
    <View
      testID={`booking-${booking.id}`}
      role="article"
      aria-label={`${name}, ${longDay(slot.start, zone)}, ${clock(slot.start, zone)}, ${status}`}
      style={[styles.card, raised, { backgroundColor: colors.surface, borderColor: colors.line }]}
    >
      <Animated.View style={[StyleSheet.absoluteFill, { backgroundColor: colors.flash, opacity: flash.interpolate({ inputRange: [0, 1], outputRange: [0, 0.6] }) }]} />
      <View style={styles.top}>
        <DateLeaf at={slot.start} zone={zone} quiet={!coming} />
        <View style={styles.what}>
          <Heading as="heading" level={3} color={coming ? 'ink' : 'soft'} style={status === 'cancelled' && styles.struck}>
            {`${dayName(slot.start, zone, now)}, ${clock(slot.start, zone)}`}
          </Heading>
          <Txt as="small" color="soft">
            {`${duration(slot.start, slot.end)} · ${city(zone)} time`}
          </Txt>
          <View style={styles.status}>
            <StatusBadge status={status} />
          </View>
          {coming && status === 'pending' && (
            <Txt as="small" color="soft">
              {TO_CONFIRM}
            </Txt>
          )}
        </View>
      </View>
      <View style={[styles.who, { borderColor: colors.line }]}>
        <Avatar id={expert.id} name={name} size={40} />
        <View style={styles.grow}>
          <Txt as="strong" numberOfLines={1}>
            {name}
          </Txt>
          <Txt as="small" color="soft">
            {expert.category}
          </Txt>
        </View>
      </View>
      {(expert.email !== '' || expert.phone !== '') && (
        <View style={styles.contact}>
          {expert.email !== '' && <ContactLink icon="mail" href={`mailto:${expert.email}`} text={expert.email} label={`Write to ${name}: ${expert.email}`} />}
          {expert.phone !== '' && <ContactLink icon="phone" href={`tel:${expert.phone}`} text={expert.phone} label={`Call ${name}: ${expert.phone}`} />}
        </View>
      )}
      {booking.notes !== '' && (
        <Txt as="small" color="soft">
          {`“${booking.notes}”`}
        </Txt>
      )}
      {failure !== null && <Notice icon="alert" tone="danger" text={explain(failure)} />}
      {coming && (
        <View style={styles.actions}>
          <Button label="Move" hint={`Move the session with ${name}`} icon={narrow ? undefined : 'calendarMove'} kind="secondary" onPress={() => onMove(booking)} style={styles.action} />
          <Button
            label="Calendar"
            hint="Add to calendar"
            icon={narrow ? undefined : 'calendarAdd'}
            kind="secondary"
            onPress={() => void addToCalendar(booking.id).then(() => setFailure(null), setFailure)}
            style={styles.action}
          />
          <Button label="Cancel" hint={`Cancel the session with ${name}`} icon={narrow ? undefined : 'close'} kind="danger" onPress={() => onCancel(booking)} style={styles.action} />
        </View>
      )}
    </View>
  );
}

/** As high as the card of a booking that is to come. */
export function BookingCardSkeleton() {
  const { colors, raised } = useTheme();
  return (
    <View style={[styles.card, raised, { backgroundColor: colors.surface, borderColor: colors.line }]}>
      <View style={styles.top}>
        <Bar width={52} height={67} />
        <View style={styles.what}>
          <Line as="heading" width="60%" />
          <Line as="small" width="45%" />
          <View style={styles.status}>
            <Bar width={96} height={26} />
          </View>
          <Line as="small" width="70%" />
        </View>
      </View>
      <View style={[styles.who, { borderColor: colors.line }]}>
        <Bar width={40} height={40} />
        <View style={styles.grow}>
          <Line as="strong" width="50%" />
          <Line as="small" width="30%" />
        </View>
      </View>
      <View style={styles.contact}>
        {[220, 120].map((width) => (
          <View key={width} style={styles.link}>
            <Line as="label" width={width} />
          </View>
        ))}
      </View>
      <Bar width="100%" height={TOUCH + 2} />
    </View>
  );
}

/** Goes up whenever `what` becomes another. */
function useCount(what: string): number {
  const seen = useRef({ what, count: 0 });
  if (seen.current.what !== what) seen.current = { what, count: seen.current.count + 1 };
  return seen.current.count;
}

const styles = StyleSheet.create({
  card: { borderRadius: radius.lg, borderWidth: 1, padding: space.md, gap: space.md, overflow: 'hidden' },
  top: { flexDirection: 'row', gap: space.md },
  what: { flex: 1, gap: 2 },
  status: { paddingTop: 6 },
  struck: { textDecorationLine: 'line-through' },
  who: { flexDirection: 'row', gap: 12, alignItems: 'center', borderTopWidth: 1, paddingTop: space.md },
  grow: { flex: 1, minWidth: 0 },
  contact: { flexDirection: 'row', flexWrap: 'wrap', columnGap: space.lg, rowGap: 2, marginTop: -space.sm },
  link: { height: TOUCH - 4, justifyContent: 'center' },
  actions: { flexDirection: 'row', flexWrap: 'wrap', gap: space.sm },
  action: { flexGrow: 1, paddingHorizontal: 10 },
});
