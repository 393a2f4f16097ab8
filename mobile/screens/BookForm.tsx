import { zodResolver } from '@hookform/resolvers/zod';
import { useEffect, useRef, useState } from 'react';
import { Controller, useForm } from 'react-hook-form';
import { StyleSheet, View, type TextInputProps } from 'react-native';

import { book, type Booked, type Order } from '../api/bookings';
import type { Slot } from '../api/client';
import { explain, hasCode, Problem, Unreachable } from '../api/problem';
import { currentSession } from '../api/session';
import { space } from '../theme';
import { clock, deviceZone } from '../time/format';
import { Button } from '../ui/Button';
import { Field } from '../ui/Field';
import { Notice } from '../ui/Message';
import { Txt } from '../ui/Txt';
import { customer, draft, FIELDS, type Customer } from './customer';
import type { HoldState } from './useHold';

interface Props {
  expertId: string;
  slot: Slot;
  idempotencyKey: string;
  hold: HoldState;
  onBooked: (booked: Booked) => void;
  /** The slot cannot be had. */
  onLost: (problem: Problem) => void;
}

const LOST = ['slot-taken', 'slot-held', 'slot-past', 'slot-closed', 'hold-expired', 'slot-not-found', 'expert-not-found'];

const inputs: Record<(typeof FIELDS)[number], TextInputProps & { label: string; help?: string; optional?: boolean }> = {
  name: { label: 'Name', help: 'As the expert should call you', autoComplete: 'name', textContentType: 'name', autoCapitalize: 'words', maxLength: 100 },
  email: {
    label: 'Email',
    help: 'Finds your booking again, on any device',
    autoComplete: 'email',
    textContentType: 'emailAddress',
    inputMode: 'email',
    autoCapitalize: 'none',
    autoCorrect: false,
    maxLength: 254,
  },
  phone: { label: 'Phone', help: 'For when something comes up', autoComplete: 'tel', textContentType: 'telephoneNumber', inputMode: 'tel', maxLength: 40 },
  notes: { label: 'Notes', optional: true, multiline: true, maxLength: 1000, help: 'What should the expert know beforehand?' },
};

export function BookForm({ expertId, slot, idempotencyKey, hold, onBooked, onLost }: Props) {
  const { control, handleSubmit, setError, setFocus, watch, formState } = useForm<Customer>({
    resolver: zodResolver(customer),
    // Said as one leaves a field, and from then on as one types: what was wrong goes as soon as it is right.
    mode: 'onTouched',
    defaultValues: { ...draft.current, email: draft.current.email || (currentSession().email ?? '') },
  });
  const [failure, setFailure] = useState<unknown>(null);
  /** What may have gone through although no answer came: under one key only the same may be sent again. */
  const uncertain = useRef<Order | null>(null);

  useEffect(() => {
    const watching = watch((values) => {
      draft.current = { ...draft.current, ...values };
    });
    return () => watching.unsubscribe();
  }, [watch]);

  const send = async (order: Order): Promise<Booked> => {
    try {
      return await book(order, idempotencyKey);
    } catch (error) {
      if (error instanceof Unreachable) uncertain.current ??= order;
      const earlier = uncertain.current;
      if (hasCode(error, 'idempotency-key-reused') && earlier) return book(earlier, idempotencyKey);
      throw error;
    }
  };

  const submit = handleSubmit(async (values) => {
    setFailure(null);
    const holdToken = hold.phase === 'held' ? hold.token : '';
    try {
      onBooked(await send({ expertId, slotId: slot.id, ...values, holdToken }));
      draft.current = { ...draft.current, notes: '' };
    } catch (error) {
      if (hasCode(error, ...LOST)) return onLost(error);
      if (hasCode(error, 'validation-failed')) {
        const faulty = FIELDS.filter((field) => error.fields[field]);
        for (const field of faulty) setError(field, { type: 'server', message: sentence(error.fields[field] ?? '') });
        if (faulty[0]) return setFocus(faulty[0]);
      }
      setFailure(error);
    }
  });

  const zone = deviceZone();
  return (
    <View style={styles.form}>
      <Txt as="title" level={2}>
        Your details
      </Txt>
      {FIELDS.map((name) => (
        <Controller
          key={name}
          control={control}
          name={name}
          render={({ field: { ref, value, onChange, onBlur }, fieldState: { error } }) => (
            <Field
              {...inputs[name]}
              ref={ref}
              value={value}
              onChangeText={onChange}
              onBlur={onBlur}
              error={error?.message}
              editable={!formState.isSubmitting}
              testID={name}
              onSubmitEditing={name === 'notes' ? undefined : () => void submit()}
            />
          )}
        />
      ))}
      {failure !== null && (
        <Notice
          icon={failure instanceof Unreachable ? 'offline' : 'alert'}
          tone="danger"
          text={failure instanceof Unreachable ? 'No answer came. Send it again: you will not be booked twice.' : explain(failure)}
        />
      )}
      <Button
        label={failure !== null ? 'Send again' : `Book ${clock(slot.start, zone)}`}
        icon="check"
        busy={formState.isSubmitting}
        onPress={() => void submit()}
        testID="submit"
      />
      <Txt as="small" color="soft" center>
        The expert sees your name, email, phone and notes. You can cancel or move it any time before it begins.
      </Txt>
    </View>
  );
}

/** The server's words as a sentence of their own. */
function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const styles = StyleSheet.create({
  form: { gap: space.sm + 2, maxWidth: 560 },
});
