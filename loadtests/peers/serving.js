// What the Express peers share: the message's rules, and a socket that the benchmark has bound.
import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import express from 'express';

const EMAIL = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;
const PHONE = /^\+?[\d\s().-]{7,25}$/;
const text = (value, most) => typeof value === 'string' && value.length <= most;

/** Whether a body is a booking as the API takes it. */
export function isBooking(body) {
  if (!body || !text(body.expertId, 64) || !text(body.slotId, 64) || !text(body.name, 100)) return false;
  const name = body.name.trim();
  return name.length >= 2 && text(body.email, 254) && EMAIL.test(body.email) && text(body.phone, 25)
    && PHONE.test(body.phone) && (body.notes === undefined || text(body.notes, 1000));
}

/** POST /api/bookings; `book` answers the booking, or null if the slot is taken. */
export function serve(book) {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(express.json({ limit: '64kb' }));
  app.post('/api/bookings', async (request, response) => {
    if (!isBooking(request.body)) return response.status(422).json({ code: 'validation-failed' });
    const booking = await book(request.body);
    if (booking === null) return response.status(409).json({ code: 'slot-taken' });
    return response.status(201).location(`/api/bookings/${booking.id}`).json({ booking });
  });
  const { values } = parseArgs({ options: { fd: { type: 'string' }, 'ready-fd': { type: 'string' } } });
  const server = app.listen({ fd: Number(values.fd) }, (error) => {
    if (error) throw error;
    writeSync(Number(values['ready-fd']), 'R');
  });
  server.keepAliveTimeout = 75_000;
}
