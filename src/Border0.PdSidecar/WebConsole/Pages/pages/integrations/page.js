// Connections to PagerDuty accounts, and how each is doing.
import { all, session } from '../../state/session.js';
import { fill, h } from '../../ui/dom.js';
import { keepingFocus } from '../../ui/focus.js';
import { button, emptyState, failure, loading, pageHead, viewerNotice } from '../../ui/parts.js';
import { poll } from '../../ui/poll.js';
import { IntegrationCard } from './card.js';
import { openIntegrationForm } from './form.js';

export function integrationsPage({ signal }) {
  const cards = new Map();
  const list = h('div.cards', loading('integrations'));
  const problem = h('div');
  const look = poll(3000, refresh, signal);
  const create = () => session.mayWrite ? button('New integration', { sign: 'plus', kind: 'primary', onclick: () => openIntegrationForm(null, look) }) : null;

  async function refresh() {
    try {
      draw(await all('ListIntegrations', 'integrations', {}, signal));
      fill(problem);
    } catch (e) {
      if (signal.aborted) return;
      if (!cards.size) fill(list, failure(e, look));
      else fill(problem, failure(e));
    }
  }

  function draw(integrations) {
    if (!integrations.length) {
      cards.clear();
      if (!list.querySelector('.empty')) {
        keepingFocus(list, () => fill(list, emptyState('plug', 'No integration yet', 'An integration is a read-only API key of a PagerDuty account. Policies then ask it who is on call and what is on fire.', create())));
      }

      return;
    }

    const names = new Set(integrations.map(i => i.name));
    for (const name of cards.keys()) if (!names.has(name)) cards.delete(name);
    for (const integration of integrations) {
      if (cards.has(integration.name)) cards.get(integration.name).update(integration);
      else cards.set(integration.name, new IntegrationCard(integration, look));
    }

    const wanted = integrations.map(i => cards.get(i.name).element);
    if (wanted.length !== list.children.length || wanted.some((e, i) => list.children[i] !== e)) keepingFocus(list, () => fill(list, wanted));
  }

  return [
    pageHead('Integrations', 'PagerDuty accounts that policies ask, and how fresh what they say is.', create()),
    session.mayWrite ? null : viewerNotice('To create, change or check one'),
    problem,
    list,
  ].filter(Boolean).reduce((page, part) => (page.append(part), page), h('div.page'));
}
