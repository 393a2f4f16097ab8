import { useEffect, useState } from 'react';
import { Animated, Easing, StyleSheet, View } from 'react-native';

import { serverNow } from '../api/clock';
import { radius, useTheme } from '../theme';
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

/** Seconds from which on more time is offered. */
const SHORT = 45_000;
const URGENT = 15_000;

/** How high it is while a hold is being taken and when it is there: nothing below it moves between the two. */
export const BAR = 64;

/** How long the seat is kept, on the server's clock. */
export function HoldBar({ state, now, onRenew, onAgain }: Props) {
  const { colors } = useTheme();
  const [failed, setFailed] = useState(false);
  const [busy, setBusy] = useState(false);
  const renew = async () => {
    setBusy(true);
    setFailed(!(await onRenew()));
    setBusy(false);
  };
  if (state.phase === 'held') {
    const left = Math.max(0, state.expiresAt - now);
    const urgent = left <= URGENT;
    const ink = urgent ? 'danger' : left <= SHORT ? 'held' : 'accentInk';
    const ground = urgent ? colors.dangerSoft : left <= SHORT ? colors.heldSoft : colors.accentSoft;
    return (
      <View style={[styles.bar, { backgroundColor: ground }]}>
        <View style={styles.line}>
          <Icon name="hold" size={18} color={ink} />
          <Txt as="label" color={ink} style={styles.grow}>
            Held for you
          </Txt>
          <Txt as="time" color={ink} role="timer" aria-label={`Held for another ${countdown(left)}`} testID="hold-left">
            {countdown(left)}
          </Txt>
        </View>
        <Track key={state.token} expiresAt={state.expiresAt} lasts={state.lasts} color={colors[ink]} />
        <View aria-live="polite" style={left > SHORT && styles.empty}>
          {left <= SHORT && (
            <Txt as="small" color={ink}>
              {failed ? 'It could not be kept longer just now.' : state.renewable ? 'Need longer? You can keep it a little more.' : 'This is as long as it can be kept.'}
            </Txt>
          )}
        </View>
        {left <= SHORT && state.renewable && <Button label="Keep it longer" kind="secondary" icon="plus" busy={busy} onPress={() => void renew()} />}
      </View>
    );
  }
  if (state.phase === 'ended') {
    return (
      <View aria-live="polite" style={[styles.bar, { backgroundColor: colors.heldSoft }]}>
        <View style={styles.line}>
          <Icon name="hold" size={18} color="held" />
          <Txt as="label" color="held" style={styles.grow} testID="hold-ended">
            Your hold has ended. You can still book, unless somebody takes the slot first.
          </Txt>
        </View>
        <Button label="Hold it again" kind="secondary" onPress={onAgain} />
      </View>
    );
  }
  return (
    <View aria-live="polite" style={[styles.bar, { backgroundColor: colors.sunken }]}>
      <Txt as="label" color="soft">
        {state.phase === 'taking' ? 'Holding this slot for you …' : 'This slot is not held. You can book it all the same, if nobody is faster.'}
      </Txt>
      {state.phase === 'none' && <Button label="Try to hold it" kind="secondary" onPress={onAgain} />}
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
  bar: { minHeight: BAR, justifyContent: 'center', borderRadius: radius.md, padding: 14, gap: 10 },
  line: { flexDirection: 'row', alignItems: 'center', gap: 10 },
  grow: { flex: 1 },
  /** Always there, so that screen readers notice what comes into it. */
  empty: { position: 'absolute' },
  track: { height: 6, borderRadius: 3, overflow: 'hidden' },
  left: { height: 6, borderRadius: 3 },
});
