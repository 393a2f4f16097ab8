import { File, Paths } from 'expo-file-system';
import { shareAsync } from 'expo-sharing';

import { readCalendarFile } from './bookings';

/** Hands a booking to the phone's calendar, through its share sheet. */
export async function addToCalendar(bookingId: string): Promise<void> {
  const text = await readCalendarFile(bookingId);
  const file = new File(Paths.cache, 'slotline-booking.ics');
  if (file.exists) file.delete();
  file.create();
  file.write(text);
  await shareAsync(file.uri, { mimeType: 'text/calendar', UTI: 'com.apple.ical.ics' });
}
