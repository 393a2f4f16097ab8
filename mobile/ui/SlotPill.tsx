import { memo } from 'react';
import { Animated, Pressable, StyleSheet, useWindowDimensions, View } from 'react-native';

import type { Slot } from '../api/client';
import { radius, TOUCH, useTheme, type Palette } from '../theme';
import { clock, foldOffset, plainClock } from '../time/format';
import { called, Heard } from './Heard';
import { Icon, type IconName } from './Icon';
import { useFlash } from './motion';
import type { PressState } from './press';
import { radioKeys } from './radio';
import { Txt } from './Txt';

type State = Slot['state'];

interface Looks {
  word: string;
  icon: IconName | null;
  ink: keyof Palette;
  note: keyof Palette;
}

/** Told apart by edge (solid, dashed, none), icon, word and a line through the time; colour only helps. */
const looks: Record<State, Looks> = {
  open: { word: 'Open', icon: null, ink: 'ink', note: 'accent' },
  held: { word: 'On hold', icon: 'hold', ink: 'held', note: 'held' },
  booked: { word: 'Taken', icon: 'ban', ink: 'soft', note: 'soft' },
  past: { word: 'Past', icon: null, ink: 'soft', note: 'soft' },
  closed: { word: 'Closed', icon: 'close', ink: 'soft', note: 'soft' },
};
const yours: Looks = { word: 'Yours', icon: 'check', ink: 'accentInk', note: 'accentInk' };

interface Props {
  slot: Slot;
  state: State;
  zone: string;
  /** How often it has changed while on screen. */
  changes: number;
  onPick: (slot: Slot) => void;
  /** It is taken by oneself. */
  own?: boolean;
  /** Where one of several is to be chosen: whether it is this one. */
  chosen?: boolean;
}

/** Alike whatever it says, so that nothing moves when that changes; wider for those who read large text. */
const WIDTH = 88;
/** Of which three are beside each other on the smallest phones. */
const NARROW = 80;

/** One slot: its time and how it stands. Only an open one can be picked, and one's own, to see its booking. */
export const SlotPill = memo(function SlotPill({ slot, state, zone, changes, onPick, own = false, chosen }: Props) {
  const { colors } = useTheme();
  const flash = useFlash(changes);
  const { fontScale, width } = useWindowDimensions();
  const mine = own && state === 'booked';
  const { icon, ink, note } = mine ? yours : looks[state];
  const word = mine ? yours.word : describe(slot, state);
  const from = clock(slot.start, zone);
  const offset = foldOffset(slot.start, zone);
  const until = `until ${clock(slot.end, zone)}`;
  const open = state === 'open';
  const gone = state === 'closed' || (state === 'booked' && !mine);
  return (
    <Pressable
      role={chosen === undefined ? 'button' : 'radio'}
      aria-checked={chosen}
      {...called(`${from}, ${word}, ${until}`)}
      aria-disabled={!open && !mine}
      disabled={!open && !mine}
      onPress={() => onPick(slot)}
      {...(chosen !== undefined && open && radioKeys(() => onPick(slot)))}
      testID={`slot-${slot.id}`}
      {...{ dataSet: { state } }}
      style={({ pressed, hovered }: PressState) => [
        styles.pill,
        { minWidth: (width < 380 ? NARROW : WIDTH) * Math.min(2, fontScale), borderColor: 'transparent' },
        open && { backgroundColor: hovered ? colors.accentSoft : colors.surface, borderColor: colors.accent },
        chosen && { backgroundColor: colors.accentSoft, borderWidth: 2.5 },
        state === 'held' && [styles.dashed, { borderColor: colors.held }],
        mine && { backgroundColor: colors.accentSoft, borderColor: hovered ? colors.accent : 'transparent' },
        gone && { backgroundColor: colors.sunken },
        pressed && styles.pressed,
      ]}
    >
      <Animated.View style={[StyleSheet.absoluteFill, styles.flash, { backgroundColor: colors.flash, opacity: flash }]} />
      <Txt as="time" color={ink} style={gone && styles.struck}>
        {plainClock(slot.start, zone)}
      </Txt>
      {offset !== '' && (
        <Txt as="tiny" color={ink}>
          {offset}
        </Txt>
      )}
      <View style={styles.note}>
        {icon && <Icon name={icon} size={11} color={note} />}
        {open && slot.seats > 1 && <Icon name="users" size={11} color={note} />}
        <Txt as="tiny" color={note}>
          {word}
        </Txt>
      </View>
      <Heard>{until}</Heard>
    </Pressable>
  );
});

function describe(slot: Slot, state: State): string {
  if (state === 'open' && slot.seats > 1) return `${slot.free} left`;
  if (state === 'booked' && slot.seats > 1) return 'Full';
  return looks[state].word;
}

const styles = StyleSheet.create({
  pill: {
    paddingHorizontal: 4,
    minHeight: TOUCH + 10,
    borderRadius: radius.md,
    borderWidth: 1.5,
    alignItems: 'center',
    justifyContent: 'center',
    gap: 1,
    paddingVertical: 6,
    overflow: 'hidden',
  },
  dashed: { borderStyle: 'dashed' },
  flash: { borderRadius: radius.md - 2 },
  struck: { textDecorationLine: 'line-through' },
  pressed: { transform: [{ scale: 0.96 }] },
  note: { flexDirection: 'row', alignItems: 'center', gap: 3 },
});
