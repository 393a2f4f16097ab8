import type { LinkingOptions, NavigatorScreenParams } from '@react-navigation/native';

export type BrowseRoutes = {
  Experts: undefined;
  Expert: { id: string };
  Book: { id: string; slotId: string };
  NotFound: undefined;
};

export type Tabs = {
  Browse: NavigatorScreenParams<BrowseRoutes> | undefined;
  Bookings: undefined;
};

/** Addresses hold ids of experts and slots, and nothing about a person. */
export const linking: LinkingOptions<Tabs> = {
  prefixes: ['slotline://'],
  config: {
    screens: {
      Browse: {
        initialRouteName: 'Experts',
        screens: {
          Experts: { path: '', alias: ['experts'] },
          Expert: 'experts/:id',
          Book: 'experts/:id/book/:slotId',
          NotFound: '*',
        },
      },
      Bookings: 'bookings',
    },
  },
};
