import { useEffect, useRef } from 'react';
import { Platform, type View } from 'react-native';

interface Held {
  element: HTMLElement;
  /** Headings and links before it, the nearest last. */
  before: HTMLElement[];
}

/**
 * What has the focus may go away, as a button that has done its work does, or be no longer of use, as a slot that is taken.
 * The browser would go on from the top of the page: here it goes on from the nearest heading or link before it that is
 * still there. For the browser only.
 */
export function useLostFocus() {
  const area = useRef<View>(null);
  const held = useRef<Held | null>(null);

  useEffect(() => {
    const root = area.current as unknown as HTMLElement | null;
    if (Platform.OS !== 'web' || !root) return undefined;
    const look = () => {
      const { element, before } = held.current ?? {};
      if (!element || !before || (element.isConnected && !element.matches(':disabled'))) return;
      if (document.activeElement !== document.body && document.activeElement !== element) return;
      held.current = null;
      const next = before.findLast((other) => other.isConnected) ?? root.querySelector<HTMLElement>('button:enabled');
      next?.focus({ preventScroll: true });
    };
    const observer = new MutationObserver(look);
    observer.observe(root, { childList: true, subtree: true, attributeFilter: ['disabled'] });
    return () => observer.disconnect();
  }, []);

  return {
    ref: area,
    onFocus: ({ target }: { target: unknown }) => {
      const element = target as HTMLElement;
      const root = area.current as unknown as HTMLElement;
      const all = Array.from(root.querySelectorAll<HTMLElement>('h1, h2, h3, a[href]'));
      held.current = { element, before: all.filter((other) => other.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING) };
    },
    // React hears nothing of what loses the focus because it goes away.
    onBlur: () => void (held.current = null),
  };
}
