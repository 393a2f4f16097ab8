import { useEffect, useMemo, useState } from 'react';
import { StyleSheet, View } from 'react-native';

import { moveBooking } from '../api/bookings';
import type { Booking, Slot } from '../api/client';
import { serverNow } from '../api/clock';
import { useExpert } from '../api/experts';
import { explain, hasCode, isUncertain } from '../api/problem';
import { useLive } from '../live';
import { byDay } from '../live/days';
import { stateAt } from '../live/slots';
import { space } from '../theme';
import { clock, dayName, dayWithin, deviceZone, longDay } from '../time/format';
import { useNow } from '../time/useNow';
import { Arrival } from '../ui/Arrival';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { LiveChip } from '../ui/LiveChip';
import { ErrorMessage, Notice } from '../ui/Message';
import { Bar } from '../ui/Skeleton';
import { SlotPill } from '../ui/SlotPill';
import { Txt } from '../ui/Txt';
import { isActive } from './useMyBookings';

/** Days shown at first, and with each *More days*. */
const DAYS = 7;

const FASTER = 'Somebody was faster. Your booking stays where it was; choose another slot.';
const UNCERTAIN = 'No certain answer came. If it has moved, this closes as soon as the server can be asked.';

/** Another slot of the same expert: the old seat goes and the new one comes in one step, or nothing happens. */
export function MoveDialog({ booking, onClose }: { booking: Booking; onClose: () => void }) {
  const { expert, slot } = booking;
  const query = useExpert(expert.id);
  const { calendar, status } = useLive(expert.id);
  const now = useNow(10_000);
  const zone = deviceZone();
  const [most, setMost] = useState(DAYS);
  /** The first of the days that were asked for. */
  const [arrived, setArrived] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  const days = useMemo(() => {
    const at = serverNow();
    return byDay([...calendar.slots.values()].filter((other) => other.id !== slot.id && stateAt(other, at) === 'open'), zone, at);
  }, [calendar.slots, slot.id, zone]);
  const picked = chosen === null ? undefined : calendar.slots.get(chosen);
  const open = picked !== undefined && stateAt(picked, now) === 'open';

  const move = async (to: Slot) => {
    setBusy(true);
    setFailure(null);
    try {
      await moveBooking(booking.id, to.id);
      onClose();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  const more = () => {
    setArrived(days[most]?.key ?? null);
    setMost(most + DAYS);
  };
  // No answer came, and by what the list says it has moved all the same.
  const uncertain = isUncertain(failure);
  const moved = uncertain && chosen === slot.id;
  useEffect(() => {
    if (moved) onClose();
  }, [moved, onClose]);
  const over = !isActive(booking.status);
  const faster = hasCode(failure, 'slot-taken', 'slot-held', 'slot-closed', 'slot-past');
  return (
    <Dialog
      open
      onClose={onClose}
      title="Move to another slot"
      actions={
        <>
          <Button label="Leave it" kind="secondary" onPress={onClose} />
          <Button
            label={picked && open ? `Move to ${dayWithin(picked.start, zone, now)}, ${clock(picked.start, zone)}` : 'Choose a slot'}
            busy={busy}
            disabled={!open || over}
            onPress={() => picked && void move(picked)}
            testID="move"
          />
        </>
      }
    >
      <View style={styles.head}>
        <Txt color="soft" style={styles.grow}>
          {`Now: ${longDay(slot.start, zone)}, ${clock(slot.start, zone)}`}
        </Txt>
        <LiveChip status={status} />
      </View>
      {over && <Notice icon="alert" tone="danger" text="This session has come to an end elsewhere: it cannot be moved any more." />}
      {picked && !open && !busy && !uncertain && !over && (
        <Notice icon="calendarNone" text="Somebody has just taken the slot you chose. Choose another." />
      )}
      {failure !== null && !over && (
        <Notice icon={uncertain ? 'offline' : 'alert'} tone="danger" text={uncertain ? UNCERTAIN : faster ? FASTER : explain(failure)} />
      )}
      {query.isError && calendar.epoch === '' ? (
        <ErrorMessage error={query.error} onRetry={() => void query.refetch()} />
      ) : calendar.epoch === '' ? (
        <Bar width="100%" height={120} />
      ) : days.length === 0 ? (
        <Txt color="soft">No other slot is open just now. New ones appear here by themselves.</Txt>
      ) : (
        days.slice(0, most).map((day) => (
          <View key={day.key} style={styles.day}>
            {day.key === arrived ? (
              <Arrival as="label" level={3}>{dayName(day.at, zone, now)}</Arrival>
            ) : (
              <Txt as="label" level={3}>{dayName(day.at, zone, now)}</Txt>
            )}
            <View style={styles.slots} role="radiogroup" aria-label={longDay(day.at, zone)}>
              {day.slots.map((other) => (
                <SlotPill
                  key={other.id}
                  slot={other}
                  state="open"
                  zone={zone}
                  changes={0}
                  chosen={other.id === chosen}
                  onPick={(of) => setChosen(of.id)}
                />
              ))}
            </View>
          </View>
        ))
      )}
      {days.length > most && <Button label="More days" kind="quiet" onPress={more} />}
    </Dialog>
  );
}

const styles = StyleSheet.create({
  head: { flexDirection: 'row', alignItems: 'center', gap: space.sm },
  grow: { flex: 1 },
  day: { gap: space.sm },
  slots: { flexDirection: 'row', flexWrap: 'wrap', gap: space.sm },
});
