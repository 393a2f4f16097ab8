import { createBottomTabNavigator } from '@react-navigation/bottom-tabs';
import { DarkTheme, DefaultTheme, NavigationContainer, useIsFocused } from '@react-navigation/native';
import { createNativeStackNavigator } from '@react-navigation/native-stack';

import type { ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';

import { BookScreen } from '../screens/BookScreen';
import { BookingsScreen } from '../screens/BookingsScreen';
import { ExpertScreen } from '../screens/ExpertScreen';
import { ExpertsScreen } from '../screens/ExpertsScreen';
import { NotFoundScreen } from '../screens/NotFoundScreen';
import { useTheme } from '../theme';
import { NavBar } from '../ui/NavBar';
import { linking, type BrowseRoutes, type Tabs } from './routes';

const Tab = createBottomTabNavigator<Tabs>();
const Stack = createNativeStackNavigator<BrowseRoutes>();

function Browse() {
  return (
    <Stack.Navigator screenOptions={{ headerShown: false }}>
      <Stack.Screen name="Experts" component={ExpertsScreen} options={{ title: 'Experts' }} />
      <Stack.Screen name="Expert" component={ExpertScreen} options={{ title: 'Expert' }} />
      <Stack.Screen name="Book" component={BookScreen} options={{ title: 'Book' }} />
      <Stack.Screen name="NotFound" component={NotFoundScreen} options={{ title: 'Not found' }} />
    </Stack.Navigator>
  );
}

/** A tab that is not in front is out of the way of the keyboard, too. */
function Shown({ children }: { children: ReactNode }) {
  const shown = useIsFocused();
  return <View style={shown ? styles.shown : styles.hidden}>{children}</View>;
}

const styles = StyleSheet.create({ shown: { flex: 1 }, hidden: { display: 'none' } });

export function Root() {
  const { colors, isDark, wide } = useTheme();
  const own = isDark ? DarkTheme : DefaultTheme;
  const theme = { ...own, colors: { ...own.colors, background: colors.canvas, card: colors.surface, text: colors.ink, border: colors.line, primary: colors.accent } };
  return (
    <NavigationContainer
      linking={linking}
      theme={theme}
      documentTitle={{ formatter: (options) => (options?.title ? `${options.title} · Slotline` : 'Slotline') }}
    >
      <Tab.Navigator
        tabBar={(props) => <NavBar {...props} />}
        screenLayout={({ children }) => <Shown>{children}</Shown>}
        screenOptions={{ headerShown: false, tabBarPosition: wide ? 'top' : 'bottom' }}
      >
        <Tab.Screen name="Browse" component={Browse} options={{ title: 'Experts' }} />
        <Tab.Screen name="Bookings" component={BookingsScreen} options={{ title: 'My bookings' }} />
      </Tab.Navigator>
    </NavigationContainer>
  );
}
