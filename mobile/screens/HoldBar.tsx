import { useEffect, useState } from 'react';
import { Animated, Easing, StyleSheet, View } from 'react-native';

import { serverNow } from '../api/clock';
import { radius, useTheme, type Palette } from '../theme';
import { countdown } from '../time/format';
import { Button } from '../ui/Button';
import { Icon } from '../ui/Icon';
import { Txt } from '../ui/Txt';
import type { HoldState } from './useHold';

interface Props {
  state: HoldState;
  now: number;
  /** Answers whether it was renewed, or is over. */
  onRenew: () => Promise<boolean>;
  onAgain: () => void;
}

/** Milliseconds from which on more time is offered. */
const SHORT = 45_000;
const URGENT = 15_000;

/** How high it is, whatever it says and offers: what is below it does not move. */
export const BAR = 76;

/** Of the line that runs out along its foot. */
const TRACK = 4;

/** How long the seat is kept, on the server's clock. */
export function HoldBar({ state, now, onRenew, onAgain }: Props) {
  const { colors, width } = useTheme();
  const [failed, setFailed] = useState(false);
  const [busy, setBusy] = useState(false);
  const renew = async () => {
    setBusy(true);
    setFailed(!(await onRenew()));
    setBusy(false);
  };
  // On a narrow phone its room is for words.
  const icon = (ink: keyof Palette) => width >= 380 && <Icon name="hold" size={18} color={ink} />;
  if (state.phase === 'held') {
    const left = Math.max(0, state.expiresAt - now);
    const short = left <= SHORT;
    const urgent = left <= URGENT;
    const ink = urgent ? 'danger' : short ? 'held' : 'accentInk';
    const ground = urgent ? colors.dangerSoft : short ? colors.heldSoft : colors.accentSoft;
    const again = short && failed && state.renewable;
    const unkept = again && !busy;
    return (
      <View style={[styles.bar, { backgroundColor: ground }]}>
        {icon(ink)}
        <View style={styles.grow}>
          {!unkept && (
            <Txt as="label" color={ink}>
              Held for you
            </Txt>
          )}
          {/* Always there, so that screen readers notice what comes into it. */}
          <View aria-live="polite">
            {short && !busy && (
              <Txt as="small" color={ink}>
                {unkept ? 'It could not be kept longer just now.' : state.renewable ? 'Need longer?' : 'It cannot be kept longer.'}
              </Txt>
            )}
          </View>
        </View>
        {short && state.renewable && (
          <Button label={again ? 'Try again' : 'Keep it longer'} kind="secondary" busy={busy} onPress={() => void renew()} style={styles.button} />
        )}
        <Txt as="time" color={ink} role="timer" aria-label={`Held for another ${countdown(left)}`} testID="hold-left">
          {countdown(left)}
        </Txt>
        <Track key={state.token} expiresAt={state.expiresAt} lasts={state.lasts} color={colors[ink]} />
      </View>
    );
  }
  if (state.phase === 'ended') {
    return (
      <View aria-live="polite" style={[styles.bar, { backgroundColor: colors.heldSoft }]}>
        {icon('held')}
        <View style={styles.grow}>
          <Txt as="label" color="held" testID="hold-ended">
            Your hold has ended
          </Txt>
          <Txt as="small" color="held">
            You can still book, if nobody is faster.
          </Txt>
        </View>
        <Button label="Hold it again" kind="secondary" onPress={onAgain} style={styles.button} />
      </View>
    );
  }
  const taking = state.phase === 'taking';
  return (
    <View aria-live="polite" style={[styles.bar, { backgroundColor: colors.sunken }]}>
      <View style={styles.grow}>
        <Txt as="label" color="soft">
          {taking ? 'Holding this slot for you …' : 'It is not held'}
        </Txt>
        {!taking && (
          <Txt as="small" color="soft">
            You can still book, if nobody is faster.
          </Txt>
        )}
      </View>
      {state.phase === 'none' && <Button label="Try to hold it" kind="secondary" onPress={onAgain} style={styles.button} />}
    </View>
  );
}

/** What is left, running out smoothly. */
function Track({ expiresAt, lasts, color }: { expiresAt: number; lasts: number; color: string }) {
  const { colors } = useTheme();
  const [share] = useState(() => new Animated.Value(1));
  useEffect(() => {
    const left = Math.max(0, expiresAt - serverNow());
    share.setValue(Math.min(1, left / lasts));
    const run = Animated.timing(share, { toValue: 0, duration: left, easing: Easing.linear, useNativeDriver: false });
    run.start();
    return () => run.stop();
  }, [share, expiresAt, lasts]);
  const width = share.interpolate({ inputRange: [0, 1], outputRange: ['0%', '100%'] });
  return (
    <View aria-hidden style={[styles.track, { backgroundColor: colors.surface }]}>
      <Animated.View style={[styles.left, { width, backgroundColor: color }]} />
    </View>
  );
}

const styles = StyleSheet.create({
  bar: {
    minHeight: BAR,
    flexDirection: 'row',
    alignItems: 'center',
    gap: 10,
    borderRadius: radius.md,
    paddingHorizontal: 14,
    paddingTop: 8,
    paddingBottom: 8 + TRACK,
    overflow: 'hidden',
  },
  grow: { flex: 1 },
  button: { paddingHorizontal: 10 },
  track: { position: 'absolute', left: 0, right: 0, bottom: 0, height: TRACK },
  left: { height: TRACK },
});
