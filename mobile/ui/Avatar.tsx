import { StyleSheet, View, type ViewStyle } from 'react-native';

import { avatars } from '../theme';
import { Txt } from './Txt';

/** Initials on one of eight grounds, always the same for an expert; drawn here, so that it needs no picture. */
export function Avatar({ id, name, size = 56 }: { id: string; name: string; size?: number }) {
  const [ground, tint, ink] = avatars[hash(id) % avatars.length] ?? ['#0b6e63', '#138a7c', '#ffffff'];
  const turn = hash(`${id}.`) % 4;
  return (
    <View
      aria-hidden
      style={[styles.frame, { width: size, height: size, borderRadius: size * 0.3, backgroundColor: ground }]}
    >
      <View style={[styles.shape, corner(turn), { width: size * 0.58, height: size * 0.58, backgroundColor: tint }, round(turn, size / 2)]} />
      <Txt
        as="heading"
        allowFontScaling={false}
        style={{ color: ink, fontSize: size * 0.36, lineHeight: size * 0.46, letterSpacing: 0 }}
      >
        {initials(name)}
      </Txt>
    </View>
  );
}

/** In a corner; nothing of it is outside the frame, where it would count as the ground of what stands there. */
function corner(turn: number): ViewStyle {
  return { [turn % 2 ? 'right' : 'left']: 0, [turn < 2 ? 'bottom' : 'top']: 0 };
}

/** The corner opposite, round. */
function round(turn: number, radius: number): ViewStyle {
  return { [`border${turn < 2 ? 'Top' : 'Bottom'}${turn % 2 ? 'Left' : 'Right'}Radius`]: radius };
}

/** First and last word's first letters; surrogate pairs stay whole. */
export function initials(name: string): string {
  const words = name.replace(/\./g, ' ').split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  const letters = words.length > 1 ? [words[0], words.at(-1)].map((word) => [...(word ?? '')][0]) : [...(words[0] ?? '')].slice(0, 2);
  return letters.join('').toUpperCase();
}

function hash(text: string): number {
  let value = 2166136261;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 16777619);
  return (value ^ (value >>> 13)) >>> 0;
}

const styles = StyleSheet.create({
  frame: { alignItems: 'center', justifyContent: 'center', overflow: 'hidden' },
  shape: { position: 'absolute' },
});
