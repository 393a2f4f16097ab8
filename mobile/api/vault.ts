import * as SecureStore from 'expo-secure-store';

/** Small secrets, in the phone's keychain or keystore. */
export const vault = {
  read: (name: string): Promise<string | null> => SecureStore.getItemAsync(name),
  write: (name: string, value: string): Promise<void> => SecureStore.setItemAsync(name, value),
  remove: (name: string): Promise<void> => SecureStore.deleteItemAsync(name),
};
