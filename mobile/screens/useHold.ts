import { useFocusEffect } from '@react-navigation/native';
import { useCallback, useEffect, useRef, useState } from 'react';

import { serverNow } from '../api/clock';
import { mayBeHeld, releaseHold, releaseOnExit, renewHold, takeHold, type Hold } from '../api/holds';
import { unsettled } from '../api/orders';
import { Problem } from '../api/problem';

export type HoldState =
  | { phase: 'taking' }
  | { phase: 'held'; token: string; expiresAt: number; lasts: number; renewable: boolean }
  /** Its time is over by our clock; the server's may say otherwise, so its token still goes with the order. */
  | { phase: 'ended'; at: number; token: string }
  /** The server says no, and why. */
  | { phase: 'refused'; problem: Problem }
  /** No answer: the form works without a hold, only nothing is kept meanwhile. */
  | { phase: 'none' };

/**
 * A seat kept while the form is on screen: taken when it comes into focus, given back when it goes, unless `consumed`.
 */
export function useHold(expertId: string, slotId: string) {
  const [state, setState] = useState<HoldState>(() => ({ phase: unsettled(slotId) ? 'none' : 'taking' }));
  const token = useRef<string | null>(null);
  const round = useRef(0);
  const used = useRef(false);
  /** Becomes the token of the hold that is being taken, or '' if there is none. */
  const taken = useRef(Promise.resolve(''));

  const show = useCallback((hold: Hold, before: number | null) => {
    token.current = hold.holdToken;
    const expiresAt = Date.parse(hold.expiresAt);
    // A renewal that gains nothing has reached the most that one may have.
    const renewable = before === null || expiresAt > before + 1_000;
    setState({ phase: 'held', token: hold.holdToken, expiresAt, lasts: Math.max(1, expiresAt - serverNow()), renewable });
  }, []);

  const ask = useCallback(async (): Promise<string> => {
    const mine = (round.current += 1);
    setState({ phase: 'taking' });
    try {
      const hold = await takeHold(expertId, slotId);
      if (mine === round.current) {
        show(hold, null);
        return hold.holdToken;
      }
      releaseHold(slotId, hold.holdToken);
    } catch (error) {
      if (mine !== round.current) return '';
      const refused = error instanceof Problem && error.status < 500 && error.status !== 429;
      setState(refused ? { phase: 'refused', problem: error } : { phase: 'none' });
    }
    return '';
  }, [expertId, slotId, show]);

  const take = useCallback(() => (taken.current = ask()), [ask]);

  /** For an order that has no token yet: a hold whose answer is still to come, or did not come, would keep it out. */
  const find = useCallback(async (): Promise<string> => {
    if (unsettled(slotId) !== null) return '';
    return (await taken.current) || (mayBeHeld(slotId) ? take() : '');
  }, [take, slotId]);

  const give = useCallback(() => {
    round.current += 1;
    taken.current = Promise.resolve('');
    if (token.current) releaseHold(slotId, token.current);
    token.current = null;
    setState((before) => (before.phase === 'held' ? { phase: 'none' } : before));
  }, [slotId]);

  useFocusEffect(
    useCallback(() => {
      // A booking that is there, or may be, has its seat: another one is not to be kept from others.
      if (!used.current && unsettled(slotId) === null) void take();
      return give;
    }, [take, give, slotId]),
  );
  // A page that the browser had put aside whole comes back with a hold that was given back.
  useEffect(() => releaseOnExit(() => token.current, () => void take()), [take]);

  const ends = state.phase === 'held' ? state.expiresAt : null;
  useEffect(() => {
    if (ends === null) return undefined;
    const end = () => {
      const over = token.current ?? '';
      token.current = null;
      setState({ phase: 'ended', at: serverNow(), token: over });
    };
    // The clock may be learnt better meanwhile, and timers sleep with the phone: look again, and again.
    const timer = setInterval(() => serverNow() >= ends && end(), 250);
    return () => clearInterval(timer);
  }, [ends]);

  const renew = useCallback(async (): Promise<boolean> => {
    const held = token.current;
    if (!held || ends === null) return true;
    try {
      const hold = await renewHold(held);
      if (held === token.current) show(hold, ends);
      return true;
    } catch (error) {
      if (error instanceof Problem && error.status === 404 && held === token.current) {
        token.current = null;
        setState({ phase: 'ended', at: serverNow(), token: held });
        return true;
      }
      return false;
    }
  }, [ends, show]);

  /** The booking has used it up. */
  const consumed = useCallback(() => {
    used.current = true;
    round.current += 1;
    token.current = null;
  }, []);

  return { state, take, find, renew, consumed };
}
