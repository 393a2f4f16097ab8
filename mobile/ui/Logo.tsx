import { View } from 'react-native';
import Svg, { Rect } from 'react-native-svg';

import { useTheme } from '../theme';
import { Txt } from './Txt';

/** Three slots of a day, the middle one yours. */
export function Logo({ word = true }: { word?: boolean }) {
  const { colors } = useTheme();
  return (
    <View role="img" aria-label="Slotline" style={{ flexDirection: 'row', alignItems: 'center', gap: 9 }}>
      <Svg width={26} height={26} viewBox="0 0 26 26" aria-hidden>
        <Rect x={1.25} y={3.25} width={17} height={4.5} rx={2.25} fill="none" stroke={colors.accent} strokeWidth={1.5} />
        <Rect x={6} y={10} width={20} height={6} rx={3} fill={colors.accent} />
        <Rect x={1.25} y={18.25} width={17} height={4.5} rx={2.25} fill="none" stroke={colors.accent} strokeWidth={1.5} />
      </Svg>
      {word && <Txt as="heading">Slotline</Txt>}
    </View>
  );
}
