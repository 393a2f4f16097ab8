import { addNetworkStateListener } from 'expo-network';

/** Tells what the device says about its network, now and whenever that changes. */
export function watchNetwork(tell: (online: boolean) => void): () => void {
  const subscription = addNetworkStateListener(({ isConnected }) => tell(isConnected !== false));
  return () => subscription.remove();
}
