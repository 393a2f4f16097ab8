import Constants from 'expo-constants';
import { Platform } from 'react-native';

/** Where the API is, without a slash at the end. */
export const base = findBase();

function findBase(): string {
  const given = process.env.EXPO_PUBLIC_API_URL;
  if (given) return given.replace(/\/+$/, '');
  if (Platform.OS === 'web') return window.location.origin;
  // Expo Go knows the computer that Metro runs on; the server of `make run` is on the same one.
  const metro = Constants.expoConfig?.hostUri?.split(':')[0];
  return `http://${metro ?? 'localhost'}:8000`;
}

export const liveUrl = `${base.replace(/^http/, 'ws')}/api/live`;
