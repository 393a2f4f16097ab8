import { Pressable, StyleSheet } from 'react-native';

import { radius, useTheme } from '../theme';
import type { PressState } from './press';
import { radioKeys } from './radio';
import { Txt } from './Txt';

interface Props {
  label: string;
  count?: number;
  selected: boolean;
  onPress: () => void;
}

/** One choice of a row of them. */
export function Chip({ label, count, selected, onPress }: Props) {
  const { colors } = useTheme();
  return (
    <Pressable
      role="radio"
      aria-checked={selected}
      aria-label={count === undefined ? label : `${label}, ${count}`}
      onPress={onPress}
      {...radioKeys(onPress, selected)}
      hitSlop={{ top: 4, bottom: 4 }}
      style={({ pressed, hovered }: PressState) => [
        styles.chip,
        { backgroundColor: selected ? colors.ink : colors.surface, borderColor: selected ? colors.ink : colors.line },
        hovered && !selected && { borderColor: colors.lineStrong },
        pressed && styles.pressed,
      ]}
    >
      <Txt as="label" color={selected ? 'canvas' : 'ink'}>
        {label}
      </Txt>
      {count !== undefined && (
        <Txt as="small" color={selected ? 'canvas' : 'soft'} style={selected && styles.faint}>
          {count}
        </Txt>
      )}
    </Pressable>
  );
}

const styles = StyleSheet.create({
  chip: {
    minHeight: 38,
    flexDirection: 'row',
    alignItems: 'center',
    gap: 6,
    paddingHorizontal: 14,
    borderRadius: radius.pill,
    borderWidth: 1,
    // Without it a row that scrolls sideways squeezes its chips in the browser.
    flexShrink: 0,
  },
  pressed: { opacity: 0.7 },
  faint: { opacity: 0.75 },
});
