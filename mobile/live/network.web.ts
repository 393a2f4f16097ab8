/** Tells what the browser says about its network, now and whenever that changes. */
export function watchNetwork(tell: (online: boolean) => void): () => void {
  const look = () => tell(navigator.onLine);
  look();
  window.addEventListener('online', look);
  window.addEventListener('offline', look);
  return () => {
    window.removeEventListener('online', look);
    window.removeEventListener('offline', look);
  };
}
