import { QueryClient } from '@tanstack/react-query';

import { Problem } from './problem';

const DAY = 24 * 3_600_000;

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // A refusal is an answer: only silence and a busy server are worth another try.
      retry: (failures, error) => failures < 2 && !(error instanceof Problem && error.status < 500),
      retryDelay: (attempt) => Math.min(5_000, 400 * 2 ** attempt) * (0.5 + Math.random() / 2),
      gcTime: DAY,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});
