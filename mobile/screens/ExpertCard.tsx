import { memo } from 'react';
import { Pressable, StyleSheet, View } from 'react-native';

import type { ExpertSummary } from '../api/client';
import { radius, space, useTheme } from '../theme';
import { clock, dayName } from '../time/format';
import { Avatar } from '../ui/Avatar';
import { called, Heard } from '../ui/Heard';
import { Icon } from '../ui/Icon';
import { linkTo, type PressState } from '../ui/press';
import { Bar, Line } from '../ui/Skeleton';
import { Txt } from '../ui/Txt';

interface Props {
  expert: ExpertSummary;
  zone: string;
  now: number;
  onOpen: (id: string) => void;
}

export const ExpertCard = memo(function ExpertCard({ expert, zone, now, onOpen }: Props) {
  const { colors, raised } = useTheme();
  const { name, category, headline, experience, rating, reviewCount } = expert;
  const next =
    expert.nextOpen === null ? 'No open slot' : `Next: ${dayName(expert.nextOpen, zone, now)}, ${clock(expert.nextOpen, zone)}`;
  const years = `${experience} ${experience === 1 ? 'year' : 'years'}`;
  const rated = reviewCount > 0;
  const score = rated ? rating.toFixed(1) : 'New';
  const reviews = `${reviewCount} ${reviewCount === 1 ? 'review' : 'reviews'}`;
  return (
    <Pressable
      role="link"
      {...linkTo(`/experts/${expert.id}`, () => onOpen(expert.id))}
      {...called(`${name}, ${category}. ${rated ? `Rated ${score} of 5 in ${reviews}` : score}. ${headline}. ${next}. ${years} of experience`)}
      testID={`expert-${expert.id}`}
      style={({ pressed, hovered }: PressState) => [
        styles.card,
        raised,
        { backgroundColor: colors.surface, borderColor: hovered ? colors.accent : colors.line },
        pressed && styles.pressed,
      ]}
    >
      <View style={styles.top}>
        <Avatar id={expert.id} name={name} />
        <View style={styles.who}>
          <Txt as="heading" numberOfLines={1}>
            {name}
          </Txt>
          <Txt as="small" color="accent">
            {category}
          </Txt>
        </View>
        <View style={styles.rating}>
          {rated && <Heard>Rated</Heard>}
          {rated && <Icon name="star" size={14} color="star" filled />}
          <Txt as="label" color={rated ? 'ink' : 'soft'}>
            {score}
          </Txt>
          {rated && <Heard>{`of 5 in ${reviews}`}</Heard>}
        </View>
      </View>
      <Txt as="small" color="soft" numberOfLines={2} style={styles.headline}>
        {headline}
      </Txt>
      <View style={[styles.foot, { borderColor: colors.line }]}>
        <View style={styles.next}>
          <Icon name={expert.nextOpen ? 'clock' : 'calendarNone'} size={15} color={expert.nextOpen ? 'accent' : 'soft'} />
          <Txt as="label" color={expert.nextOpen ? 'ink' : 'soft'} numberOfLines={1}>
            {next}
          </Txt>
        </View>
        <Txt as="small" color="soft">
          {years}
          <Heard> of experience</Heard>
        </Txt>
      </View>
    </Pressable>
  );
});

/** As high as the card that will be there. */
export function ExpertCardSkeleton() {
  const { colors, raised } = useTheme();
  return (
    <View style={[styles.card, raised, { backgroundColor: colors.surface, borderColor: colors.line }]}>
      <View style={styles.top}>
        <Bar width={56} height={56} />
        <View style={styles.who}>
          <Line as="heading" width="72%" />
          <Line as="small" width="40%" />
        </View>
      </View>
      <View style={styles.headline}>
        <Line as="small" width="92%" />
        <Line as="small" width="55%" />
      </View>
      <View style={[styles.foot, { borderColor: colors.line }]}>
        <Line as="label" width={132} />
        <Line as="small" width={52} />
      </View>
    </View>
  );
}

const styles = StyleSheet.create({
  card: { flex: 1, borderRadius: radius.lg, borderWidth: 1, padding: space.md, gap: 12 },
  pressed: { transform: [{ scale: 0.99 }], opacity: 0.92 },
  top: { flexDirection: 'row', gap: 12, alignItems: 'center' },
  who: { flex: 1, minWidth: 0, gap: 2 },
  rating: { flexDirection: 'row', gap: 4, alignItems: 'center', alignSelf: 'flex-start', paddingTop: 4 },
  headline: { flexGrow: 1, minHeight: 36 },
  foot: { flexDirection: 'row', alignItems: 'center', justifyContent: 'space-between', gap: space.sm, borderTopWidth: 1, paddingTop: 12 },
  next: { flexDirection: 'row', alignItems: 'center', gap: 6, flexShrink: 1 },
});
