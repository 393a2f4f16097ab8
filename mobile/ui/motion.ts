import { useEffect, useRef, useState } from 'react';
import { AccessibilityInfo, Animated, Easing, Platform } from 'react-native';

/** The browser has no native driver, and says so at length. */
const useNativeDriver = Platform.OS !== 'web';

export function useReducedMotion(): boolean {
  const [reduced, setReduced] = useState(false);
  useEffect(() => {
    void AccessibilityInfo.isReduceMotionEnabled().then(setReduced);
    const listening = AccessibilityInfo.addEventListener('reduceMotionChanged', setReduced);
    return () => listening.remove();
  }, []);
  return reduced;
}

/** 1 at each change of `count`, and then fading to 0: for the glow of what has just changed. */
export function useFlash(count: number): Animated.Value {
  const [value] = useState(() => new Animated.Value(0));
  const seen = useRef(count);
  useEffect(() => {
    if (count === seen.current) return;
    seen.current = count;
    value.setValue(1);
    Animated.timing(value, { toValue: 0, duration: 1600, delay: 250, easing: Easing.out(Easing.quad), useNativeDriver }).start();
  }, [count, value]);
  return value;
}

/** From 0 to 1 once: for what has just appeared. */
export function useEntrance(duration = 320): Animated.Value {
  const reduced = useReducedMotion();
  const [value] = useState(() => new Animated.Value(0));
  useEffect(() => {
    Animated.timing(value, { toValue: 1, duration: reduced ? 0 : duration, easing: Easing.out(Easing.cubic), useNativeDriver }).start();
  }, [value, duration, reduced]);
  return value;
}

/** Breathing between 0.45 and 1: for what is still loading, and for the dot that says Live. */
export function usePulse(period = 900): Animated.Value {
  const reduced = useReducedMotion();
  const [value] = useState(() => new Animated.Value(1));
  useEffect(() => {
    if (reduced) return undefined;
    const half = (toValue: number) =>
      Animated.timing(value, { toValue, duration: period, easing: Easing.inOut(Easing.sin), useNativeDriver });
    const loop = Animated.loop(Animated.sequence([half(0.45), half(1)]));
    loop.start();
    return () => loop.stop();
  }, [value, period, reduced]);
  return value;
}
