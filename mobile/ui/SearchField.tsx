import { useRef, useState } from 'react';
import { Pressable, StyleSheet, TextInput, View } from 'react-native';

import { radius, type, useTheme } from '../theme';
import { Icon } from './Icon';

interface Props {
  value: string;
  onChange: (text: string) => void;
  label: string;
}

export function SearchField({ value, onChange, label }: Props) {
  const { colors, raised } = useTheme();
  const [focused, setFocused] = useState(false);
  const input = useRef<TextInput>(null);
  const clear = () => {
    onChange('');
    input.current?.focus();
  };
  return (
    <View style={[styles.box, raised, { backgroundColor: colors.surface, borderColor: focused ? colors.accent : colors.line }]}>
      <Icon name="search" size={20} color="soft" />
      <TextInput
        ref={input}
        value={value}
        onChangeText={onChange}
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
        accessibilityLabel={label}
        placeholder={label}
        placeholderTextColor={colors.soft}
        selectionColor={colors.accent}
        maxFontSizeMultiplier={1.6}
        role="searchbox"
        inputMode="search"
        enterKeyHint="search"
        autoCorrect={false}
        autoComplete="off"
        maxLength={100}
        style={[type.body, styles.input, { color: colors.ink }]}
      />
      {value !== '' && (
        <Pressable role="button" aria-label="Clear the search" hitSlop={12} onPress={clear}>
          <Icon name="close" size={18} color="soft" />
        </Pressable>
      )}
    </View>
  );
}

const styles = StyleSheet.create({
  box: { flexDirection: 'row', alignItems: 'center', gap: 10, minHeight: 52, paddingHorizontal: 16, borderRadius: radius.lg, borderWidth: 1.5 },
  input: { flex: 1, minWidth: 0, paddingVertical: 12 },
});
