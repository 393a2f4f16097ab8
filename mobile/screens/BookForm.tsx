import { zodResolver } from '@hookform/resolvers/zod';
import { useEffect, useState } from 'react';
import { Controller, useForm } from 'react-hook-form';
import { StyleSheet, View, type TextInputProps } from 'react-native';

import type { Booked } from '../api/bookings';
import type { Slot } from '../api/client';
import { LOST, place, unsettled } from '../api/orders';
import { explain, hasCode, isUncertain, Unreachable, type Problem } from '../api/problem';
import { currentSession } from '../api/session';
import { space } from '../theme';
import { clock, deviceZone } from '../time/format';
import { Button } from '../ui/Button';
import { Field } from '../ui/Field';
import { Notice } from '../ui/Message';
import { Txt } from '../ui/Txt';
import { customer, draftFor, FIELDS, forgetNotes, keepDraft, type Customer } from './customer';
import type { HoldState } from './useHold';

interface Props {
  expertId: string;
  slot: Slot;
  hold: HoldState;
  /** Answers the token of a hold that is not known yet, or ''. */
  findHold: () => Promise<string>;
  onBooked: (booked: Booked) => void;
  /** The slot cannot be had. */
  onLost: (problem: Problem) => void;
  onPending: (pending: Pending) => void;
}

/** Whether something was sent of which it is not known that it had no effect. */
export type Pending = 'no' | 'sending' | 'unanswered';

export function pendingOf(slotId: string): Pending {
  return unsettled(slotId) ? 'unanswered' : 'no';
}

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

export function BookForm({ expertId, slot, hold, findHold, onBooked, onLost, onPending }: Props) {
  const { control, handleSubmit, setError, setFocus, watch, formState } = useForm<Customer>({
    resolver: zodResolver(customer),
    // Said as one leaves a field, and from then on as one types: what was wrong goes as soon as it is right.
    mode: 'onTouched',
    defaultValues: beginning(expertId, slot.id),
  });
  // Sent from here before, and left without an answer: it is as if that had just happened.
  const [failure, setFailure] = useState<unknown>(() => (unsettled(slot.id) ? new Unreachable() : null));

  useEffect(() => {
    const watching = watch((values) => keepDraft(expertId, values));
    return () => watching.unsubscribe();
  }, [watch, expertId]);

  const submit = handleSubmit(async (values) => {
    setFailure(null);
    onPending('sending');
    const holdToken = hold.phase === 'held' || hold.phase === 'ended' ? hold.token : await findHold();
    try {
      onBooked(await place({ expertId, slotId: slot.id, ...values, holdToken }));
      forgetNotes(expertId);
    } catch (error) {
      onPending(pendingOf(slot.id));
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
          text={said(failure)}
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
        The expert sees your name, email, phone and notes. You can cancel or move it until it begins.
      </Txt>
    </View>
  );
}

/** What a new form begins with: what was sent and is unsettled, else what was typed last. */
function beginning(expertId: string, slotId: string): Customer {
  const sent = unsettled(slotId);
  if (sent) return { name: sent.name, email: sent.email, phone: sent.phone, notes: sent.notes ?? '' };
  const draft = draftFor(expertId);
  return { ...draft, email: draft.email || (currentSession().email ?? '') };
}

function said(failure: unknown): string {
  if (!isUncertain(failure)) return explain(failure);
  const why = failure instanceof Unreachable ? 'No answer came.' : 'Slotline is busy just now.';
  return `${why} Send it again: you will not be booked twice.`;
}

/** The server's words as a sentence of their own. */
function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const styles = StyleSheet.create({
  form: { gap: space.sm + 2, maxWidth: 560 },
});
