// Express 5 and mongoose: a unique index decides, or (SCHEME=transaction) a transaction looks first, as most tutorials do;
// two that look at the same moment are still told apart by the index. MONGO_URL, POOL (connections).
import mongoose from 'mongoose';
import { serve } from './serving.js';

const DUPLICATE = 11000;
const schema = new mongoose.Schema(
  {
    expertId: { type: String, required: true },
    slotId: { type: String, required: true },
    status: { type: String, enum: ['pending', 'confirmed', 'completed', 'cancelled'], default: 'pending' },
    active: { type: Boolean, default: true },
    name: { type: String, required: true, trim: true },
    email: { type: String, required: true },
    phone: { type: String, required: true },
    notes: { type: String, default: '' },
  },
  { timestamps: true, versionKey: false, writeConcern: { w: 'majority', j: true } },
);
schema.index({ slotId: 1 }, { unique: true, partialFilterExpression: { active: true } });
schema.index({ email: 1, createdAt: -1 });
const Booking = mongoose.model('Booking', schema);

const size = Number(process.env.POOL ?? 20);
await mongoose.connect(process.env.MONGO_URL, { minPoolSize: size, maxPoolSize: size, autoIndex: false });
await Booking.createIndexes();

async function withIndex(wanted) {
  try {
    return await Booking.create(wanted);
  } catch (error) {
    if (error.code === DUPLICATE) return null;
    throw error;
  }
}

async function withTransaction(wanted) {
  const session = await mongoose.startSession();
  try {
    return await session.withTransaction(
      async () => {
        if (await Booking.exists({ slotId: wanted.slotId, active: true }).session(session)) return null;
        const [booking] = await Booking.create([wanted], { session });
        return booking;
      },
      { writeConcern: { w: 'majority', j: true } },
    );
  } catch (error) {
    if (error.code === DUPLICATE) return null;
    throw error;
  } finally {
    await session.endSession();
  }
}

const book = process.env.SCHEME === 'transaction' ? withTransaction : withIndex;
serve(async ({ expertId, slotId, name, email, phone, notes }) => {
  const booking = await book({ expertId, slotId, name, email, phone, notes });
  return booking && booking.toJSON({ virtuals: true });
});
