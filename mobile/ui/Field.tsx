import { useId, useState } from 'react';
import { StyleSheet, TextInput, View, type TextInputProps } from 'react-native';

import { radius, space, type, useTheme } from '../theme';
import { Icon } from './Icon';
import { Txt } from './Txt';

interface Props extends TextInputProps {
  label: string;
  /** Why this is asked, or how it is written. */
  help?: string;
  error?: string | undefined;
  optional?: boolean;
  ref?: React.Ref<TextInput>;
}

/** A text field with its label above and what is wrong with it below, said by screen readers as it appears. */
export function Field({ label, help, error, optional = false, multiline, onFocus, onBlur, ...rest }: Props) {
  const { colors } = useTheme();
  const [focused, setFocused] = useState(false);
  const id = useId();
  const edge = error ? colors.danger : focused ? colors.accent : colors.lineStrong;
  return (
    <View style={styles.field}>
      <View style={styles.head}>
        <Txt as="label" nativeID={`${id}-label`}>
          {label}
        </Txt>
        {optional && (
          <Txt as="small" color="soft">
            Optional
          </Txt>
        )}
      </View>
      <TextInput
        maxFontSizeMultiplier={2}
        accessibilityLabel={label}
        aria-invalid={error !== undefined}
        aria-required={!optional}
        aria-describedby={`${id}-note`}
        placeholderTextColor={colors.soft}
        selectionColor={colors.accent}
        multiline={multiline}
        {...rest}
        onFocus={(event) => {
          setFocused(true);
          onFocus?.(event);
        }}
        onBlur={(event) => {
          setFocused(false);
          onBlur?.(event);
        }}
        style={[
          type.body,
          styles.input,
          multiline && styles.tall,
          { color: colors.ink, backgroundColor: colors.surface, borderColor: edge },
        ]}
      />
      <View nativeID={`${id}-note`} aria-live="polite" style={styles.note}>
        {error ? (
          <>
            <Icon name="alert" size={14} color="danger" />
            <Txt as="small" color="danger" style={styles.grow} testID={`error-${rest.testID ?? label}`}>
              {error}
            </Txt>
          </>
        ) : (
          help && (
            <Txt as="small" color="soft">
              {help}
            </Txt>
          )
        )}
      </View>
    </View>
  );
}

const styles = StyleSheet.create({
  field: { gap: space.xs + 2 },
  head: { flexDirection: 'row', justifyContent: 'space-between', alignItems: 'baseline' },
  input: { minHeight: 48, borderWidth: 1.5, borderRadius: radius.md, paddingHorizontal: 14, paddingVertical: 10 },
  tall: { minHeight: 96, textAlignVertical: 'top' },
  note: { minHeight: 18, flexDirection: 'row', alignItems: 'center', gap: 6 },
  grow: { flexShrink: 1 },
});
