import { QueryClientProvider } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { StatusBar } from 'react-native';
import { SafeAreaProvider } from 'react-native-safe-area-context';

import { keepSeen, restoreSeen } from './api/keep';
import { queries } from './api/queries';
import { restoreSession } from './api/session';
import { useSurroundings } from './live';
import { Root } from './navigation/Root';
import { useAppFonts } from './theme/fonts';

export default function App() {
  const fonts = useAppFonts();
  const [restored, setRestored] = useState(false);
  useSurroundings();
  useEffect(() => {
    void Promise.all([restoreSeen(queries), restoreSession()]).then(() => setRestored(true));
    return keepSeen(queries);
  }, []);
  if (!fonts || !restored) return null;
  return (
    <SafeAreaProvider>
      <QueryClientProvider client={queries}>
        <StatusBar barStyle="default" translucent backgroundColor="transparent" />
        <Root />
      </QueryClientProvider>
    </SafeAreaProvider>
  );
}
