import type { BottomTabScreenProps } from '@react-navigation/bottom-tabs';
import { useCallback, useState } from 'react';
import { RefreshControl, ScrollView, StyleSheet, View } from 'react-native';

import type { Booking } from '../api/client';
import { allUnsettled } from '../api/orders';
import { whyOld } from '../api/problem';
import { useSession } from '../api/session';
import type { Tabs } from '../navigation/routes';
import { space, useTheme } from '../theme';
import { ago } from '../time/format';
import { useNow } from '../time/useNow';
import { Button } from '../ui/Button';
import { ErrorMessage, Message, Notice } from '../ui/Message';
import { Page, useGutter } from '../ui/Page';
import { Line } from '../ui/Skeleton';
import { Txt } from '../ui/Txt';
import { BookingCard, BookingCardSkeleton } from './BookingCard';
import { CancelDialog } from './CancelDialog';
import { EmailCard } from './EmailCard';
import { MoveDialog } from './MoveDialog';
import { isActive, useMyBookings } from './useMyBookings';

/** Past and cancelled ones shown at first. */
const EARLIER = 5;

export function BookingsScreen({ navigation }: BottomTabScreenProps<Tabs, 'Bookings'>) {
  const { colors, wide } = useTheme();
  const gutter = useGutter();
  const now = useNow(10_000);
  const { email } = useSession();
  const { bookings, loading, error, needsProof, updatedAt, refetch } = useMyBookings();
  // Only which: how it stands may change while the dialog is open.
  const [cancelling, setCancelling] = useState<string | null>(null);
  const [moving, setMoving] = useState<string | null>(null);
  const toCancel = bookings.find(({ id, status }) => id === cancelling && isActive(status));
  const toMove = bookings.find(({ id }) => id === moving);
  const leaveMove = useCallback(() => setMoving(null), []);
  const [all, setAll] = useState(false);
  // Which one was cancelled here, or is the first of those that were asked for: it appears where it was not before.
  const [arrived, setArrived] = useState<string | null>(null);

  const coming = bookings.filter(({ status, slot }) => isActive(status) && Date.parse(slot.end) > now);
  const earlier = bookings.filter((booking) => !coming.includes(booking)).reverse();
  const showAll = () => {
    setArrived(earlier[EARLIER]?.id ?? null);
    setAll(true);
  };
  const leaveCancel = (cancelled: boolean) => {
    if (cancelled) setArrived(cancelling);
    setCancelling(null);
  };
  const section = (title: string, of: Booking[]) =>
    of.length > 0 && (
      <View style={styles.section}>
        <Txt as="heading" level={2}>
          {title}
        </Txt>
        {of.map((booking) => (
          <BookingCard
            key={booking.id}
            booking={booking}
            now={now}
            onCancel={({ id }) => setCancelling(id)}
            onMove={({ id }) => setMoving(id)}
            // Not while it is still where it was.
            arrives={booking.id === arrived && !coming.includes(booking)}
          />
        ))}
      </View>
    );

  return (
    <Page>
      <ScrollView
        contentContainerStyle={[styles.content, { paddingHorizontal: gutter }]}
        keyboardShouldPersistTaps="handled"
        refreshControl={<RefreshControl refreshing={false} onRefresh={refetch} tintColor={colors.accent} />}
      >
        <View style={[styles.parts, wide && styles.beside]}>
          <View style={[styles.lead, wide && styles.aside]}>
            <Txt as="hero" level={1}>
              My bookings
            </Txt>
            <EmailCard needsProof={needsProof} />
          </View>
          <View style={wide && styles.main}>
            {allUnsettled().map(({ expertId, slotId }) => (
              <Notice
                key={slotId}
                icon="offline"
                text="No answer has come to something you sent. It may be booked, although it is not here."
                action="Look at it"
                onAction={() => navigation.navigate('Browse', { screen: 'Book', params: { id: expertId, slotId } })}
              />
            ))}
            {error !== null && bookings.length > 0 && (
              <Notice icon="offline" text={`${whyOld(error)} This is from ${ago(updatedAt, Date.now())}.`} action="Try again" onAction={refetch} />
            )}
            {loading && bookings.length === 0 ? (
              <View role="status" aria-label="Loading your bookings" style={styles.section}>
                <Line as="heading" width={120} />
                <BookingCardSkeleton />
                <BookingCardSkeleton />
              </View>
            ) : error !== null && bookings.length === 0 ? (
              <ErrorMessage error={error} onRetry={refetch} />
            ) : bookings.length === 0 && email !== null && !needsProof ? (
              <Message
                icon="bookings"
                title="Nothing booked yet"
                text="There is no booking with this email."
                action="Find an expert"
                onAction={() => navigation.navigate('Browse', { screen: 'Experts' })}
              />
            ) : bookings.length === 0 && wide ? (
              // Beside the form there would be nothing; on a phone it is not seen, or in the way.
              <Message icon="bookings" title="Your bookings show here" text="As soon as it is known whose they are." />
            ) : (
              <View style={styles.sections}>
                {section('Coming up', coming)}
                {section('Earlier', all ? earlier : earlier.slice(0, EARLIER))}
                {!all && earlier.length > EARLIER && (
                  <Button label={`Show ${earlier.length - EARLIER} more`} kind="quiet" onPress={showAll} />
                )}
              </View>
            )}
          </View>
        </View>
      </ScrollView>
      {toCancel && <CancelDialog booking={toCancel} onClose={leaveCancel} />}
      {toMove && <MoveDialog booking={toMove} onClose={leaveMove} />}
    </Page>
  );
}

const styles = StyleSheet.create({
  content: { paddingTop: space.lg, paddingBottom: space.xxl },
  parts: { gap: space.lg },
  beside: { flexDirection: 'row', alignItems: 'flex-start', gap: space.xxl, paddingTop: space.lg },
  lead: { gap: space.md },
  aside: { width: 360 },
  main: { flex: 1, gap: space.md },
  sections: { gap: space.xl },
  section: { gap: space.md },
});
