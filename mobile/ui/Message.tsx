import { Animated, StyleSheet, View } from 'react-native';

import { explain, Unreachable } from '../api/problem';
import { radius, space, useTheme } from '../theme';
import { Arrival } from './Arrival';
import { Button } from './Button';
import { Icon, type IconName } from './Icon';
import { useEntrance } from './motion';
import { Txt } from './Txt';

interface Props {
  icon: IconName;
  title: string;
  text: string;
  action?: string;
  onAction?: () => void;
  tone?: 'plain' | 'bad';
  /** There is nothing else on the screen. */
  alone?: boolean;
}

/** In place of content: why there is none, and a way out. */
export function Message({ icon, title, text, action, onAction, tone = 'plain', alone = false }: Props) {
  const { colors } = useTheme();
  const entrance = useEntrance();
  const bad = tone === 'bad';
  const Heading = alone ? Arrival : Txt;
  return (
    <Animated.View style={[styles.message, { opacity: entrance }]} aria-live="polite">
      <View style={[styles.disc, { backgroundColor: bad ? colors.dangerSoft : colors.accentSoft }]}>
        <Icon name={icon} size={28} color={bad ? 'danger' : 'accentInk'} />
      </View>
      <Heading as="heading" center level={alone ? 1 : 2}>
        {title}
      </Heading>
      <Txt color="soft" center style={styles.text}>
        {text}
      </Txt>
      {action && onAction && <Button label={action} onPress={onAction} kind="secondary" style={styles.action} />}
    </Animated.View>
  );
}

export function ErrorMessage({ error, onRetry, alone = false }: { error: unknown; onRetry: () => void; alone?: boolean }) {
  const away = error instanceof Unreachable;
  return (
    <Message
      icon={away ? 'offline' : 'alert'}
      tone="bad"
      title={away ? 'Slotline cannot be reached' : 'That did not work'}
      text={explain(error)}
      action="Try again"
      onAction={onRetry}
      alone={alone}
    />
  );
}

/** A line above content that says what to know about it. */
export function Notice({ icon, text, tone = 'held', action, onAction }: {
  icon: IconName;
  text: string;
  tone?: 'held' | 'danger' | 'accent';
  action?: string;
  onAction?: () => void;
}) {
  const { colors } = useTheme();
  const ink = tone === 'accent' ? 'accentInk' : tone;
  const ground = { held: colors.heldSoft, danger: colors.dangerSoft, accent: colors.accentSoft }[tone];
  return (
    <View aria-live="polite" style={[styles.notice, { backgroundColor: ground }]}>
      <Icon name={icon} size={18} color={ink} />
      <Txt as="label" color={ink} style={styles.grow}>
        {text}
      </Txt>
      {action && onAction && <Button label={action} onPress={onAction} kind="quiet" />}
    </View>
  );
}

const styles = StyleSheet.create({
  message: { alignItems: 'center', gap: space.sm, paddingVertical: space.xxl, paddingHorizontal: space.md },
  disc: { width: 64, height: 64, borderRadius: 22, alignItems: 'center', justifyContent: 'center', marginBottom: space.sm },
  text: { maxWidth: 460 },
  action: { marginTop: space.md },
  notice: { flexDirection: 'row', alignItems: 'center', gap: 10, borderRadius: radius.md, paddingHorizontal: 14, paddingVertical: 10 },
  grow: { flex: 1 },
});
