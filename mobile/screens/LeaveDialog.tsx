import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { Txt } from '../ui/Txt';

interface Props {
  /** Bookings that were made on this device. */
  count: number;
  onKeep: () => void;
  onForget: () => void;
  onClose: () => void;
}

/** Before another email is asked for: what was booked here may have no other key, if its email was mistyped. */
export function LeaveDialog({ count, onKeep, onForget, onClose }: Props) {
  const one = count === 1;
  return (
    <Dialog
      open
      onClose={onClose}
      title="Use another email?"
      actions={
        <>
          <Button label={one ? 'Forget it' : 'Forget them'} kind="danger" onPress={onForget} />
          <Button label={one ? 'Keep it' : 'Keep them'} onPress={onKeep} />
        </>
      }
    >
      <Txt color="soft">
        {one
          ? 'A booking was made here. Keep it in this app, or forget it, if others use this device: then only a code sent to its email opens it again.'
          : `${count} bookings were made here. Keep them in this app, or forget them, if others use this device: then only a code sent to their email opens them again.`}
      </Txt>
    </Dialog>
  );
}
