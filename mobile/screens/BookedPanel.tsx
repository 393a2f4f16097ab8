import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Animated, StyleSheet, View } from 'react-native';

import { followClaim, readBooking, type Booked } from '../api/bookings';
import { addToCalendar } from '../api/calendarFile';
import { explain } from '../api/problem';
import { radius, space, useTheme } from '../theme';
import { city, clock, deviceZone, duration, longDay } from '../time/format';
import { Arrival } from '../ui/Arrival';
import { Button } from '../ui/Button';
import { DateLeaf } from '../ui/DateLeaf';
import { Icon } from '../ui/Icon';
import { Notice } from '../ui/Message';
import { useEntrance } from '../ui/motion';
import { StatusBadge, TO_CONFIRM } from '../ui/StatusBadge';
import { Txt } from '../ui/Txt';

interface Props {
  booked: Booked;
  onBack: () => void;
  onBookings: () => void;
  /** The slot has more seats than one. */
  onAnother?: (() => void) | undefined;
}

/** Milliseconds for which a claim that is not durable yet is asked about; it seldom takes more than a few seconds. */
const PATIENCE = 30_000;

/** It is done: what, when, and where to find it again. */
export function BookedPanel({ booked, onBack, onBookings, onAnother }: Props) {
  const { colors, raised } = useTheme();
  const entrance = useEntrance(420);
  const [failure, setFailure] = useState<unknown>(null);
  const zone = deviceZone();
  const [waited, setWaited] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setWaited(true), PATIENCE);
    return () => clearTimeout(timer);
  }, []);
  const { id } = booked.booking;
  const [durable, setDurable] = useState(booked.durable);
  // Asked for again when one of one's bookings changes; until it is certain how a claim has ended, its status URL is.
  const { data: booking } = useQuery({
    queryKey: ['bookings', 'own', id],
    queryFn: async () => {
      if (durable) return readBooking(id);
      const claim = await followClaim(id);
      setDurable(claim.durable);
      return claim.booking;
    },
    initialData: booked.booking,
    staleTime: Infinity,
    refetchInterval: durable || waited ? false : 3_000,
  });
  const { expert, slot, status } = booking;
  const undone = status === 'cancelled';
  // By the server itself: what was claimed could not be stored.
  const failed = undone && booking.history.at(-1)?.by === 'system';
  const scale = entrance.interpolate({ inputRange: [0, 0.7, 1], outputRange: [0.6, 1.08, 1] });

  return (
    <Animated.View style={[styles.panel, { opacity: entrance }]} testID="booked" aria-live="polite">
      <Animated.View style={[styles.disc, { backgroundColor: undone ? colors.danger : colors.accent, transform: [{ scale }] }]}>
        <Icon name={undone ? 'close' : 'check'} size={36} color="onAccent" />
      </Animated.View>
      <Arrival as="hero" center level={1}>
        {!undone ? 'It’s yours' : failed ? 'It did not work out' : 'Cancelled'}
      </Arrival>
      <Txt color="soft" center style={styles.text}>
        {undone
          ? failed
            ? 'The booking could not be stored, and the seat was given back. Please choose again.'
            : 'This booking was cancelled, and the seat was given back.'
          : `${status === 'pending' ? 'Nobody else can take it now.' : `${expert.name} expects you.`} You find this booking, and the expert’s contact, in My bookings.`}
      </Txt>
      {!durable && !undone && (
        <Notice
          icon="clock"
          tone="accent"
          text={
            waited
              ? 'Your seat is claimed. It is not certain yet that it is stored; My bookings shows how it goes on.'
              : 'Your seat is claimed. Storing it takes a little longer than usual.'
          }
        />
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
          {status === 'pending' && (
            <Txt as="small" color="soft">
              {TO_CONFIRM}
            </Txt>
          )}
        </View>
      </View>
      {failure !== null && <Notice icon="alert" tone="danger" text={explain(failure)} />}
      <View style={styles.actions}>
        {!undone && (
          <Button label="Add to calendar" icon="calendarAdd" onPress={() => void addToCalendar(booking.id).catch(setFailure)} />
        )}
        <Button label="My bookings" kind="secondary" icon="bookings" hint="See it in My bookings" onPress={onBookings} />
        {onAnother && <Button label="Book another seat" kind="quiet" onPress={onAnother} />}
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
