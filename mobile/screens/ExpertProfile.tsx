import { useState } from 'react';
import { Pressable, StyleSheet, useWindowDimensions, View } from 'react-native';

import type { ExpertDetail } from '../api/client';
import { space, useTheme } from '../theme';
import { city, clock } from '../time/format';
import { Arrival } from '../ui/Arrival';
import { Avatar } from '../ui/Avatar';
import { Icon, type IconName } from '../ui/Icon';
import { Bar, Line } from '../ui/Skeleton';
import { Txt } from '../ui/Txt';

/** Everything about an expert. */
export function ExpertProfile({ expert, now }: { expert: ExpertDetail; now: number }) {
  const { colors, wide } = useTheme();
  const { id, name, category, headline, bio, rating, reviewCount, experience, languages, timeZone } = expert;
  return (
    <View style={styles.profile}>
      <View style={wide ? styles.stacked : styles.beside}>
        <Avatar id={id} name={name} size={wide ? 112 : 76} />
        <View style={styles.who}>
          <Txt as="small" color="accent">
            {category}
          </Txt>
          <Arrival as={wide ? 'hero' : 'title'} level={1}>
            {name}
          </Arrival>
        </View>
      </View>
      <Txt as="strong">{headline}</Txt>
      <View style={[styles.numbers, { borderColor: colors.line }]}>
        {reviewCount > 0 ? (
          <Number value={rating.toFixed(1)} label={`${reviewCount} ${reviewCount === 1 ? 'review' : 'reviews'}`} star />
        ) : (
          <Number value="New" label="no reviews yet" />
        )}
        <View style={[styles.rule, { backgroundColor: colors.line }]} />
        <Number value={String(experience)} label={`${experience === 1 ? 'year' : 'years'} of experience`} />
      </View>
      <Bio text={bio} short={!wide} />
      <View style={styles.facts}>
        <Fact icon="languages" text={languages.join(', ')} />
        <Fact icon="globe" text={`${city(timeZone)}, where it is ${clock(now, timeZone)}`} />
      </View>
    </View>
  );
}

const LINES = 3;
/** Of a letter, on the average and in pixels. */
const LETTER = 8;

/** On a phone the slots matter more: three lines, and the rest for those who ask. */
function Bio({ text, short }: { text: string; short: boolean }) {
  const { width } = useTheme();
  const { fontScale } = useWindowDimensions();
  const [whole, setWhole] = useState(false);
  const fits = text.length * LETTER * fontScale < LINES * (width - 2 * space.md);
  if (!short || fits) return <Txt color="soft">{text}</Txt>;
  const word = whole ? 'Less' : 'More';
  return (
    <Pressable role="button" aria-expanded={whole} aria-label={`${text} ${word}`} onPress={() => setWhole(!whole)}>
      <Txt color="soft" numberOfLines={whole ? undefined : LINES}>
        {text}
      </Txt>
      <Txt as="label" color="accent">
        {word}
      </Txt>
    </Pressable>
  );
}

function Number({ value, label, star = false }: { value: string; label: string; star?: boolean }) {
  return (
    <View style={styles.number}>
      <View style={styles.value}>
        {star && <Icon name="star" size={18} color="star" filled />}
        <Txt as="heading">{value}</Txt>
      </View>
      <Txt as="small" color="soft">
        {label}
      </Txt>
    </View>
  );
}

function Fact({ icon, text }: { icon: IconName; text: string }) {
  return (
    <View style={styles.fact}>
      <Icon name={icon} size={17} color="soft" />
      <Txt as="small" color="soft" style={styles.text}>
        {text}
      </Txt>
    </View>
  );
}

/** As high as the profile that will be there, if its name has one line and its headline two. */
export function ProfileSkeleton() {
  const { colors, wide } = useTheme();
  const side = wide ? 112 : 76;
  return (
    <View style={styles.profile} role="status" aria-label="Loading the expert">
      <View style={wide ? styles.stacked : styles.beside}>
        <Bar width={side} height={side} />
        <View style={wide ? styles.name : styles.who}>
          <Line as="small" width="40%" />
          <Line as={wide ? 'hero' : 'title'} width="80%" />
        </View>
      </View>
      <View>
        <Line as="strong" width="90%" />
        <Line as="strong" width="50%" />
      </View>
      <View style={[styles.numbers, { borderColor: colors.line }]}>
        {[0, 1].map((number) => (
          <View key={number} style={styles.number}>
            <Line as="heading" width={48} />
            <Line as="small" width={96} />
          </View>
        ))}
      </View>
      <View>
        <Line width="100%" />
        <Line width="96%" />
        <Line width="100%" />
        {wide ? <Line width="60%" /> : <Line as="label" width={40} />}
      </View>
      <View style={styles.facts}>
        <Line as="small" width="40%" />
        <Line as="small" width="55%" />
      </View>
    </View>
  );
}

const styles = StyleSheet.create({
  profile: { gap: space.md },
  beside: { flexDirection: 'row', alignItems: 'center', gap: space.md },
  stacked: { gap: space.md },
  who: { flex: 1, gap: 2 },
  name: { gap: 2 },
  numbers: { flexDirection: 'row', borderTopWidth: 1, borderBottomWidth: 1, paddingVertical: 12, gap: space.lg },
  rule: { width: 1 },
  number: { gap: 1 },
  value: { flexDirection: 'row', alignItems: 'center', gap: 6 },
  facts: { gap: space.sm },
  fact: { flexDirection: 'row', alignItems: 'center', gap: 10 },
  text: { flexShrink: 1 },
});
