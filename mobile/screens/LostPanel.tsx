import { useState } from 'react';
import { Animated, StyleSheet, View } from 'react-native';

import type { Slot } from '../api/client';
import { nearestOpen, stateAt } from '../live/slots';
import { radius, space, useTheme } from '../theme';
import { dayName, deviceZone, longDay } from '../time/format';
import { Arrival } from '../ui/Arrival';
import { Button } from '../ui/Button';
import { Icon } from '../ui/Icon';
import { useEntrance } from '../ui/motion';
import { SlotPill } from '../ui/SlotPill';
import { Txt } from '../ui/Txt';

export type Loss = 'taken' | 'held' | 'closed' | 'past' | 'gone';

const words: Record<Loss, { title: string; text: string }> = {
  taken: { title: 'Somebody was faster', text: 'This slot has just been taken. Nothing was booked for you.' },
  held: {
    title: 'On hold for somebody else',
    text: 'Somebody is filling in the form for this slot right now. If they leave it, it opens again, and you see it here.',
  },
  closed: { title: 'This slot was closed', text: 'The expert is not available then any more. Nothing was booked for you.' },
  past: { title: 'This slot has begun', text: 'It can no longer be booked.' },
  gone: { title: 'This slot is not on offer', text: 'The expert does not offer it any more. Nothing was booked for you.' },
};

interface Props {
  loss: Loss;
  slot: Slot;
  /** How the slot stands now. */
  state: Slot['state'];
  slots: ReadonlyMap<string, Slot>;
  now: number;
  onAgain: () => void;
  onOther: (slot: Slot) => void;
  onBack: () => void;
}

/** Why not this slot, and which others there are close to it. */
export function LostPanel({ loss, slot, state, slots, now, onAgain, onOther, onBack }: Props) {
  const { colors } = useTheme();
  const entrance = useEntrance();
  const zone = deviceZone();
  const open = useReopened(state);
  const near = nearestOpen([...slots.values()].filter((other) => other.id !== slot.id), slot.start, now, 6);
  const { title, text } = words[loss];
  return (
    <Animated.View style={[styles.panel, { opacity: entrance }]} testID="lost" aria-live="assertive">
      <View style={[styles.why, { backgroundColor: colors.heldSoft }]}>
        <Icon name={loss === 'held' ? 'hold' : 'calendarNone'} size={24} color="held" />
        <View style={styles.grow}>
          <Arrival as="heading" color="held" level={2}>
            {open ? 'It is open again' : title}
          </Arrival>
          <Txt color="held">{open ? 'Somebody has left it. Take it before another does.' : text}</Txt>
        </View>
      </View>
      {open && <Button label="Hold it for me" icon="hold" onPress={onAgain} />}
      {near.length > 0 ? (
        <>
          <Txt as="heading" level={2}>
            Open close to it
          </Txt>
          <View style={styles.near}>
            {near.map((other) => (
              <View key={other.id} style={styles.other} role="group" aria-label={longDay(other.start, zone)}>
                <Txt as="small" color="soft">
                  {dayName(other.start, zone, now)}
                </Txt>
                <SlotPill slot={other} state={stateAt(other, now)} zone={zone} changes={0} onPick={onOther} />
              </View>
            ))}
          </View>
        </>
      ) : (
        <Txt color="soft">This expert has no open slot just now.</Txt>
      )}
      <Button label="See all slots" kind="secondary" onPress={onBack} />
    </Animated.View>
  );
}

/** Whether the slot was seen to be gone and then to be open. What it was before it was lost says nothing: feeds lag. */
function useReopened(state: Slot['state']): boolean {
  const [gone, setGone] = useState(state !== 'open');
  if (!gone && state !== 'open') setGone(true);
  return gone && state === 'open';
}

const styles = StyleSheet.create({
  panel: { gap: space.md },
  why: { flexDirection: 'row', gap: 14, borderRadius: radius.lg, padding: space.md },
  grow: { flex: 1, gap: space.xs },
  near: { flexDirection: 'row', flexWrap: 'wrap', gap: 12 },
  other: { gap: space.xs, alignItems: 'center' },
});
