import { ActivityIndicator, Pressable, StyleSheet, type StyleProp, type ViewStyle } from 'react-native';

import { radius, space, TOUCH, useTheme, type Palette } from '../theme';
import { Icon, type IconName } from './Icon';
import type { PressState } from './press';
import { Txt } from './Txt';

type Kind = 'primary' | 'secondary' | 'quiet' | 'danger';

interface Props {
  label: string;
  onPress: () => void;
  kind?: Kind;
  icon?: IconName | undefined;
  busy?: boolean;
  disabled?: boolean;
  /** Said instead of the label, where that needs its surroundings to be understood. */
  hint?: string;
  style?: StyleProp<ViewStyle>;
  testID?: string;
}

interface Looks {
  ground: keyof Palette | null;
  ink: keyof Palette;
  edge: keyof Palette | null;
}

const looks: Record<Kind, Looks> = {
  primary: { ground: 'accent', ink: 'onAccent', edge: null },
  secondary: { ground: 'surface', ink: 'ink', edge: 'lineStrong' },
  quiet: { ground: null, ink: 'accent', edge: null },
  danger: { ground: 'dangerSoft', ink: 'danger', edge: null },
};

export function Button({ label, onPress, kind = 'primary', icon, busy = false, disabled = false, hint, style, testID }: Props) {
  const { colors } = useTheme();
  const { ground, ink, edge } = looks[kind];
  const off = disabled || busy;
  return (
    <Pressable
      role="button"
      aria-label={hint ?? label}
      aria-disabled={off}
      aria-busy={busy}
      // Not while it is busy: a browser takes the focus from what is disabled.
      disabled={disabled}
      onPress={busy ? undefined : onPress}
      testID={testID}
      style={({ pressed, hovered }: PressState) => [
        styles.button,
        kind === 'quiet' && styles.quiet,
        { backgroundColor: ground ? colors[ground] : hovered ? colors.sunken : 'transparent' },
        { borderColor: edge ? colors[edge] : 'transparent' },
        ground !== null && hovered && styles.hovered,
        pressed && styles.pressed,
        disabled && styles.off,
        style,
      ]}
    >
      {busy ? (
        <ActivityIndicator size="small" color={colors[ink]} />
      ) : (
        icon && <Icon name={icon} size={18} color={ink} />
      )}
      <Txt as="label" color={ink} center style={styles.words}>
        {label}
      </Txt>
    </Pressable>
  );
}

const styles = StyleSheet.create({
  button: {
    minHeight: TOUCH + 2,
    paddingHorizontal: space.md + 2,
    paddingVertical: space.sm,
    borderRadius: radius.md,
    borderWidth: 1.5,
    flexDirection: 'row',
    alignItems: 'center',
    justifyContent: 'center',
    gap: space.sm,
  },
  words: { flexShrink: 1 },
  quiet: { paddingHorizontal: space.sm + 2 },
  /** No fainter: the words on it are to stay readable. */
  hovered: { opacity: 0.95 },
  pressed: { opacity: 0.75, transform: [{ scale: 0.985 }] },
  off: { opacity: 0.45 },
});
