import { Linking, Platform, Pressable, StyleSheet } from 'react-native';

import { radius, space, TOUCH, useTheme } from '../theme';
import { Icon, type IconName } from './Icon';
import type { PressState } from './press';
import { Txt } from './Txt';

interface Props {
  href: string;
  icon: IconName;
  text: string;
  label: string;
}

/** A mail or phone link: a true link in the browser, the phone's own app elsewhere. */
export function ContactLink({ href, icon, text, label }: Props) {
  const { colors } = useTheme();
  const go = Platform.OS === 'web' ? { href } : { onPress: () => void Linking.openURL(href).catch(() => undefined) };
  return (
    <Pressable
      role="link"
      aria-label={label}
      {...go}
      style={({ pressed, hovered }: PressState) => [styles.link, (pressed || hovered) && { backgroundColor: colors.sunken }]}
    >
      <Icon name={icon} size={16} color="accent" />
      <Txt as="label" color="accent" numberOfLines={1} style={styles.text}>
        {text}
      </Txt>
    </Pressable>
  );
}

const styles = StyleSheet.create({
  link: { flexDirection: 'row', alignItems: 'center', gap: 8, minHeight: TOUCH - 4, paddingHorizontal: space.sm, marginLeft: -space.sm, borderRadius: radius.sm, flexShrink: 1 },
  text: { flexShrink: 1 },
});
