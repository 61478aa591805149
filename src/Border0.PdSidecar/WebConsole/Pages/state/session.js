// Who is signed in. The token is kept for this tab only, until it is closed.
import { stream, unary } from '../rpc/call.js';
import { clock } from './clock.js';

const key = 'pdsidecar.token';
const events = new EventTarget();
let current = null;

export const session = {
  /** { name, roles, organization, version }; null while nobody is signed in. */
  get user() {
    return current;
  },

  /** Whether the one who is signed in may change things. */
  get mayWrite() {
    return current?.roles.includes('admin') ?? false;
  },

  /** Signs in with a token; throws an Error that says why not. */
  async signIn(token) {
    const response = await fetch('session', { headers: { authorization: `Bearer ${token}` }, cache: 'no-store', credentials: 'omit', redirect: 'error' })
      .catch(() => { throw new Error('The sidecar cannot be reached.'); });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(sentence(answer.message ?? `The sidecar answered with HTTP ${response.status}.`));
    clock.set(answer.time);
    sessionStorage.setItem(key, token);
    current = answer;
    events.dispatchEvent(new Event('change'));
  },

  /** Signs in again with what this tab has kept; false when there is nothing, an Error says why it is not taken. */
  async resume() {
    const token = sessionStorage.getItem(key);
    if (!token) return false;
    await this.signIn(token);
    return true;
  },

  /** Forgets the token. */
  signOut(why = '') {
    sessionStorage.removeItem(key);
    current = null;
    events.dispatchEvent(new CustomEvent('change', { detail: why }));
  },

  onChange(listener) {
    events.addEventListener('change', e => listener(e.detail ?? ''));
  },
};

/** Calls a method of the contract as whoever is signed in. */
export async function call(method, request = {}, signal = undefined) {
  try {
    return await unary(method, request, { token: sessionStorage.getItem(key), signal });
  } catch (e) {
    throw signedOut(e);
  }
}

/** Watches a method of the contract as whoever is signed in. */
export async function* watch(method, request, signal) {
  try {
    yield* stream(method, request, { token: sessionStorage.getItem(key), signal });
  } catch (e) {
    throw signedOut(e);
  }
}

/** Every item of a list that comes in pages. */
export async function all(method, field, request = {}, signal = undefined) {
  const items = [];
  for (let token = ''; ;) {
    const page = await call(method, { ...request, page_size: 1000, page_token: token }, signal);
    items.push(...page[field]);
    token = page.next_page_token;
    if (!token || items.length >= 20_000) return items;
  }
}

function signedOut(error) {
  if (error.code === 'UNAUTHENTICATED' && current) session.signOut(sentence(error.message));
  return error;
}

const sentence = text => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');
