import { useFocusEffect } from '@react-navigation/native';
import { useCallback, useMemo, useState } from 'react';

import type { Slot } from '../api/client';

/**
 * Slots worth showing: not those that were closed before one came. A rule of hours closes many at once, and of what was
 * never on offer nobody needs to know; one that closes while somebody looks stays, struck through, until the next visit.
 */
export function useShown(slots: ReadonlyMap<string, Slot>): (slot: Slot) => boolean {
  const [visit, setVisit] = useState(0);
  useFocusEffect(useCallback(() => setVisit((before) => before + 1), []));
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const seen = useMemo(() => new Set<string>(), [visit]);
  return useMemo(() => {
    for (const slot of slots.values()) if (slot.state !== 'closed') seen.add(slot.id);
    return (slot) => seen.has(slot.id);
  }, [slots, seen]);
}
