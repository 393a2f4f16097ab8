import type { Slot } from '../api/client';
import { learnFromHeartbeat } from '../api/clock';
import type { Frame } from './frames';
import { nothing, reduce, type Calendar, type CalendarEvent } from './slots';
import { LiveSocket, type Surroundings } from './socket';

/**
 * What the chip says, and it is true: `live` only while this expert's slots are known to be current; `connecting` until they
 * are so for the first time, if nothing goes wrong.
 */
export type Status = 'live' | 'connecting' | 'reconnecting' | 'offline';

export interface View {
  calendar: Calendar;
  status: Status;
}

interface Room {
  view: View;
  watchers: number;
  /** Caught up since the connection opened. */
  current: boolean;
  /** Was so before, while somebody looks. */
  wasCurrent: boolean;
  listeners: Set<() => void>;
}

/** After so many failed tries in a row the server counts as away, and not as about to come back. */
const AWAY = 3;
/** Milliseconds before a refused subscription is tried again. */
const ASK_AGAIN = 3_000;

/** The calendars that screens look at, kept current over one socket. */
export class LiveStore {
  private readonly rooms = new Map<string, Room>();
  private readonly socket: LiveSocket;
  private asking: ReturnType<typeof setTimeout> | undefined;

  constructor(around: Omit<Surroundings, 'onFrame' | 'onLink'>) {
    this.socket = new LiveSocket({
      ...around,
      onFrame: (frame) => this.receive(frame),
      onLink: () => this.linkChanged(),
    });
  }

  /** Keeps an expert current until the answer is called. */
  watch(expertId: string, listener: () => void): () => void {
    const room = this.room(expertId);
    room.listeners.add(listener);
    room.watchers += 1;
    this.socket.start();
    if (room.watchers === 1) this.subscribe(expertId, room);
    return () => {
      room.listeners.delete(listener);
      room.watchers -= 1;
      if (room.watchers > 0) return;
      room.current = room.wasCurrent = false;
      this.socket.send({ type: 'unsubscribe', expertId });
      this.show(room, room.view.calendar);
      if (![...this.rooms.values()].some((other) => other.watchers > 0)) this.socket.stop();
    };
  }

  view(expertId: string): View {
    return this.room(expertId).view;
  }

  /** A calendar that came by HTTP. */
  load(expertId: string, calendar: { epoch: string; version: number; slots: readonly Slot[] }): void {
    this.dispatch(expertId, { type: 'loaded', ...calendar });
  }

  probe(): void {
    this.socket.probe();
  }

  setOnline(online: boolean): void {
    this.socket.setOnline(online);
  }

  private room(expertId: string): Room {
    let room = this.rooms.get(expertId);
    if (!room) {
      room = { view: { calendar: nothing, status: 'connecting' }, watchers: 0, current: false, wasCurrent: false, listeners: new Set() };
      this.rooms.set(expertId, room);
    }
    return room;
  }

  private subscribe(expertId: string, room: Room): void {
    const { epoch, version } = room.view.calendar;
    this.socket.send({ type: 'subscribe', expertId, ...(epoch === '' ? {} : { epoch, version }) });
  }

  private receive(frame: Frame): void {
    if (frame.type === 'heartbeat') {
      learnFromHeartbeat(frame.time);
      for (const [expertId, version] of Object.entries(frame.versions)) {
        if (this.rooms.get(expertId)?.current) this.dispatch(expertId, { type: 'heartbeat', version });
      }
    } else if (frame.type === 'error') {
      clearTimeout(this.asking);
      this.asking = setTimeout(() => this.askAgain(), ASK_AGAIN);
    } else if (frame.type === 'snapshot' || frame.type === 'resumed' || frame.type === 'slot') {
      const room = this.rooms.get(frame.expertId);
      if (!room || room.watchers === 0) return;
      if (frame.type !== 'slot') room.current = room.wasCurrent = true;
      this.dispatch(frame.expertId, frame);
    }
  }

  private dispatch(expertId: string, event: CalendarEvent): void {
    const room = this.room(expertId);
    const before = room.view.calendar;
    const after = reduce(before, event);
    if (after.behind && !before.behind) {
      room.current = false;
      if (room.watchers > 0) this.subscribe(expertId, room);
    }
    this.show(room, after);
  }

  private askAgain(): void {
    for (const [expertId, room] of this.rooms) {
      if (room.watchers > 0 && !room.current) this.subscribe(expertId, room);
    }
  }

  private linkChanged(): void {
    for (const [expertId, room] of this.rooms) {
      room.current = false;
      if (room.watchers > 0 && this.socket.link === 'open') this.subscribe(expertId, room);
      this.show(room, room.view.calendar);
    }
  }

  private show(room: Room, calendar: Calendar): void {
    const status = this.status(room);
    if (calendar === room.view.calendar && status === room.view.status) return;
    room.view = { calendar, status };
    for (const listener of room.listeners) listener();
  }

  private status(room: Room): Status {
    const { link, failures } = this.socket;
    if (link === 'open' && room.current) return 'live';
    if (link === 'down' || failures >= AWAY) return 'offline';
    return room.wasCurrent || failures > 0 ? 'reconnecting' : 'connecting';
  }
}
