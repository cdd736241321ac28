import { h, render } from 'preact';
import { App } from './app.ts';

// the link's key was used: it does not stay in the address, from where it would go into histories and pictures
if (location.search !== '') history.replaceState(null, '', location.pathname + location.hash);

const place = document.getElementById('page');
if (place !== null) {
  place.replaceChildren();
  render(h(App, null), place);
}
