import { book, newKey, type Booked, type Order } from './bookings';
import { hasCode, isUncertain } from './problem';

/** What was sent for one slot, all of it under one key. */
interface Attempt {
  key: string;
  /** May have gone through although no certain answer came; the newest last. */
  sent: Order[];
}

/**
 * Slot → what is not known to have come to an end. It outlives the form: whoever comes back to the slot sends under the
 * same key, and so finds the booking that there may be. In memory only, for it holds a person's details.
 */
const attempts = new Map<string, Attempt>();

/** Answers by which the server says, having looked for the key, that none of it was booked. */
export const LOST = ['slot-taken', 'slot-held', 'slot-past', 'slot-closed', 'hold-expired', 'slot-not-found', 'expert-not-found'];

/** The newest order for a slot that may have gone through, although nobody knows. */
export function unsettled(slotId: string): Order | null {
  return attempts.get(slotId)?.sent.at(-1) ?? null;
}

/** The same of every slot. */
export function allUnsettled(): Order[] {
  return [...attempts.keys()].flatMap((slotId) => unsettled(slotId) ?? []);
}

/**
 * Books, once, however often and however changed it is sent: a key stands for one body, so when the server has seen it
 * with another one, each of those that were sent before is asked about. Throws Problem, Unreachable.
 */
export async function place(order: Order): Promise<Booked> {
  const { slotId } = order;
  const attempt = attempts.get(slotId) ?? { key: newKey(), sent: [] };
  attempts.set(slotId, attempt);
  const earlier = attempt.sent.filter((other) => !isSame(other, order));
  const repeated = earlier.length < attempt.sent.length;
  attempt.sent = [...earlier, order];
  const drop = (one: Order) => {
    attempt.sent = attempt.sent.filter((other) => other !== one);
    if (attempt.sent.length === 0) attempts.delete(slotId);
  };
  let reused: unknown;
  for (const one of [order, ...earlier.reverse()]) {
    try {
      const booked = await book(one, attempt.key);
      attempts.delete(slotId);
      return booked;
    } catch (error) {
      if (hasCode(error, ...LOST)) attempts.delete(slotId);
      // Refused before anybody looked for the key: of what was sent earlier it says nothing.
      else if (one === order && !repeated && !isUncertain(error)) drop(one);
      if (!hasCode(error, 'idempotency-key-reused')) throw error;
      drop(one);
      reused = error;
    }
  }
  throw reused;
}

/** For the next person at this device. */
export function forgetOrders(): void {
  attempts.clear();
}

function isSame(one: Order, other: Order): boolean {
  const text = ({ expertId, slotId, name, email, phone, notes, holdToken }: Order) =>
    JSON.stringify([expertId, slotId, name, email, phone, notes, holdToken]);
  return text(one) === text(other);
}
