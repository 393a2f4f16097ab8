/** The same tests as an iPhone and as an Android phone would see them. */
const shared = {
  testMatch: ['<rootDir>/tests/**/*.test.{ts,tsx}'],
  setupFiles: ['<rootDir>/tests/setup.ts'],
  setupFilesAfterEnv: ['<rootDir>/tests/patience.ts'],
  moduleNameMapper: {
    // Its ES modules are for bundlers.
    '^lucide-react-native/icons/(.*)$': '<rootDir>/node_modules/lucide-react-native/dist/cjs/icons/$1.js',
  },
};

module.exports = {
  // The machine may be busy, and the first test waits for Babel.
  testTimeout: 90_000,
  projects: ['ios', 'android'].map((platform) => ({ ...shared, preset: `jest-expo/${platform}`, displayName: platform })),
};
