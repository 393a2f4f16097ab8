import { avatars, dark, light, type Palette } from '../theme/palette';

/** Relative luminance (WCAG 2.2). */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [more = 0, less = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (more + 0.05) / (less + 0.05);
}

const used: Partial<Record<keyof Palette, (keyof Palette)[]>> = {
  canvas: ['ink', 'soft', 'accent', 'held', 'danger'],
  surface: ['ink', 'soft', 'accent', 'held', 'danger'],
  sunken: ['ink', 'soft', 'accent'],
  lifted: ['ink', 'soft'],
  accent: ['onAccent'],
  accentSoft: ['ink', 'accent', 'accentInk'],
  heldSoft: ['held'],
  dangerSoft: ['danger'],
  infoSoft: ['info'],
  flash: ['ink', 'soft', 'accent', 'held'],
  ink: ['canvas'],
};

/** In the dark "Taken" had 2.3 : 1 on the glow that shows that it has just been taken. */
test.each([['light', light], ['dark', dark]])('in %s every word can be read on every ground it is on', (_, palette) => {
  const faint = Object.entries(used).flatMap(([ground, inks]) =>
    inks
      .map((ink) => [ink, ground, contrast(palette[ink], palette[ground as keyof Palette])] as const)
      .filter(([, , ratio]) => ratio < 4.5),
  );
  expect(faint).toEqual([]);
});

test('so can the initials of an avatar, which are large', () => {
  for (const [ground, tint, ink] of avatars) {
    expect(Math.min(contrast(ink, ground), contrast(ink, tint))).toBeGreaterThanOrEqual(3);
  }
});
