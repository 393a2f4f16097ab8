/** In the browser the style sheet brings the fonts (scripts/web.mjs), and text is there before them. */
export function useAppFonts(): boolean {
  return true;
}
