import { backoff, mayReturn } from './backoff';
import { parse, type Frame } from './frames';

/** `open`: frames can come. `waiting`: between two tries. `down`: no network, or the server asked not to come back. */
export type Link = 'connecting' | 'open' | 'waiting' | 'down';

export interface Surroundings {
  url: string;
  /** Makes a socket; tests give their own. */
  connect?: (url: string) => WebSocket;
  random?: () => number;
  onFrame: (frame: Frame) => void;
  /** After every change of `link`; a new connection has no subscription yet. */
  onLink: (link: Link) => void;
}

/** Milliseconds without a frame after which the connection is tried with a ping: two heartbeats and a bit. */
const SILENCE = 45_000;
/** Milliseconds that a pong may take. */
const DEADLINE = 3_000;
/** Milliseconds that a connection may take to open. */
const OPENING = 10_000;

/** One connection to the live feed that comes back by itself, for as long as somebody wants it. */
export class LiveSocket {
  link: Link = 'waiting';
  /** Tries that failed in a row. */
  failures = 0;

  private socket: WebSocket | null = null;
  private wanted = false;
  private online = true;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly around: Surroundings) {}

  start(): void {
    this.wanted = true;
    if (!this.socket) this.connect();
  }

  stop(): void {
    this.wanted = false;
    this.drop();
    this.become('waiting');
  }

  send(message: object): void {
    if (this.socket && this.link === 'open') this.socket.send(JSON.stringify(message));
  }

  /** The app came to the foreground: a phone that slept may hold a connection that is none. */
  probe(): void {
    if (!this.wanted) return;
    if (this.link === 'open') this.ping();
    else this.again();
  }

  /** What the device says about its network. */
  setOnline(online: boolean): void {
    if (online === this.online) return;
    this.online = online;
    if (!this.wanted) return;
    if (online) this.again();
    else {
      this.drop();
      this.become('down');
    }
  }

  private again(): void {
    this.drop();
    this.failures = 0;
    this.connect();
  }

  private connect(): void {
    clearTimeout(this.retry);
    if (!this.online) return this.become('down');
    this.become('connecting');
    const socket = (this.around.connect ?? ((url: string) => new WebSocket(url)))(this.around.url);
    this.socket = socket;
    this.watch(OPENING, () => this.lost());
    socket.onopen = () => {
      if (socket !== this.socket) return;
      this.failures = 0;
      this.listen();
      this.become('open');
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      this.listen();
      const frame = parse(data);
      if (frame) this.around.onFrame(frame);
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.socket) return;
      if (code !== undefined && !mayReturn(code)) {
        this.drop();
        this.become('down');
      } else this.lost();
    };
    return undefined;
  }

  private listen(): void {
    this.watch(SILENCE, () => this.ping());
  }

  private ping(): void {
    this.send({ type: 'ping' });
    this.watch(DEADLINE, () => this.lost());
  }

  private watch(after: number, then: () => void): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(then, after);
  }

  private lost(): void {
    this.drop();
    if (!this.wanted) return;
    this.retry = setTimeout(() => this.connect(), backoff(this.failures, this.around.random));
    this.failures += 1;
    this.become('waiting');
  }

  private drop(): void {
    clearTimeout(this.retry);
    clearTimeout(this.watchdog);
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    // In React Native an error without a listener is a red screen.
    socket.onerror = () => undefined;
    socket.close();
  }

  private become(link: Link): void {
    if (link === this.link && link !== 'open') return;
    this.link = link;
    this.around.onLink(link);
  }
}
