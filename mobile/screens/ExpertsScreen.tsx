import type { NativeStackScreenProps } from '@react-navigation/native-stack';
import { useCallback, useMemo, useState } from 'react';
import { ActivityIndicator, FlatList, RefreshControl, StyleSheet, View } from 'react-native';

import type { ExpertSummary } from '../api/client';
import { useExperts } from '../api/experts';
import { whyOld } from '../api/problem';
import type { BrowseRoutes } from '../navigation/routes';
import { space, useTheme } from '../theme';
import { ago, deviceZone } from '../time/format';
import { useNow } from '../time/useNow';
import { ErrorMessage, Message, Notice } from '../ui/Message';
import { Page, useGutter } from '../ui/Page';
import { ExpertCard, ExpertCardSkeleton } from './ExpertCard';
import { ExpertsHead } from './ExpertsHead';
import { useDebounced } from './useDebounced';

export function ExpertsScreen({ navigation }: NativeStackScreenProps<BrowseRoutes, 'Experts'>) {
  const { colors, width } = useTheme();
  const gutter = useGutter();
  const now = useNow(30_000);
  const [typed, setTyped] = useState('');
  const [category, setCategory] = useState<string | null>(null);
  const text = useDebounced(typed.trim(), 250);
  const found = useExperts({ text, category, sort: 'rating' });
  // While a search is on its way the list is that of the one before; its number would be said of the new one.
  const total = found.isPlaceholderData ? undefined : found.data?.pages[0]?.total;
  const columns = width >= 1000 ? 3 : width >= 640 ? 2 : 1;
  const pages = found.data?.pages;
  // Rows of our own: a list whose number of columns changes is another list, and what is being typed above it is gone.
  const rows = useMemo(() => inRows(pages?.flatMap((page) => page.experts) ?? [], columns), [pages, columns]);
  const zone = deviceZone();
  const open = useCallback((id: string) => navigation.navigate('Expert', { id }), [navigation]);
  const reset = () => {
    setTyped('');
    setCategory(null);
  };

  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, isError, fetchNextPage } = found;
  const more = () => {
    if (hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  };

  const stale = isError && !isFetchNextPageError && rows.length > 0;
  return (
    <Page>
      <FlatList
        data={rows}
        keyExtractor={([first]) => first?.id ?? ''}
        renderItem={({ item }) => (
          <View style={styles.row}>
            {item.map((expert) => (
              <View key={expert.id} style={[styles.cell, { maxWidth: `${100 / columns}%` }]}>
                <ExpertCard expert={expert} zone={zone} now={now} onOpen={open} />
              </View>
            ))}
          </View>
        )}
        contentContainerStyle={{ paddingHorizontal: gutter - GAP, paddingBottom: space.xxl }}
        keyboardShouldPersistTaps="handled"
        keyboardDismissMode="on-drag"
        onEndReached={more}
        onEndReachedThreshold={0.8}
        refreshControl={
          <RefreshControl refreshing={found.isRefetching && !isFetchingNextPage} onRefresh={() => void found.refetch()} tintColor={colors.accent} />
        }
        ListHeaderComponent={
          <View style={styles.head}>
            <ExpertsHead text={typed} onText={setTyped} category={category} onCategory={setCategory} total={total} />
            {stale && (
              <Notice
                icon="offline"
                text={`${whyOld(found.error)} This list is from ${ago(found.dataUpdatedAt, Date.now())}.`}
                action="Try again"
                onAction={() => void found.refetch()}
              />
            )}
          </View>
        }
        ListEmptyComponent={
          found.isPending ? (
            <View role="status" aria-label="Loading experts" style={styles.skeletons}>
              {Array.from({ length: 6 }, (_, index) => (
                <View key={index} style={[styles.cell, { flexBasis: `${100 / columns}%`, maxWidth: `${100 / columns}%` }]}>
                  <ExpertCardSkeleton />
                </View>
              ))}
            </View>
          ) : found.isError ? (
            <ErrorMessage error={found.error} onRetry={() => void found.refetch()} />
          ) : (
            <Message
              icon="search"
              title={text ? 'Nobody by that name' : 'Nobody here yet'}
              text={
                text
                  ? `No expert matches “${text}”${category ? ` in ${category}` : ''}.`
                  : `There is no expert ${category ? 'in this category' : 'to book'} yet.`
              }
              {...((text || category) && { action: 'Show all experts', onAction: reset })}
            />
          )
        }
        ListFooterComponent={
          isFetchingNextPage ? (
            <ActivityIndicator color={colors.accent} style={styles.more} aria-label="Loading more experts" />
          ) : isFetchNextPageError ? (
            <View style={styles.rest}>
              <Notice icon="alert" text={`There are more experts. ${whyOld(found.error)}`} action="Try again" onAction={() => void fetchNextPage()} />
            </View>
          ) : null
        }
      />
    </Page>
  );
}

function inRows(experts: ExpertSummary[], columns: number): ExpertSummary[][] {
  return Array.from({ length: Math.ceil(experts.length / columns) }, (_, row) => experts.slice(row * columns, (row + 1) * columns));
}

const GAP = space.sm;

const styles = StyleSheet.create({
  head: { paddingHorizontal: GAP, gap: space.md, paddingBottom: space.sm },
  row: { flexDirection: 'row' },
  cell: { flex: 1, padding: GAP },
  skeletons: { flexDirection: 'row', flexWrap: 'wrap' },
  more: { padding: space.lg },
  rest: { padding: GAP },
});
