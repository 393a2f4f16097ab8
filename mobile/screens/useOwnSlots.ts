import { useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';

import { readBooking } from '../api/bookings';
import type { Slot } from '../api/client';
import { useSession } from '../api/session';
import { stands } from './useOwnBooking';

/** Which of the slots that are taken are one's own, by what the server says of what was booked on this device. */
export function useOwnSlots(slots: ReadonlyMap<string, Slot>): ReadonlySet<string> {
  const made = Object.entries(useSession().slots).filter(([slotId]) => slots.get(slotId)?.state === 'booked');
  const read = useQueries({
    queries: made.map(([, id]) => ({ queryKey: ['bookings', 'own', id], queryFn: () => readBooking(id) })),
  });
  const own = read.flatMap(({ data }, at) => (data && stands(data, made[at]?.[0] ?? '') ? data.slot.id : [])).join(' ');
  return useMemo(() => new Set(own.split(' ')), [own]);
}
