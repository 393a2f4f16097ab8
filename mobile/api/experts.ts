import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';

import { live } from '../live';
import { client, need } from './client';

export type Sort = 'rating' | 'experience' | 'name';

export interface Search {
  text: string;
  category: string | null;
  sort: Sort;
}

const PAGE = 20;

/** The experts that match, page after page. */
export function useExperts({ text, category, sort }: Search) {
  return useInfiniteQuery({
    queryKey: ['experts', text, category, sort],
    initialPageParam: 1,
    queryFn: ({ pageParam, signal }) =>
      need(
        client.GET('/api/experts', {
          signal,
          params: {
            query: { page: pageParam, limit: PAGE, sort, ...(text && { search: text }), ...(category && { category }) },
          },
        }),
      ),
    getNextPageParam: ({ page, pages }) => (page < pages ? page + 1 : undefined),
    placeholderData: keepPreviousData,
    staleTime: 15_000,
  });
}

export function useCategories() {
  return useQuery({
    queryKey: ['categories'],
    queryFn: ({ signal }) => need(client.GET('/api/categories', { signal })),
    staleTime: 5 * 60_000,
  });
}

/** An expert; the slots that come with it go to the live store, which keeps them current. */
export function useExpert(id: string) {
  const query = useQuery({
    queryKey: ['expert', id],
    queryFn: ({ signal }) => need(client.GET('/api/experts/{expert_id}', { signal, params: { path: { expert_id: id } } })),
    staleTime: 30_000,
  });
  const { data } = query;
  useEffect(() => {
    if (data) live.load(id, { ...data, slots: data.days.flatMap((day) => day.slots) });
  }, [id, data]);
  return query;
}
