import { readCalendarFile } from './bookings';

/** Downloads a booking as a calendar file. By fetch and not by a link: who may have it is said in a header. */
export async function addToCalendar(bookingId: string): Promise<void> {
  const url = URL.createObjectURL(new Blob([await readCalendarFile(bookingId)], { type: 'text/calendar' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'slotline-booking.ics';
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
