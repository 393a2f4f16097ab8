import { useEffect, useRef, useState } from 'react';
import { StyleSheet, View, type TextInput } from 'react-native';

import { askForCode, giveCode } from '../api/bookings';
import { forgetOrders } from '../api/orders';
import { explain, hasCode } from '../api/problem';
import { queries } from '../api/queries';
import { leaveEmail, signIn, signOut, useSession } from '../api/session';
import { radius, space, useTheme } from '../theme';
import { Button } from '../ui/Button';
import { Field } from '../ui/Field';
import { Icon } from '../ui/Icon';
import { Txt } from '../ui/Txt';
import { email as emailRule, forgetDrafts } from './customer';
import { LeaveDialog } from './LeaveDialog';

/** Whose bookings: an email, and where the server asks for it the code that was sent there. */
export function EmailCard({ needsProof }: { needsProof: boolean }) {
  const { colors, raised } = useTheme();
  const { email, bookings } = useSession();
  const made = Object.keys(bookings).length;
  const [leaving, setLeaving] = useState(false);
  /** The person has just typed the email and waits: then the code goes out without another tap. */
  const [waiting, setWaiting] = useState(false);
  /** The person has just left another email, and wants to type one. */
  const [left, setLeft] = useState(false);
  const card = [styles.card, raised, { backgroundColor: colors.surface, borderColor: colors.line }];
  if (email === null) return <View style={card}><EmailForm ready={left} onDone={() => setWaiting(true)} /></View>;
  const other = () => (made > 0 ? setLeaving(true) : leave(false));
  return (
    <>
      {needsProof ? (
        <View style={card}><ProofForm email={email} atOnce={waiting} onOther={other} /></View>
      ) : (
        <View style={[styles.line, { borderColor: colors.line }]}>
          <Icon name="mail" size={17} color="soft" />
          <Txt as="label" style={styles.grow} numberOfLines={1}>
            {email}
          </Txt>
          <Button label="Use another" hint="Use another email" kind="quiet" onPress={other} />
        </View>
      )}
      {leaving && <LeaveDialog count={made} onKeep={() => leave(true)} onForget={() => leave(false)} onClose={() => setLeaving(false)} />}
    </>
  );

  /** What was typed and sent goes in either case; the bookings that were made here only if they are not kept. */
  function leave(keep: boolean): void {
    setLeaving(false);
    setWaiting(false);
    setLeft(true);
    forgetDrafts();
    forgetOrders();
    queries.removeQueries({ queryKey: keep ? ['bookings', email] : ['bookings'] });
    void (keep ? leaveEmail() : signOut());
  }
}

function EmailForm({ ready, onDone }: { ready: boolean; onDone: () => void }) {
  const [text, setText] = useState('');
  const [error, setError] = useState<string>();
  const check = (): string | null => {
    const { success, data, error: fault } = emailRule.safeParse(text);
    setError(success ? undefined : fault.issues[0]?.message);
    return success ? data : null;
  };
  const submit = () => {
    const email = check();
    if (email === null) return;
    onDone();
    void signIn(email, null);
  };
  return (
    <>
      <Txt as="heading" level={2}>
        Find your bookings
      </Txt>
      <Field
        label="Email"
        autoFocus={ready}
        help="The one you booked with"
        value={text}
        onChangeText={(next) => {
          setText(next);
          setError(undefined);
        }}
        onBlur={() => text && check()}
        error={error}
        inputMode="email"
        autoComplete="email"
        autoCapitalize="none"
        autoCorrect={false}
        onSubmitEditing={submit}
        testID="find-email"
      />
      <Button label="Show my bookings" onPress={submit} />
    </>
  );
}

/** Seconds between two codes. */
const PAUSE = 30;

function ProofForm({ email, atOnce, onOther }: { email: string; atOnce: boolean; onOther: () => void }) {
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [code, setCode] = useState('');
  const [error, setError] = useState<string>();
  const [pause, setPause] = useState(0);
  const input = useRef<TextInput>(null);

  const attempt = async (act: () => Promise<void>) => {
    setBusy(true);
    setError(undefined);
    try {
      await act();
    } catch (fault) {
      const wrong = hasCode(fault, 'unauthenticated');
      if (wrong) setCode('');
      setError(wrong ? 'This code is wrong or over. Check it, or have another sent.' : explain(fault));
    } finally {
      setBusy(false);
    }
  };
  const ask = () =>
    attempt(async () => {
      await askForCode(email);
      setAsked(true);
      setCode('');
      setPause(PAUSE);
      setTimeout(() => input.current?.focus(), 50);
    });
  const give = (digits: string) => attempt(() => giveCode(email, digits));

  const sent = useRef(false);
  useEffect(() => {
    if (!atOnce || sent.current) return;
    sent.current = true;
    void ask();
  });
  useEffect(() => {
    if (pause === 0) return undefined;
    const timer = setTimeout(() => setPause(pause - 1), 1_000);
    return () => clearTimeout(timer);
  }, [pause]);

  const type = (text: string) => {
    const digits = text.replace(/\D/g, '').slice(0, 6);
    setCode(digits);
    setError(undefined);
    if (digits.length === 6 && code.length < 6 && !busy) void give(digits);
  };
  return (
    <>
      <View style={styles.row}>
        <Icon name="shield" size={22} color="accent" />
        <Txt as="heading" level={2} style={styles.grow}>
          Is it you?
        </Txt>
      </View>
      {asked ? (
        <>
          <Txt color="soft">
            We have sent a code to <Txt as="strong">{email}</Txt>. Type its six digits.
          </Txt>
          <Field
            ref={input}
            label="Code"
            value={code}
            onChangeText={type}
            error={error}
            inputMode="numeric"
            autoComplete="one-time-code"
            textContentType="oneTimeCode"
            maxLength={8}
            onSubmitEditing={() => code.length === 6 && !busy && void give(code)}
            testID="code"
          />
          <Button label="Show my bookings" busy={busy} disabled={code.length < 6} onPress={() => void give(code)} />
          <Button label={pause ? `Another code in ${pause} s` : 'Send another code'} kind="quiet" disabled={pause > 0 || busy} onPress={() => void ask()} />
        </>
      ) : (
        <>
          <Txt color="soft">
            To show all bookings of <Txt as="strong">{email}</Txt> we send a one-time code there.
          </Txt>
          {error && (
            <Txt as="small" color="danger" aria-live="polite">
              {error}
            </Txt>
          )}
          <Button label="Send me a code" icon="mail" busy={busy} onPress={() => void ask()} />
        </>
      )}
      <Button label="Use another email" kind="quiet" onPress={onOther} />
    </>
  );
}

const styles = StyleSheet.create({
  card: { borderRadius: radius.lg, borderWidth: 1, padding: space.md + 4, gap: space.sm + 4 },
  line: { flexDirection: 'row', alignItems: 'center', gap: 10, borderBottomWidth: 1, paddingBottom: space.xs },
  row: { flexDirection: 'row', alignItems: 'center', gap: 10 },
  grow: { flex: 1 },
});
