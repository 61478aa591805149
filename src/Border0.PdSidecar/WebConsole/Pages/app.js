// The frame around the pages: who is signed in, where to go, and the page of now.
import { session } from './state/session.js';
import { fill, h } from './ui/dom.js';
import { icon } from './ui/icons.js';
import { button } from './ui/parts.js';
import { applyTheme, themeButton } from './ui/theme.js';
import { signInPage } from './pages/signin.js';
import { integrationsPage } from './pages/integrations/page.js';
import { policiesPage } from './pages/policies/page.js';
import { policyEditor } from './pages/policies/editor.js';
import { testerPage } from './pages/tester/page.js';
import { sessionsPage } from './pages/sessions/page.js';
import { activityPage } from './pages/activity/page.js';

const places = [
  { path: 'integrations', title: 'Integrations', sign: 'plug', page: integrationsPage },
  { path: 'policies', title: 'Policies', sign: 'policy', page: policiesPage, inner: policyEditor },
  { path: 'tester', title: 'Tester', sign: 'test', page: testerPage },
  { path: 'sessions', title: 'Sessions', sign: 'sessions', page: sessionsPage },
  { path: 'activity', title: 'Activity', sign: 'activity', page: activityPage },
];

const main = h('main', { id: 'main', tabindex: '-1' });
const links = new Map(places.map(p => [p.path, h('a', { href: `#/${p.path}` }, icon(p.sign), h('span', p.title))]));
let leave = null;
let last = '';

applyTheme();
session.onChange(why => {
  if (session.user) openFrame();
  else openSignIn(why);
});
window.addEventListener('hashchange', () => {
  if (!session.user) return;
  if (leave?.mayLeave && !leave.mayLeave()) {
    history.replaceState(null, '', last);
    return;
  }

  openPage();
});
await session.resume().then(isIn => isIn || openSignIn(''), e => openSignIn(e.message));

function openSignIn(why) {
  closePage();
  fill(document.body, signInPage(why));
  document.title = 'Sign in · PdSidecar';
  document.querySelector('input')?.focus();
}

function openFrame() {
  const { name, roles, organization, version } = session.user;
  fill(
    document.body,
    h('a.skip', { href: '#main', onclick: e => { e.preventDefault(); main.focus(); } }, 'Skip to the page'),
    h('div.frame',
      h('header.side',
        h('div.brand', h('img', { src: 'favicon.svg', alt: '', width: '28', height: '28' }), h('div', h('strong', 'PdSidecar'), h('span.muted', organization))),
        h('nav', { 'aria-label': 'Pages' }, [...links.values()]),
        h('div.who',
          h('div.person', icon('person'), h('div', h('strong', name), h('span.muted', roles.includes('admin') ? 'admin' : 'viewer'))),
          themeButton(),
          button('Sign out', { sign: 'out', kind: 'quiet', onclick: () => session.signOut() }),
          h('p.version.muted', `version ${version}`))),
      main));
  openPage();
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function closePage() {
  leave?.abort.abort();
  leave = null;
}

function openPage() {
  const [path, ...rest] = location.hash.replace(/^#\/?/, '').split('?')[0].split('/').filter(Boolean);
  const place = places.find(p => p.path === path);
  if (!place) {
    history.replaceState(null, '', '#/integrations');
    openPage();
    return;
  }

  closePage();
  last = location.hash;
  for (const [at, link] of links) {
    if (at === path) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }

  document.title = `${place.title} · PdSidecar`;
  const abort = new AbortController();
  leave = { abort, mayLeave: null };
  const query = new URLSearchParams(location.hash.split('?')[1] ?? '');
  const context = { signal: abort.signal, query, name: decoded(rest.join('/')), guard: may => { leave.mayLeave = may; } };
  fill(main, rest.length && place.inner ? place.inner(context) : place.page(context));
  window.scrollTo(0, 0);
  main.querySelector('h1')?.focus({ preventScroll: true });
}
