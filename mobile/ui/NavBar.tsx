import type { BottomTabBarProps } from '@react-navigation/bottom-tabs';
import { Pressable, StyleSheet, View } from 'react-native';
import { useSafeAreaInsets } from 'react-native-safe-area-context';

import { radius, space, useTheme } from '../theme';
import { Icon, type IconName } from './Icon';
import { Logo } from './Logo';
import { useGutter } from './Page';
import { linkTo, type PressState } from './press';
import { Txt } from './Txt';

const icons: Record<string, IconName> = { Browse: 'search', Bookings: 'bookings' };

/** The tabs: below on a phone, beside the logo on a wide screen. */
export function NavBar({ state, descriptors, navigation }: BottomTabBarProps) {
  const { colors, wide } = useTheme();
  const { bottom } = useSafeAreaInsets();
  const gutter = useGutter();
  const tabs = state.routes.map((route, index) => {
    const selected = state.index === index;
    const title = descriptors[route.key]?.options.title ?? route.name;
    const go = () => {
      const event = navigation.emit({ type: 'tabPress', target: route.key, canPreventDefault: true });
      if (!event.defaultPrevented) navigation.navigate(route.name, selected ? undefined : route.params);
    };
    return (
      <Pressable
        key={route.key}
        role="link"
        aria-current={selected ? 'page' : undefined}
        aria-label={title}
        {...linkTo(route.name === 'Bookings' ? '/bookings' : '/', go)}
        style={({ hovered }: PressState) => [wide ? styles.link : styles.tab, hovered && wide && { backgroundColor: colors.sunken }]}
      >
        <View style={[!wide && styles.mark, !wide && selected && { backgroundColor: colors.accentSoft }]}>
          <Icon name={icons[route.name] ?? 'search'} size={20} color={selected ? 'accent' : 'soft'} />
        </View>
        <Txt as={wide ? 'label' : 'tiny'} color={selected ? 'accent' : 'soft'} maxFontSizeMultiplier={1.4}>
          {title}
        </Txt>
      </Pressable>
    );
  });
  const ground = { backgroundColor: colors.surface, borderColor: colors.line };
  if (wide) {
    return (
      <View role="navigation" style={[styles.top, ground, { paddingHorizontal: gutter }]}>
        <Logo />
        <View style={styles.links}>{tabs}</View>
      </View>
    );
  }
  return (
    <View role="navigation" style={[styles.bottom, ground, { paddingBottom: Math.max(bottom, space.xs) }]}>
      {tabs}
    </View>
  );
}

const styles = StyleSheet.create({
  top: { flexDirection: 'row', alignItems: 'center', justifyContent: 'space-between', height: 68, borderBottomWidth: 1 },
  links: { flexDirection: 'row', gap: space.sm },
  link: { flexDirection: 'row', alignItems: 'center', gap: space.sm, minHeight: 44, paddingHorizontal: space.md, borderRadius: radius.md },
  bottom: { flexDirection: 'row', borderTopWidth: 1, paddingTop: 6 },
  tab: { flex: 1, alignItems: 'center', gap: 2, minHeight: 50 },
  mark: { paddingHorizontal: 18, paddingVertical: 4, borderRadius: radius.pill },
});
