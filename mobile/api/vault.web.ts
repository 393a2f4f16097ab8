/**
 * Small secrets, for as long as the browser's tab is open. A browser has no keychain, and the next person at this
 * computer is not to find one's bookings; a new code is one mail away.
 */
export const vault = {
  read: async (name: string): Promise<string | null> => guarded(() => sessionStorage.getItem(name)),
  write: async (name: string, value: string): Promise<void> => void guarded(() => sessionStorage.setItem(name, value)),
  remove: async (name: string): Promise<void> => void guarded(() => sessionStorage.removeItem(name)),
};

/** Storage may be switched off; then nothing is remembered. */
function guarded<T>(act: () => T): T | null {
  try {
    return act();
  } catch {
    return null;
  }
}
