import { useQueries, useQuery } from '@tanstack/react-query';
import { useIsFocused } from '@react-navigation/native';
import { useEffect, useMemo } from 'react';

import { asksForProof, bookingsOf, readBooking } from '../api/bookings';
import type { Booking } from '../api/client';
import { askForProof, useSession } from '../api/session';
import { queries } from '../api/queries';
import { live } from '../live';

/** A status that somebody sets (Confirmed) changes no slot, so no feed tells it: asked for this often while one looks. */
const EVERY = 10_000;
/** A socket may watch fifty experts; the nearest bookings matter most. */
const MOST_WATCHED = 20;

export interface MyBookings {
  bookings: Booking[];
  loading: boolean;
  error: unknown;
  /** The email has to be proved before its bookings show; those made on this device show all the same. */
  needsProof: boolean;
  /** When the oldest of what is shown was fetched; 0 for never. */
  updatedAt: number;
  refetch: () => void;
}

/** The bookings of the email, and those made on this device, whichever the server lets us see. */
export function useMyBookings(): MyBookings {
  const { email, token, asks, bookings: own } = useSession();
  const needsProof = email !== null && asks && token === null;
  const refetchInterval = useIsFocused() ? EVERY : (false as const);
  const list = useQuery({
    queryKey: ['bookings', email, token !== null],
    queryFn: () => bookingsOf(email ?? '', token),
    enabled: email !== null && !needsProof,
    refetchInterval,
  });
  const listed = needsProof ? [] : (list.data ?? []);
  const missing = Object.entries(own).filter(([id]) => !listed.some((booking) => booking.id === id));
  const singles = useQueries({
    queries: (email === null || !list.isLoading ? missing : []).map(([id]) => ({
      queryKey: ['bookings', 'own', id],
      queryFn: () => readBooking(id),
      refetchInterval,
    })),
  });
  const refused = asksForProof(list.error);
  useEffect(() => {
    if (refused) void askForProof();
  }, [refused]);

  const found = singles.flatMap(({ data }) => (data ? [data] : []));
  const bookings = [...listed, ...found].sort((one, other) => Date.parse(one.slot.start) - Date.parse(other.slot.start));
  useWatched(bookings);
  const times = [list.data && !needsProof ? list.dataUpdatedAt : 0, ...singles.map((single) => single.dataUpdatedAt)].filter(Boolean);
  const failed = singles.find((single) => single.isError && !asksForProof(single.error));
  return {
    bookings,
    loading: list.isLoading || (refused && !needsProof) || (bookings.length === 0 && singles.some((single) => single.isLoading)),
    error: (needsProof || refused ? null : list.error) ?? failed?.error ?? null,
    needsProof,
    updatedAt: times.length ? Math.min(...times) : 0,
    refetch: () => void queries.refetchQueries({ queryKey: ['bookings'] }),
  };
}

/** A booking that is cancelled or moved elsewhere changes its slot: then it is asked for at once. */
function useWatched(bookings: Booking[]): void {
  const watched = useMemo(() => {
    const active = bookings.filter(({ status, slot }) => isActive(status) && Date.parse(slot.end) > Date.now());
    return active
      .slice(0, MOST_WATCHED)
      .map(({ expert, slot }) => `${expert.id} ${slot.id}`)
      .join('\n');
  }, [bookings]);
  useEffect(() => {
    const stops = watched.split('\n').flatMap((line) => {
      const [expertId, slotId] = line.split(' ');
      if (!expertId || !slotId) return [];
      const count = () => live.view(expertId).calendar.changes.get(slotId) ?? 0;
      let seen = count();
      const look = () => {
        if (count() === seen) return;
        seen = count();
        void queries.invalidateQueries({ queryKey: ['bookings'] });
      };
      return [live.watch(expertId, look)];
    });
    return () => stops.forEach((stop) => stop());
  }, [watched]);
}

export function isActive(status: Booking['status']): boolean {
  return status === 'pending' || status === 'confirmed';
}
