import { ScrollView, StyleSheet, View } from 'react-native';

import { useCategories } from '../api/experts';
import { space, useTheme } from '../theme';
import { Chip } from '../ui/Chip';
import { Logo } from '../ui/Logo';
import { SearchField } from '../ui/SearchField';
import { Txt } from '../ui/Txt';

interface Props {
  text: string;
  onText: (text: string) => void;
  category: string | null;
  onCategory: (category: string | null) => void;
  total: number | undefined;
}

/** What one is looking for. */
export function ExpertsHead({ text, onText, category, onCategory, total }: Props) {
  const { wide, width } = useTheme();
  const categories = useCategories().data?.categories ?? [];
  return (
    <View style={[styles.head, wide && styles.wide]}>
      {!wide && <Logo />}
      <View style={[styles.lead, wide && styles.row]}>
        <Txt as="hero" level={1} style={wide ? styles.big : width < 380 && styles.small}>
          An hour with someone{'\n'}who knows.
        </Txt>
        <View style={wide && styles.search}>
          <SearchField value={text} onChange={onText} label="Search by name" />
        </View>
      </View>
      <ScrollView
        horizontal
        role="radiogroup"
        aria-label="Category"
        showsHorizontalScrollIndicator={false}
        style={styles.strip}
        contentContainerStyle={styles.chips}
        keyboardShouldPersistTaps="handled"
      >
        <Chip label="All" selected={category === null} onPress={() => onCategory(null)} />
        {categories.map(({ name, experts }) => (
          <Chip key={name} label={name} count={experts} selected={name === category} onPress={() => onCategory(name === category ? null : name)} />
        ))}
      </ScrollView>
      <Txt as="small" color="soft" level={2} aria-live="polite">
        {total === undefined ? ' ' : counted(total, category)}
      </Txt>
    </View>
  );
}

function counted(total: number, category: string | null): string {
  const where = category ? ` in ${category}` : '';
  if (total === 0) return `No experts${where}`;
  return total === 1 ? `1 expert${where}` : `${total} experts${where}, best rated first`;
}

const styles = StyleSheet.create({
  head: { gap: space.md, paddingTop: space.md },
  wide: { paddingTop: space.xxl, gap: space.lg },
  lead: { gap: space.md },
  row: { flexDirection: 'row', alignItems: 'flex-end', justifyContent: 'space-between' },
  big: { fontSize: 48, lineHeight: 50, letterSpacing: -1.4 },
  /** So that a line is not left with one word. */
  small: { fontSize: 30, lineHeight: 34 },
  search: { width: 400 },
  strip: { flexGrow: 0, flexShrink: 0, marginHorizontal: -space.md },
  chips: { gap: space.sm, paddingHorizontal: space.md },
});
