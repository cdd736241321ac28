import { type FunctionComponent, h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Me } from '../../database/dashboard/shapes.ts';
import { ask, mayChange, me, signIn, signOut } from './api.ts';
import { Notice, sayProblem } from './parts/actions.ts';
import { Field } from './parts/basics.ts';
import { route, to } from './route.ts';

interface Screen {
  title: string;
  what: string;
  load(): Promise<FunctionComponent>;
}

const screens: Readonly<Record<string, Screen>> = {
  overview: {
    title: 'Overview',
    what: 'What the layers did, and whether all is well',
    load: async () => (await import('./screens/overview.ts')).Overview,
  },
  review: {
    title: 'Review',
    what: 'Judge answers: what proves a promise',
    load: async () => (await import('./screens/review.ts')).Review,
  },
  thresholds: {
    title: 'Thresholds',
    what: 'From which confidence on the local layer answers',
    load: async () => (await import('./screens/thresholds.ts')).Thresholds,
  },
  models: {
    title: 'Models',
    what: 'Which model answers, and what the gate said',
    load: async () => (await import('./screens/models.ts')).Models,
  },
  taxonomy: {
    title: 'Taxonomy',
    what: 'The tree, what lies in it, and its changes',
    load: async () => (await import('./screens/taxonomy.ts')).Taxonomy,
  },
  ledger: {
    title: 'Ledger',
    what: 'What the LLM has cost',
    load: async () => (await import('./screens/ledger.ts')).Ledger,
  },
  product: {
    title: 'Product',
    what: 'Why a product says what it says',
    load: async () => (await import('./screens/product.ts')).Product,
  },
};

/** The screen as it is loaded; null: it comes. */
function useScreen(name: string): FunctionComponent | null {
  const [loaded, setLoaded] = useState<{ name: string; of: FunctionComponent } | null>(null);
  useEffect(() => {
    let over = false;
    const screen = screens[name] ?? (screens.overview as Screen);
    screen.load().then((of) => {
      if (over) return;
      setLoaded({ name, of });
      // when the first one stands, so that the others open at once
      setTimeout(() => Object.values(screens).forEach(({ load }) => void load()), 1000);
    }, sayProblem);
    return () => {
      over = true;
    };
  }, [name]);
  return loaded?.name === name ? loaded.of : null;
}

function who({ name, role }: Me): string {
  return `${name ?? 'this machine'}${mayChange() ? '' : ', reading only'}${role === null ? '' : ` · ${role}`}`;
}

function Navigation(props: { open: string }) {
  useEffect(() => {
    // on a narrow screen the row of screens is longer than it is wide
    document.querySelector('nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [props.open]);
  return h(
    'nav',
    { 'aria-label': 'Screens' },
    h(
      'ul',
      null,
      Object.entries(screens).map(([name, { title }]) =>
        h(
          'li',
          { key: name },
          h('a', { href: to(name), 'aria-current': name === props.open ? 'page' : undefined }, title),
        ),
      ),
    ),
  );
}

function SignIn() {
  const [token, setToken] = useState('');
  const [wrong, setWrong] = useState(false);
  const enter = async (event: Event) => {
    event.preventDefault();
    try {
      await signIn(token.trim());
      me.value = null;
      await lookWho();
    } catch {
      setWrong(true);
    }
  };
  return h(
    'main',
    { class: 'sign-in' },
    h('h1', null, 'pgtaxon'),
    h(
      'p',
      null,
      'Nobody is signed in here. On the machine where it runs, open the link that the terminal shows: each works once.',
    ),
    h(
      'form',
      { onSubmit: enter },
      h(
        Field,
        { label: 'From elsewhere: your token' },
        h('input', {
          type: 'password',
          autocomplete: 'current-password',
          value: token,
          'aria-invalid': wrong,
          onInput: (event: Event) => setToken((event.currentTarget as HTMLInputElement).value),
        }),
      ),
      wrong && h('p', { class: 'bad', role: 'alert' }, 'That is no token of anybody.'),
      h('button', { type: 'submit', class: 'main', disabled: token.trim() === '' }, 'Sign in'),
    ),
    h(
      'p',
      { class: 'note' },
      'An owner of the schema makes one: ',
      h('code', null, 'taxon dashboard token add NAME --role taxon_reader'),
    ),
  );
}

async function lookWho(): Promise<void> {
  me.value = await ask<Me>('me');
}

export function App() {
  useEffect(() => {
    // 401 has told already that nobody is signed in
    lookWho().catch((error) => me.value !== 'out' && sayProblem(error));
  }, []);
  const { screen: name } = route.value;
  const screen = screens[name] ?? (screens.overview as Screen);
  const visitor = me.value;
  const open = useScreen(name);
  useEffect(() => {
    document.title = `${screen.title} · pgtaxon`;
  }, [screen.title]);
  if (visitor === 'out') return h(SignIn, null);
  return h(
    'div',
    { class: 'shell' },
    h('a', { class: 'skip', href: '#main', onClick: skip }, 'Skip to the screen'),
    h(
      'header',
      { class: 'top' },
      h('a', { class: 'brand', href: to('overview') }, 'pgtaxon'),
      h(Navigation, { open: screens[name] === undefined ? 'overview' : name }),
      visitor !== null &&
        h(
          'div',
          { class: 'who' },
          h('span', null, who(visitor)),
          h('button', { type: 'button', class: 'quiet', onClick: signOut }, 'Sign out'),
        ),
    ),
    h(
      'main',
      { id: 'main', tabIndex: -1 },
      h('div', { class: 'title' }, h('h1', null, screen.title), h('p', { class: 'note' }, screen.what)),
      // asked at once: what the first screen needs does not wait for who asks
      open !== null && h(open, { key: name }),
    ),
    h(Notice, null),
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
