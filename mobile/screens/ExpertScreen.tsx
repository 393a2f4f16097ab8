import type { NativeStackScreenProps } from '@react-navigation/native-stack';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { FlatList, RefreshControl, ScrollView, StyleSheet, View } from 'react-native';

import type { Slot } from '../api/client';
import { serverNow } from '../api/clock';
import { useExpert } from '../api/experts';
import { hasCode } from '../api/problem';
import { useLive } from '../live';
import { byDay } from '../live/days';
import type { BrowseRoutes } from '../navigation/routes';
import { space, useTheme } from '../theme';
import { ago, dayOf, deviceZone } from '../time/format';
import { useNow } from '../time/useNow';
import { LiveChip } from '../ui/LiveChip';
import { ErrorMessage, Message, Notice } from '../ui/Message';
import { BackBar, MAX_WIDTH, Page, useGutter } from '../ui/Page';
import { Txt } from '../ui/Txt';
import { DaySection } from './DaySection';
import { ExpertProfile, ProfileSkeleton } from './ExpertProfile';
import { useOwnSlots } from './useOwnSlots';
import { useShown } from './useShown';
import { ZoneSwitch } from './ZoneSwitch';

type Props = NativeStackScreenProps<BrowseRoutes, 'Expert'>;

export function ExpertScreen({ navigation, route }: Props) {
  const { id } = route.params;
  const { colors, wide } = useTheme();
  const gutter = useGutter(MAX_WIDTH);
  const query = useExpert(id);
  const { calendar, status } = useLive(id);
  const [theirs, setTheirs] = useState(false);
  const now = useNow(10_000);
  const expert = query.data?.expert;
  const own = deviceZone();
  const zone = theirs && expert ? expert.timeZone : own;
  const today = dayOf(now, zone).key;
  const shown = useShown(calendar.slots);
  const mine = useOwnSlots(calendar.slots);
  // Only a new day makes other days of the same slots.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const days = useMemo(() => byDay(calendar.slots.values(), zone, serverNow(), shown), [calendar.slots, zone, today, shown]);

  const gone = !expert && hasCode(query.error, 'expert-not-found');
  useEffect(() => {
    if (expert || gone) navigation.setOptions({ title: expert?.name ?? 'Not found' });
  }, [navigation, expert, gone]);
  // Live until a moment ago is younger than what was fetched when one came.
  const live = useRef(0);
  if (status === 'live') live.current = Date.now();
  const asOf = Math.max(live.current, query.dataUpdatedAt);
  const back = () => (navigation.canGoBack() ? navigation.goBack() : navigation.navigate('Experts'));
  const pick = useCallback((slot: Slot) => navigation.navigate('Book', { id, slotId: slot.id }), [navigation, id]);

  if (query.isError && !expert) {
    return (
      <Page>
        <BackBar label="Experts" onBack={back} />
        {gone ? (
          <Message alone icon="search" title="This expert is not here" text="The link may be old, or the expert has left." action="See all experts" onAction={back} />
        ) : (
          <ErrorMessage alone error={query.error} onRetry={() => void query.refetch()} />
        )}
      </Page>
    );
  }

  const profile = expert ? <ExpertProfile expert={expert} now={now} /> : <ProfileSkeleton />;
  const slotsHead = (
    <View style={styles.slotsHead}>
      <View style={styles.title}>
        <Txt as="title" level={2}>
          Open slots
        </Txt>
        <LiveChip status={status} />
      </View>
      {expert && <ZoneSwitch own={own} expert={expert} theirs={theirs} onChange={setTheirs} now={now} />}
      {status === 'offline' && asOf > 0 && (
        <Notice icon="offline" text={`No connection. These slots are as they were ${ago(asOf, Date.now())}.`} />
      )}
    </View>
  );

  return (
    <Page>
      <BackBar label="Experts" onBack={back} />
      <View style={[styles.columns, wide && { paddingHorizontal: gutter, gap: space.xxl }]}>
        {wide && (
          <ScrollView style={styles.side} contentContainerStyle={styles.sideContent} showsVerticalScrollIndicator={false}>
            {profile}
          </ScrollView>
        )}
        <FlatList
          // Not before the profile and the zone above them: they would be pushed down by those.
          data={expert ? days : []}
          keyExtractor={(day) => day.key}
          renderItem={({ item }) => (
            <DaySection day={item} zone={zone} now={now} changes={calendar.changes} own={mine} onPick={pick} />
          )}
          initialNumToRender={6}
          style={styles.list}
          contentContainerStyle={[styles.content, !wide && { paddingHorizontal: gutter }]}
          refreshControl={<RefreshControl refreshing={query.isRefetching} onRefresh={() => void query.refetch()} tintColor={colors.accent} />}
          ListHeaderComponent={
            <View style={styles.head}>
              {!wide && profile}
              {slotsHead}
            </View>
          }
          ListEmptyComponent={
            expert && calendar.epoch !== '' ? (
              <Message icon="calendarNone" title="No slots just now" text="New ones appear here as soon as they are opened." action="See other experts" onAction={back} />
            ) : null
          }
        />
      </View>
    </Page>
  );
}

const styles = StyleSheet.create({
  columns: { flex: 1, flexDirection: 'row' },
  side: { width: 340, flexGrow: 0, flexShrink: 0 },
  sideContent: { paddingVertical: space.md, paddingBottom: space.xxl },
  list: { flex: 1 },
  content: { paddingBottom: space.xxl },
  head: { gap: space.lg, paddingTop: space.md, paddingBottom: space.md },
  slotsHead: { gap: space.md },
  title: { flexDirection: 'row', alignItems: 'center', justifyContent: 'space-between', gap: space.sm },
});
