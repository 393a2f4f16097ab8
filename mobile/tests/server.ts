/** A server for components: answers what a test tells it to, and remembers what it was asked. */
export interface Asked {
  method: string;
  path: string;
  headers: Headers;
  body: unknown;
}

type Answer = { status: number; body?: unknown } | 'silence';

export class Server {
  asked: Asked[] = [];
  private readonly answers = new Map<string, Answer[]>();

  constructor() {
    globalThis.fetch = (async (input: Request) => this.answer(input)) as typeof fetch;
  }

  /** What the next requests like this get; the last one goes for all that follow. */
  when(request: string, ...answers: Answer[]): void {
    this.answers.set(request, answers);
  }

  of(method: string, path: string): Asked[] {
    return this.asked.filter((asked) => asked.method === method && asked.path === path);
  }

  private async answer(input: Request): Promise<Response> {
    const path = new URL(input.url).pathname;
    const text = input.method === 'GET' ? '' : await input.text();
    this.asked.push({ method: input.method, path, headers: input.headers, body: text ? JSON.parse(text) : undefined });
    const waiting = this.answers.get(`${input.method} ${path}`) ?? [{ status: 404, body: { code: 'not-found' } }];
    const answer = (waiting.length > 1 ? waiting.shift() : waiting[0]) as Answer;
    if (answer === 'silence') throw new TypeError('Network request failed');
    const body = answer.body === undefined ? null : JSON.stringify(answer.body);
    return new Response(body, { status: answer.status, headers: { 'content-type': 'application/json' } });
  }
}

export function refusal(status: number, code: string, errors?: { field: string; message: string }[]): Answer {
  return { status, body: { type: `/docs/errors#${code}`, title: code, status, detail: code, code, requestId: 'r', errors } };
}
