import { signal } from '@preact/signals';

/** Which screen is open: #/product/42 is the screen product with the rest 42. */
function read(): { screen: string; rest: string } {
  const [screen = '', ...rest] = location.hash.replace(/^#\/?/, '').split('/');
  return { screen: screen === '' ? 'overview' : screen, rest: decodeURIComponent(rest.join('/')) };
}

export const route = signal(read());
addEventListener('hashchange', () => {
  route.value = read();
});

export const to = (screen: string, rest = ''): string =>
  rest === '' ? `#/${screen}` : `#/${screen}/${encodeURIComponent(rest)}`;
