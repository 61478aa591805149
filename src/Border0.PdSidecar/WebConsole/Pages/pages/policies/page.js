// Every policy: what it grants, to whom, and where it reaches.
import { namesOf } from '../../state/services.js';
import { all, session } from '../../state/session.js';
import { fill, h } from '../../ui/dom.js';
import { keepingFocus } from '../../ui/focus.js';
import { icon } from '../../ui/icons.js';
import { badge, button, chips, emptyState, failure, loading, pageHead, viewerNotice } from '../../ui/parts.js';
import { poll } from '../../ui/poll.js';
import { openDeletion } from './remove.js';
import { openSockets } from './sockets.js';
import { conditionsOf, grantsOf } from './summary.js';

export function policiesPage({ signal }) {
  const rows = h('div.rows', loading('policies'));
  const search = h('input', { type: 'search', placeholder: 'Find by name, socket or service', 'aria-label': 'Find policies', oninput: () => draw() });
  const found = h('p.muted', { role: 'status' });
  let policies = null;
  let drawn = '';
  let nameOf = (_, id) => id;
  const look = poll(5000, async () => {
    try {
      policies = await all('ListPolicies', 'policies', {}, signal);
      draw();
      nameOf = await namesOf(policies.flatMap(p => p.integrations.map(i => i.integration_name)));
      draw();
    } catch (e) {
      if (signal.aborted) return;
      drawn = '';
      fill(rows, failure(e, look));
    }
  }, signal);

  function draw() {
    if (!policies) return;
    const word = search.value.trim().toLowerCase();
    const matching = policies.filter(p => !word || JSON.stringify([p.name, p.description, p.socket_ids, p.integrations]).toLowerCase().includes(word));

    // The same again must not take the focus from where it is.
    const next = JSON.stringify([word, matching, matching.map(p => conditionsOf(p, nameOf))]);
    if (next === drawn) return;
    drawn = next;
    found.textContent = word ? `${matching.length} of ${policies.length}` : '';
    keepingFocus(rows, () => fill(rows, policies.length
      ? matching.length ? matching.map(row) : h('p.muted.pad', 'No policy matches.')
      : emptyState('policy', 'No policy yet', 'Without a policy nobody gets in anywhere. A policy says who may enter, while PagerDuty says so.', session.mayWrite ? create() : null)));
  }

  const row = policy => h('article.row', { 'aria-label': `Policy ${policy.name}` },
    h('div.row-main',
      h('h2', h('a', { href: `#/policies/${encodeURIComponent(policy.name)}` }, policy.name)),
      policy.description ? h('p.muted', policy.description) : null,
      policy.managed_by ? h('p', badge('info', `kept by ${policy.managed_by}`)) : null,
      h('ul.conditions', conditionsOf(policy, nameOf).map(c => h('li', c)), conditionsOf(policy).length ? null : h('li', 'anybody, anywhere, at any time')),
      policy.warnings.length ? h('ul.warnings', policy.warnings.map(w => h('li', badge('warn', w.code.toLowerCase().replaceAll('_', ' ')), h('span', w.message)))) : null),
    h('dl.row-facts',
      h('div', h('dt', 'Grants'), h('dd', grantsOf(policy) || h('span.muted', 'nothing'))),
      h('div', h('dt', 'Reaches'), h('dd', policy.org_wide ? 'every socket' : null, policy.socket_ids.length ? chips(policy.socket_ids) : null, policy.tag_rules.length ? `${policy.tag_rules.length} tag rule${policy.tag_rules.length === 1 ? '' : 's'}` : null,
        policy.org_wide || policy.socket_ids.length || policy.tag_rules.length ? null : h('span.muted', 'no socket')))),
    h('div.row-actions',
      h('a.button.plain', { href: `#/tester?policy=${encodeURIComponent(policy.name)}`, 'aria-label': `Test ${policy.name}` }, icon('test'), h('span', 'Test')),
      h('a.button.plain', { href: `#/policies/${encodeURIComponent(policy.name)}`, 'aria-label': `${session.mayWrite ? 'Edit' : 'Open'} ${policy.name}` }, icon(session.mayWrite ? 'edit' : 'eye'), h('span', session.mayWrite ? 'Edit' : 'Open')),
      session.mayWrite ? button('Sockets', { sign: 'plug', label: `Sockets of ${policy.name}`, onclick: () => openSockets(policy, look) }) : null,
      session.mayWrite ? button('Delete', { sign: 'trash', label: `Delete ${policy.name}`, onclick: () => openDeletion(policy, look) }) : null));

  return h('div.page',
    pageHead('Policies', 'What they grant adds up; there is no rule that denies.', session.mayWrite ? create() : null),
    session.mayWrite ? null : viewerNotice('To create or change one'),
    h('div.toolbar', h('div.search', icon('search'), search), found),
    rows);
}

const create = () => h('a.button.primary', { href: '#/policies/+' }, icon('plus'), h('span', 'New policy'));
