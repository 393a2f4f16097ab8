import { z } from 'zod';

/** The rules of the server's NewBooking, said here as one leaves a field; the server has the last word. */
const LABEL = '[A-Za-z0-9\\u00a1-\\uffff](?:[A-Za-z0-9\\u00a1-\\uffff-]{0,61}[A-Za-z0-9\\u00a1-\\uffff])?';
const EMAIL = new RegExp(`^[^\\s@"(),:;<>\\[\\]\\\\\\u0000-\\u0020\\u007f-\\u00a0]{1,64}@(?:${LABEL}\\.)+${LABEL}$`);
const PHONE = /^\+?(?:[ ().\-\u2013/]{0,3}[0-9]){7,15}\)?$/;
// eslint-disable-next-line no-control-regex
const ONE_LINE = /^[^\u0000-\u001f\u007f-\u009f]*$/;

export const email = z
  .string()
  .trim()
  .min(1, 'Your email is needed to find the booking again')
  .max(254, 'An email has at most 254 characters')
  .regex(EMAIL, 'Write it like name@example.com');

export const customer = z.object({
  name: z
    .string()
    .trim()
    .min(2, 'Your name needs at least 2 characters')
    .max(100, 'A name has at most 100 characters')
    .regex(ONE_LINE, 'A name is one line'),
  email,
  phone: z
    .string()
    .trim()
    .min(1, 'A phone number is needed, for when something comes up')
    .max(40, 'A phone number has at most 40 characters')
    .regex(PHONE, 'Write 7 to 15 digits, like +49 30 1234567'),
  notes: z.string().trim().max(1000, 'Notes have at most 1000 characters'),
});

export type Customer = z.infer<typeof customer>;

export const FIELDS = ['name', 'email', 'phone', 'notes'] as const;

/** What was typed last, for the next form; in memory only. Notes are for one expert and are shown to no other. */
const nobody = { name: '', email: '', phone: '' };
let details = nobody;
const notes = new Map<string, string>();

export function draftFor(expertId: string): Customer {
  return { ...details, notes: notes.get(expertId) ?? '' };
}

export function keepDraft(expertId: string, typed: Partial<Customer>): void {
  const { name = '', email = '', phone = '' } = typed;
  details = { name, email, phone };
  notes.set(expertId, typed.notes ?? '');
}

/** They were sent. */
export function forgetNotes(expertId: string): void {
  notes.delete(expertId);
}

/** For the next person at this device. */
export function forgetDrafts(): void {
  details = nobody;
  notes.clear();
}
