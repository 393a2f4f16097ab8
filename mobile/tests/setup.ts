jest.mock('@react-native-async-storage/async-storage', () =>
  require('@react-native-async-storage/async-storage/jest/async-storage-mock'),
);
jest.mock('react-native-safe-area-context', () => require('react-native-safe-area-context/jest/mock').default);
jest.mock('expo-crypto', () => {
  let count = 0;
  return { getRandomBytes: (length: number) => new Uint8Array(length).fill((count += 1)) };
});
