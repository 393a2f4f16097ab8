// Express 5, pg and PostgreSQL: the unique index decides. DATABASE_URL, POOL (connections).
// One named, so prepared, statement a booking; a loser of the race writes nothing.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { serve } from './serving.js';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS bookings (
  id uuid PRIMARY KEY, expert_id text NOT NULL, slot_id text NOT NULL, status text NOT NULL DEFAULT 'pending',
  name text NOT NULL, email text NOT NULL, phone text NOT NULL, notes text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE UNIQUE INDEX IF NOT EXISTS one_active_booking_a_slot ON bookings (slot_id) WHERE status <> 'cancelled';
CREATE INDEX IF NOT EXISTS email_newest ON bookings (email, created_at);`;
const INSERT = `
INSERT INTO bookings (id, expert_id, slot_id, name, email, phone, notes) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (slot_id) WHERE status <> 'cancelled' DO NOTHING RETURNING created_at`;

const size = Number(process.env.POOL ?? 20);
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, min: size, max: size, idleTimeoutMillis: 0 });
await pool.query(SCHEMA);

serve(async ({ expertId, slotId, name, email, phone, notes = '' }) => {
  const id = randomUUID();
  const values = [id, expertId, slotId, name.trim(), email, phone, notes];
  const { rows } = await pool.query({ name: 'book', text: INSERT, values });
  if (rows.length === 0) return null;
  const createdAt = rows[0].created_at;
  return { id, expertId, slotId, name: name.trim(), email, phone, notes, status: 'pending', createdAt };
});
