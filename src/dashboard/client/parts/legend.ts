import { h } from 'preact';

/** Which key does what, always in sight. */
export function Legend(props: { keys: readonly (readonly [string, string])[] }) {
  return h(
    'dl',
    { class: 'legend', 'aria-label': 'Keys' },
    props.keys.map(([key, does]) =>
      h('div', { key }, h('dt', null, h('kbd', null, key)), h('dd', null, does)),
    ),
  );
}
