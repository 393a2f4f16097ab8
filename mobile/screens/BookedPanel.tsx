import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Animated, StyleSheet, View } from 'react-native';

import { readBooking, type Booked } from '../api/bookings';
import { addToCalendar } from '../api/calendarFile';
import { explain } from '../api/problem';
import { radius, space, useTheme } from '../theme';
import { city, clock, deviceZone, duration, longDay } from '../time/format';
import { Button } from '../ui/Button';
import { DateLeaf } from '../ui/DateLeaf';
import { Icon } from '../ui/Icon';
import { Notice } from '../ui/Message';
import { useEntrance } from '../ui/motion';
import { StatusBadge } from '../ui/StatusBadge';
import { Txt } from '../ui/Txt';

interface Props {
  booked: Booked;
  onBack: () => void;
  onBookings: () => void;
}

/** It is done: what, when, and where to find it again. */
export function BookedPanel({ booked, onBack, onBookings }: Props) {
  const { colors, raised } = useTheme();
  const entrance = useEntrance(420);
  const [failure, setFailure] = useState<unknown>(null);
  const zone = deviceZone();
  // Claimed but not durable yet: the status URL tells how it ended.
  const { data } = useQuery({
    queryKey: ['claim', booked.booking.id],
    queryFn: () => readBooking(booked.booking.id),
    enabled: !booked.durable,
    refetchInterval: 3_000,
  });
  const booking = data ?? booked.booking;
  const { expert, slot, status } = booking;
  const undone = status === 'cancelled';
  const scale = entrance.interpolate({ inputRange: [0, 0.7, 1], outputRange: [0.6, 1.08, 1] });

  return (
    <Animated.View style={[styles.panel, { opacity: entrance }]} testID="booked" aria-live="polite">
      <Animated.View style={[styles.disc, { backgroundColor: undone ? colors.danger : colors.accent, transform: [{ scale }] }]}>
        <Icon name={undone ? 'close' : 'check'} size={36} color="onAccent" />
      </Animated.View>
      <Txt as="hero" center level={1}>
        {undone ? 'It did not work out' : 'It’s yours'}
      </Txt>
      <Txt color="soft" center style={styles.text}>
        {undone
          ? 'The booking could not be stored, and the seat was given back. Please choose again.'
          : `${expert.name} expects you. You find this booking, and the expert’s contact, in My bookings.`}
      </Txt>
      {!booked.durable && !undone && (
        <Notice icon="clock" tone="accent" text="Your seat is claimed. Storing it takes a little longer than usual." />
      )}
      <View style={[styles.ticket, raised, { backgroundColor: colors.surface, borderColor: colors.line }]}>
        <DateLeaf at={slot.start} zone={zone} />
        <View style={styles.grow}>
          <Txt as="heading">{expert.name}</Txt>
          <Txt as="small" color="soft">
            {longDay(slot.start, zone)}
          </Txt>
          <Txt as="time">{`${clock(slot.start, zone)} – ${clock(slot.end, zone)}`}</Txt>
          <Txt as="small" color="soft">{`${duration(slot.start, slot.end)} · ${city(zone)} time`}</Txt>
          <View style={styles.status}>
            <StatusBadge status={status} />
          </View>
        </View>
      </View>
      {failure !== null && <Notice icon="alert" tone="danger" text={explain(failure)} />}
      <View style={styles.actions}>
        {!undone && (
          <Button label="Add to calendar" icon="calendarAdd" onPress={() => void addToCalendar(booking.id).catch(setFailure)} />
        )}
        <Button label="My bookings" kind="secondary" icon="bookings" hint="See it in My bookings" onPress={onBookings} />
        <Button label={`Back to ${expert.name}`} kind="quiet" onPress={onBack} />
      </View>
    </Animated.View>
  );
}

const styles = StyleSheet.create({
  panel: { alignItems: 'center', gap: space.md, paddingTop: space.lg, alignSelf: 'center', width: '100%', maxWidth: 460 },
  disc: { width: 76, height: 76, borderRadius: 26, alignItems: 'center', justifyContent: 'center' },
  text: { maxWidth: 380 },
  ticket: { flexDirection: 'row', gap: space.md, borderRadius: radius.lg, borderWidth: 1, padding: space.md, alignSelf: 'stretch' },
  grow: { flex: 1, gap: 2 },
  status: { paddingTop: 6 },
  actions: { alignSelf: 'stretch', gap: space.sm },
});
