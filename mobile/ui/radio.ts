import { Platform } from 'react-native';

interface Key {
  key: string;
  currentTarget: unknown;
  preventDefault: () => void;
}

const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/**
 * The keys that a radio of the browser has: Space chooses it, arrows the one before or after it in its group. Tab comes to
 * the chosen one of a group (`chosen` is left out where there may be none), and from there beyond the group.
 */
export function radioKeys(choose: () => void, chosen = true): object {
  if (Platform.OS !== 'web') return {};
  return {
    tabIndex: chosen ? 0 : -1,
    onKeyDown: (event: Key) => {
      if (event.key === ' ') {
        event.preventDefault();
        return choose();
      }
      const step = STEPS[event.key];
      const here = event.currentTarget as HTMLElement;
      const group = here.closest('[role=radiogroup]');
      if (step === undefined || !group) return;
      event.preventDefault();
      const radios = Array.from(group.querySelectorAll<HTMLElement>('[role=radio]:not([aria-disabled=true])'));
      const next = radios[(radios.indexOf(here) + step + radios.length) % radios.length];
      next?.focus();
      next?.click();
    },
  };
}
