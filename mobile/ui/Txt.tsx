import type { Ref } from 'react';
import { Text, type TextProps } from 'react-native';

import { type, useTheme, type Palette, type TypeName } from '../theme';
import { reachable } from './focus';

interface Props extends TextProps {
  as?: TypeName;
  color?: keyof Palette;
  center?: boolean;
  /** A heading for screen readers, of that level. */
  level?: 1 | 2 | 3;
  ref?: Ref<Text>;
}

/** Text of the type scale. It grows with the reader's setting, up to twice. */
export function Txt({ as = 'body', color = 'ink', center = false, level, style, ...rest }: Props) {
  const { colors } = useTheme();
  const heading = level === undefined ? {} : { role: 'heading' as const, 'aria-level': level };
  return (
    <Text
      maxFontSizeMultiplier={2}
      {...heading}
      // Where the focus goes when what had it is gone.
      {...(level !== undefined && reachable)}
      {...rest}
      style={[type[as], { color: colors[color] }, center && { textAlign: 'center' }, style]}
    />
  );
}
