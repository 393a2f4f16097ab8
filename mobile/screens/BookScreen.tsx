import type { NativeStackScreenProps } from '@react-navigation/native-stack';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { KeyboardAvoidingView, Platform, ScrollView, StyleSheet, useWindowDimensions, View } from 'react-native';

import type { Booked } from '../api/bookings';
import type { Slot } from '../api/client';
import { useExpert } from '../api/experts';
import { hasCode, type Problem } from '../api/problem';
import { useSession } from '../api/session';
import { useLive } from '../live';
import { stateAt } from '../live/slots';
import type { BrowseRoutes } from '../navigation/routes';
import { space, useTheme } from '../theme';
import { useNow } from '../time/useNow';
import { ErrorMessage, Message, Notice } from '../ui/Message';
import { BackBar, Page, useGutter } from '../ui/Page';
import { Bar, Line } from '../ui/Skeleton';
import { BookedPanel } from './BookedPanel';
import { BookForm, pendingOf } from './BookForm';
import { FIELDS } from './customer';
import { BAR, HoldBar } from './HoldBar';
import { LostPanel, type Loss } from './LostPanel';
import { SlotSummary, SummarySkeleton } from './SlotSummary';
import { useHold, type HoldState } from './useHold';
import { useOwnBooking } from './useOwnBooking';

type Props = NativeStackScreenProps<BrowseRoutes, 'Book'>;

export function BookScreen({ navigation, route }: Props) {
  const { id, slotId } = route.params;
  const query = useExpert(id);
  const { calendar } = useLive(id);
  const expert = query.data?.expert;
  const slot = calendar.slots.get(slotId);
  const gone = !expert && hasCode(query.error, 'expert-not-found');
  const back = () => (gone ? navigation.popTo('Experts') : navigation.popTo('Expert', { id }));
  const bookings = () => navigation.getParent()?.navigate('Bookings');
  const own = useOwnBooking(slotId);
  useEffect(() => {
    if (expert) navigation.setOptions({ title: `Book ${expert.name}` });
  }, [navigation, expert]);
  return (
    <Page>
      <BackBar label={expert?.name ?? (gone ? 'Experts' : 'Expert')} onBack={back} />
      {own.booking ? (
        <Scroll>
          <BookedPanel booked={{ booking: own.booking, durable: true }} onBack={back} onBookings={bookings} onAnother={slot && slot.seats > 1 ? own.ignore : undefined} />
        </Scroll>
      ) : own.error ? (
        <ErrorMessage alone error={own.error} onRetry={own.retry} />
      ) : expert && slot && !own.loading ? (
        <Booking
          // Another slot is another form; what was typed stays (draft).
          key={slotId}
          slot={slot}
          expertId={id}
          onOther={(other) => navigation.setParams({ slotId: other.id })}
          onBack={back}
          onBookings={bookings}
        />
      ) : gone ? (
        <Message alone icon="search" title="This expert is not here" text="The link may be old, or the expert has left." action="See all experts" onAction={back} />
      ) : query.isError ? (
        <ErrorMessage alone error={query.error} onRetry={() => void query.refetch()} />
      ) : expert && calendar.epoch !== '' && !own.loading ? (
        <Message alone icon="calendarNone" title="This slot is not on offer" text="It may be over, or the link is old." action="See the open slots" onAction={back} />
      ) : (
        <Loading />
      )}
    </Page>
  );
}

/** Lower ones have no room above their keyboard but for the form: pixels. */
const LOW = 500;

/** Whether the countdown stays in sight above the form; beside it, it is there anyway. */
function usePinned(): boolean {
  const { height } = useWindowDimensions();
  const { wide } = useTheme();
  return !wide && height > LOW;
}

function Loading() {
  const { wide } = useTheme();
  const pinned = usePinned();
  return (
    <Scroll above={pinned && <Bar width="100%" height={BAR} />}>
      <View role="status" aria-label="Loading the slot" style={[styles.parts, wide ? styles.beside : styles.column]}>
        <View style={[styles.stacked, wide && styles.aside]}>
          <SummarySkeleton />
          {!pinned && <Bar width="100%" height={BAR} />}
        </View>
        <View style={[styles.fields, wide && styles.main]}>
          <Line as="title" width={180} />
          {FIELDS.map((field) => (
            <Bar key={field} width="100%" height={48} />
          ))}
        </View>
      </View>
    </Scroll>
  );
}

interface BookingProps {
  slot: Slot;
  expertId: string;
  onOther: (slot: Slot) => void;
  onBack: () => void;
  onBookings: () => void;
}

function Booking({ slot, expertId, onOther, onBack, onBookings }: BookingProps) {
  const { wide } = useTheme();
  const pinned = usePinned();
  const { person } = useSession();
  const expert = useExpert(expertId).data?.expert;
  const { calendar } = useLive(expertId);
  const now = useNow(250); // by whole seconds, one that is a little late would leave a second out of the countdown
  const hold = useHold(expertId, slot.id);
  const [booked, setBooked] = useState<Booked | null>(null);
  const [pending, setPending] = useState(() => pendingOf(slot.id));
  const [refusal, setRefusal] = useState<Problem | null>(null);
  if (!expert) return null;

  const state = stateAt(slot, now);
  // What was sent may have had its effect: what the feed shows as taken may be our own.
  const loss = booked || pending !== 'no' ? null : lossOf(refusal, hold.state, state, now);
  const again = () => {
    setRefusal(null);
    void hold.take();
  };
  const finish = (done: Booked) => {
    hold.consumed();
    setBooked(done);
  };

  const held =
    booked || loss ? null : pending === 'unanswered' && hold.state.phase !== 'held' ? (
      <Notice icon="offline" text="No answer has come to what you sent from here, and this slot may be yours by now. Send it again, below." />
    ) : (
      <HoldBar state={hold.state} now={now} onRenew={hold.renew} onAgain={again} />
    );
  return (
    <Scroll about={booked ? 'booked' : loss ? 'lost' : 'form'} above={pinned && held}>
      {booked ? (
        <BookedPanel booked={booked} onBack={onBack} onBookings={onBookings} />
      ) : (
        <View style={[styles.parts, wide ? styles.beside : styles.column]}>
          <View style={[styles.stacked, wide && styles.aside]}>
            <SlotSummary expert={expert} slot={slot} />
            {!pinned && held}
          </View>
          <View style={wide && styles.main}>
            {loss ? (
              <LostPanel loss={loss} slot={slot} state={state} slots={calendar.slots} now={now} onAgain={again} onOther={onOther} onBack={onBack} />
            ) : (
              <BookForm key={person} expertId={expertId} slot={slot} hold={hold.state} findHold={hold.find} onBooked={finish} onLost={setRefusal} onPending={setPending} />
            )}
          </View>
        </View>
      )}
    </Scroll>
  );
}

interface ScrollProps {
  /** What is in it. Something else begins at its top, and not where one had got to in what was there before. */
  about?: string;
  /** Stays in sight. */
  above?: ReactNode;
  children: ReactNode;
}

function Scroll({ about, above, children }: ScrollProps) {
  const gutter = useGutter();
  const view = useRef<ScrollView>(null);
  useEffect(() => view.current?.scrollTo({ y: 0, animated: false }), [about]);
  return (
    <KeyboardAvoidingView style={styles.fill} behavior={Platform.OS === 'ios' ? 'padding' : undefined}>
      {above ? (
        <View style={[styles.above, { paddingHorizontal: gutter }]}>
          <View style={styles.column}>{above}</View>
        </View>
      ) : null}
      <ScrollView
        ref={view}
        style={styles.fill}
        contentContainerStyle={[styles.content, { paddingHorizontal: gutter }]}
        keyboardShouldPersistTaps="handled"
      >
        {children}
      </ScrollView>
    </KeyboardAvoidingView>
  );
}

/** Milliseconds within which an ended hold is gone from the feed. */
const SWEPT = 3_000;

/** Why this slot cannot be had, if that is known: from an answer, or from what the live feed shows. */
function lossOf(refusal: Problem | null, hold: HoldState, state: Slot['state'], now: number): Loss | null {
  if (refusal) return lossFrom(refusal, state);
  // What hours have closed is kept for who holds it; whether it was hours, the server says to what is sent.
  if (state === 'past' || (state === 'closed' && hold.phase !== 'held')) return state;
  if (hold.phase === 'refused') return lossFrom(hold.problem, state);
  // Our own hold that is over still shows as one, until the server has swept it away.
  if (hold.phase === 'ended' && state === 'held' && now > hold.at + SWEPT) return 'held';
  const unheld = hold.phase === 'ended' || hold.phase === 'none';
  return unheld && state === 'booked' ? 'taken' : null;
}

function lossFrom({ code }: Problem, state: Slot['state']): Loss {
  // Whoever held it may have booked it since.
  if (code === 'slot-held') return state === 'booked' ? 'taken' : 'held';
  if (code === 'slot-past') return 'past';
  if (code === 'slot-closed') return 'closed';
  return code === 'slot-taken' || code === 'hold-expired' ? 'taken' : 'gone';
}

const styles = StyleSheet.create({
  fill: { flex: 1 },
  fields: { gap: space.lg },
  content: { paddingTop: space.sm, paddingBottom: space.xxl },
  parts: { gap: space.lg },
  /** As wide as the form in it. */
  column: { width: '100%', maxWidth: 560, alignSelf: 'center' },
  beside: { flexDirection: 'row', alignItems: 'flex-start', gap: space.xxl },
  above: { paddingTop: space.sm, paddingBottom: space.xs },
  stacked: { gap: space.md },
  aside: { width: 360 },
  main: { flex: 1 },
});
