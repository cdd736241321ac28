import { useLayoutEffect, useRef } from 'preact/hooks';

/** Keys that count wherever the focus is, but where something is typed or pressed. */
export function useKeys(on: boolean, press: (key: string) => unknown): void {
  const latest = useRef(press);
  latest.current = press;
  // before the paint: a key that is pressed as soon as the next name shows would be lost
  useLayoutEffect(() => {
    if (!on) return;
    const listen = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (target.closest('input:not([type="checkbox"]), textarea, select, dialog')) return;
      // space and Enter press the button or open what has the focus
      if (event.key === ' ' && target.closest('button, a, summary, input')) return;
      if (latest.current(event.key) !== false && /^([a-z/ 1-9]|Backspace)$/.test(event.key))
        event.preventDefault();
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, [on]);
}
