import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { readBooking } from '../api/bookings';
import type { Booking } from '../api/client';
import { Problem } from '../api/problem';
import { currentSession } from '../api/session';
import { isActive } from './useMyBookings';

export interface OwnBooking {
  /** The slot is one's own already: made here before the page was loaded anew, or come back to. */
  booking: Booking | null;
  loading: boolean;
  /** It cannot be told whether it is. */
  error: unknown;
  retry: () => void;
  /** Goes on to the form all the same: a slot may have more seats. */
  ignore: () => void;
}

/** What this device has booked in a slot, as it was when the screen was opened: what is booked there is not found anew. */
export function useOwnBooking(slotId: string): OwnBooking {
  const [at, setAt] = useState(() => look(slotId));
  // The same screen goes on to another slot.
  if (at.slotId !== slotId) setAt(look(slotId));
  const { id } = at;
  const { data, error, isLoading, refetch } = useQuery({
    queryKey: ['bookings', 'own', id],
    queryFn: () => readBooking(id ?? ''),
    enabled: id !== null,
  });
  const refused = error instanceof Problem && error.status < 500;
  return {
    booking: id !== null && data && stands(data, slotId) ? data : null,
    loading: id !== null && isLoading,
    error: id !== null && data === undefined && !refused ? error : null,
    retry: () => void refetch(),
    ignore: () => setAt({ slotId, id: null }),
  };
}

/** Cancelled, or moved elsewhere: then the slot is as any other. */
export function stands(booking: Booking, slotId: string): boolean {
  return booking.slot.id === slotId && isActive(booking.status);
}

function look(slotId: string): { slotId: string; id: string | null } {
  return { slotId, id: currentSession().slots[slotId] ?? null };
}
