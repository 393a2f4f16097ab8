import { Platform, type TextStyle } from 'react-native';

type Weight = '400' | '500' | '600' | '700';

const NATIVE_TEXT: Record<Weight, string> = {
  '400': 'HankenGrotesk_400Regular',
  '500': 'HankenGrotesk_500Medium',
  '600': 'HankenGrotesk_600SemiBold',
  '700': 'HankenGrotesk_700Bold',
};

/** Phones have a file a weight; the browser has one variable font. */
function text(weight: Weight): TextStyle {
  return Platform.OS === 'web'
    ? { fontFamily: '"Hanken Grotesk", system-ui, sans-serif', fontWeight: weight }
    : { fontFamily: NATIVE_TEXT[weight] };
}

function display(): TextStyle {
  return Platform.OS === 'web'
    ? { fontFamily: '"Bricolage Grotesque", "Hanken Grotesk", system-ui, sans-serif', fontWeight: '700' }
    : { fontFamily: 'BricolageGrotesque_700Bold' };
}

export const type = {
  hero: { ...display(), fontSize: 34, lineHeight: 38, letterSpacing: -0.8 },
  title: { ...display(), fontSize: 26, lineHeight: 31, letterSpacing: -0.5 },
  heading: { ...display(), fontSize: 19, lineHeight: 24, letterSpacing: -0.2 },
  body: { ...text('400'), fontSize: 16, lineHeight: 24 },
  strong: { ...text('600'), fontSize: 16, lineHeight: 24 },
  label: { ...text('600'), fontSize: 14, lineHeight: 20 },
  small: { ...text('500'), fontSize: 13, lineHeight: 18 },
  tiny: { ...text('600'), fontSize: 11, lineHeight: 14, letterSpacing: 0.2 },
  /** Digits of equal width, so that nothing jumps when a time changes. */
  time: { ...text('600'), fontSize: 16, lineHeight: 20, fontVariant: ['tabular-nums'] },
} satisfies Record<string, TextStyle>;

export type TypeName = keyof typeof type;
