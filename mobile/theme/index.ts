import { useColorScheme, useWindowDimensions, type ViewStyle } from 'react-native';

import { dark, light, type Palette } from './palette';

export { avatars, type Palette } from './palette';
export { type, type TypeName } from './type';

/** Steps of four; a screen's edge is `md` on phones and `lg` beyond. */
export const space = { xs: 4, sm: 8, md: 16, lg: 24, xl: 32, xxl: 48 } as const;
export const radius = { sm: 8, md: 12, lg: 18, pill: 999 } as const;

/** Least size of what a finger has to hit. */
export const TOUCH = 44;

export interface Theme {
  colors: Palette;
  isDark: boolean;
  /** Width of a desktop or a tablet held sideways: two columns, and the navigation on top. */
  wide: boolean;
  width: number;
  /** Shadow of a card. */
  raised: ViewStyle;
}

export function useTheme(): Theme {
  const isDark = useColorScheme() === 'dark';
  const { width } = useWindowDimensions();
  const colors = isDark ? dark : light;
  return { colors, isDark, wide: width >= 900, width, raised: isDark ? flat : soft };
}

const soft: ViewStyle = { boxShadow: '0 1px 2px rgba(11, 42, 36, 0.06), 0 6px 18px rgba(11, 42, 36, 0.06)' };
const flat: ViewStyle = { boxShadow: '0 1px 0 rgba(255, 255, 255, 0.03)' };
