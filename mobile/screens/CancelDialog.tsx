import { useState } from 'react';

import { cancelBooking } from '../api/bookings';
import type { Booking } from '../api/client';
import { explain, hasCode } from '../api/problem';
import { clock, deviceZone, longDay } from '../time/format';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { Notice } from '../ui/Message';
import { Txt } from '../ui/Txt';

export function CancelDialog({ booking, onClose }: { booking: Booking; onClose: (cancelled: boolean) => void }) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const zone = deviceZone();
  const cancel = async () => {
    setBusy(true);
    setFailure(null);
    try {
      await cancelBooking(booking.id);
      onClose(true);
    } catch (error) {
      // Somebody has ended it elsewhere: what the list shows by now says how.
      if (hasCode(error, 'invalid-transition')) return onClose(true);
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      onClose={() => onClose(false)}
      title="Cancel this session?"
      actions={
        <>
          <Button label="Keep it" kind="secondary" onPress={() => onClose(false)} />
          <Button label="Cancel the session" kind="danger" busy={busy} onPress={() => void cancel()} />
        </>
      }
    >
      <Txt color="soft">
        {`${booking.expert.name}, ${longDay(booking.slot.start, zone)}, ${clock(booking.slot.start, zone)}. The seat goes back to everybody at once, and you cannot be sure to get it again.`}
      </Txt>
      {failure !== null && <Notice icon="alert" tone="danger" text={explain(failure)} />}
    </Dialog>
  );
}
