import { memo, useRef, useState } from 'react';
import { StyleSheet, View, type Text } from 'react-native';

import type { Slot } from '../api/client';
import type { Day } from '../live/days';
import { stateAt } from '../live/slots';
import { space, useTheme } from '../theme';
import { longDay, weekdayName } from '../time/format';
import { Button } from '../ui/Button';
import { DateLeaf } from '../ui/DateLeaf';
import { focusOn, reachable } from '../ui/focus';
import { SlotPill } from '../ui/SlotPill';
import { Txt } from '../ui/Txt';

/** Past slots of a day that are shown without asking: what is over is not to push down what is open. */
const PAST = 3;

interface Props {
  day: Day;
  zone: string;
  now: number;
  changes: ReadonlyMap<string, number>;
  /** Slots that are one's own. */
  own: ReadonlySet<string>;
  onPick: (slot: Slot) => void;
}

/** A day: its leaf, how much of it is open, and its slots. */
export const DaySection = memo(function DaySection({ day, zone, now, changes, own, onPick }: Props) {
  const { colors } = useTheme();
  const { at } = day;
  const open = day.slots.filter((slot) => stateAt(slot, now) === 'open').length;
  const name = weekdayName(at, zone, now);
  const [all, setAll] = useState(false);
  const over = day.slots.filter((slot) => stateAt(slot, now) === 'past').length;
  const heading = useRef<Text>(null);
  const showAll = () => {
    setAll(true);
    focusOn(heading.current);
  };
  const hidden = all || over <= PAST ? 0 : over - PAST;
  return (
    <View style={[styles.day, { borderColor: colors.line }]}>
      <DateLeaf at={at} zone={zone} quiet={open === 0} />
      <View style={styles.right}>
        <View style={styles.head}>
          <Txt as="heading" level={3} ref={heading} {...reachable} aria-label={longDay(at, zone)}>
            {name}
          </Txt>
          <Txt as="small" color={open ? 'accent' : 'soft'}>
            {open ? `${open} open` : 'Nothing open'}
          </Txt>
        </View>
        {hidden > 0 && <Button label={`Show ${hidden} earlier`} kind="quiet" onPress={showAll} style={styles.more} />}
        <View style={styles.slots} role="group" aria-label={longDay(at, zone)}>
          {day.slots.slice(hidden).map((slot) => (
            <SlotPill
              key={slot.id}
              slot={slot}
              state={stateAt(slot, now)}
              zone={zone}
              changes={changes.get(slot.id) ?? 0}
              own={own.has(slot.id)}
              onPick={onPick}
            />
          ))}
        </View>
      </View>
    </View>
  );
});

const styles = StyleSheet.create({
  day: { flexDirection: 'row', gap: space.md, paddingVertical: space.md, borderTopWidth: 1 },
  right: { flex: 1, gap: 12 },
  head: { flexDirection: 'row', flexWrap: 'wrap', columnGap: space.sm, alignItems: 'baseline', justifyContent: 'space-between' },
  more: { alignSelf: 'flex-start', marginLeft: -space.sm },
  slots: { flexDirection: 'row', flexWrap: 'wrap', gap: space.sm },
});
