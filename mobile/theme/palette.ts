/** Colours by what they mean. Every text colour has at least 4.5 : 1 on the ground it is used on. */
export interface Palette {
  /** The page behind everything. */
  canvas: string;
  /** Cards, bars and fields. */
  surface: string;
  /** Wells: chips, slots that are gone. */
  sunken: string;
  /** The chosen one of a switch, on a well. */
  lifted: string;
  /** Edges, and skeletons. */
  line: string;
  lineStrong: string;
  ink: string;
  soft: string;
  accent: string;
  onAccent: string;
  accentSoft: string;
  accentInk: string;
  held: string;
  heldSoft: string;
  danger: string;
  dangerSoft: string;
  info: string;
  infoSoft: string;
  star: string;
  /** The glow of something that has just changed: the words on it are to be read all the while. */
  flash: string;
  scrim: string;
  shadow: string;
}

export const light: Palette = {
  canvas: '#f3f6f4',
  surface: '#ffffff',
  sunken: '#e8eeeb',
  lifted: '#ffffff',
  line: '#dbe3df',
  lineStrong: '#b9c6c0',
  ink: '#13211d',
  soft: '#51625c',
  accent: '#0b6e63',
  onAccent: '#ffffff',
  accentSoft: '#d7efe9',
  accentInk: '#07544b',
  held: '#7d5200',
  heldSoft: '#fcefd0',
  danger: '#ab2f24',
  dangerSoft: '#fbe5e1',
  info: '#36489f',
  infoSoft: '#e4e8fb',
  star: '#b87503',
  flash: '#ffdf7d',
  scrim: 'rgba(10, 24, 20, 0.5)',
  shadow: '#0b2a24',
};

export const dark: Palette = {
  canvas: '#0c1412',
  surface: '#15201d',
  sunken: '#1d2a26',
  lifted: '#30423c',
  line: '#263631',
  lineStrong: '#40554e',
  ink: '#e8f0ed',
  soft: '#9fb3ac',
  accent: '#55cdb9',
  onAccent: '#04211c',
  accentSoft: '#12392f',
  accentInk: '#8ce5d4',
  held: '#f2c871',
  heldSoft: '#3a2d10',
  danger: '#ff9a8c',
  dangerSoft: '#40201b',
  info: '#aab8ff',
  infoSoft: '#222b52',
  star: '#f2b84b',
  flash: '#4f4012',
  scrim: 'rgba(0, 0, 0, 0.62)',
  shadow: '#000000',
};

/** Ground, tint and ink of an avatar: one of eight, by the expert's id, the same in light and dark. */
export const avatars: readonly (readonly [ground: string, tint: string, ink: string])[] = [
  ['#0b6e63', '#138a7c', '#e3fbf5'],
  ['#8a3b5c', '#a44f72', '#ffe9f1'],
  ['#3d4fa3', '#5265bd', '#e8ecff'],
  ['#8c4a16', '#a65d25', '#fff0e2'],
  ['#2f6b36', '#42834a', '#e8f9ea'],
  ['#6a3fa0', '#8055b8', '#f3eaff'],
  ['#1f6285', '#30799e', '#e4f5ff'],
  ['#6b5b14', '#837224', '#fff8d9'],
];
