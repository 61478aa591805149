// One integration: its state in a word, what to do about it, and the figures behind it.
import { call, session } from '../../state/session.js';
import { clock } from '../../state/clock.js';
import { fill, h } from '../../ui/dom.js';
import { badge, button, notice } from '../../ui/parts.js';
import { say } from '../../ui/toast.js';
import { ago, instant, secondsOf, spanText } from '../../ui/time.js';
import { openIntegrationForm } from './form.js';
import { openKeyCheck } from './keycheck.js';
import { openRemoval } from './remove.js';

const states = {
  INTEGRATION_STATE_OK: ['ok', 'Up to date'],
  INTEGRATION_STATE_PENDING: ['wait', 'Not answered yet'],
  INTEGRATION_STATE_DEGRADED: ['warn', 'Degraded'],
  INTEGRATION_STATE_UNAUTHORIZED: ['bad', 'Key refused'],
  INTEGRATION_STATE_UNREACHABLE: ['bad', 'Unreachable'],
};

export class IntegrationCard {
  #integration;
  #state = h('span');
  #status = h('div.status');
  #facts = h('div.card-facts');
  #changed;

  constructor(integration, changed) {
    this.#changed = changed;
    const name = (this.name = integration.name);
    this.description = h('p.muted');
    this.element = h('article.card', { 'aria-label': `Integration ${name}` },
      h('header.card-head', h('div', h('h2', name), this.#state), this.description),
      this.#status,
      this.#facts,
      session.mayWrite ? h('footer.actions',
        this.#button('Sync now', 'sync', b => this.#sync(b)),
        this.#button('Check key', 'key', () => openKeyCheck(this.#integration)),
        this.#button('Edit', 'edit', () => openIntegrationForm(this.#integration, changed)),
        this.#button('Delete', 'trash', () => openRemoval(this.#integration, changed))) : null);
    this.update(integration);
  }

  update(integration) {
    this.#integration = integration;
    const { status } = integration;
    const [tone, word] = states[status?.state] ?? ['none', 'Unknown'];
    fill(this.#state, badge(tone, word));
    fill(this.description, integration.description || 'PagerDuty OnCall integration');
    fill(this.#status, [
      status?.message ? notice(tone === 'ok' ? 'info' : tone === 'wait' ? 'info' : tone, null, status.message) : null,
      status?.last_error && status.last_error !== status.message ? h('p.last-error', h('span.muted', 'Last error '), ago(status.last_error_time), h('span.muted', ' ago: '), status.last_error) : null,
    ].filter(Boolean));
    const { rate_budget: rate, webhooks } = status ?? {};
    fill(this.#facts, h('dl.figures',
      figure('Incidents', age(status?.incidents_time, 60)),
      figure('On-call shifts', age(status?.on_call_time, 60)),
      figure('Services', age(status?.services_time, 1800)),
      figure('Watches', status?.watched_services ? `${count(status.watched_services, 'service')}, ${count(status.watched_escalation_policies, 'escalation policy', 'escalation policies')}` : h('span.muted', 'no service: no policy names one')),
      figure('Rate budget', budget(rate)),
      figure('Webhooks', hooks(webhooks, integration.webhook_secret_count)),
      figure('Account', `${integration.base_url || (integration.region === 'REGION_EU' ? 'EU' : 'US')}, key …${integration.api_key_hint || '????'}`),
      integration.managed_by ? figure('Kept by', h('code', integration.managed_by)) : null,
      status?.polled_by ? figure('Polled by', h('code', status.polled_by)) : null,
      figure('Bounds', `${spanText(secondsOf(integration.max_staleness) || 60)} new, ${spanText(secondsOf(integration.session_max_staleness) || 900)} running`)));
  }

  #button(text, sign, onclick) {
    const made = button(text, { sign, label: `${text} ${this.name}`, onclick: () => onclick(made) });
    return made;
  }

  async #sync(made) {
    made.disabled = true;
    try {
      const { services, escalation_policies: policies, open_incidents: incidents, duration } = await call('SyncIntegration', { name: this.#integration.name });
      say(`${this.#integration.name} is up to date: ${count(services, 'service')}, ${count(policies, 'escalation policy', 'escalation policies')}, ${count(incidents, 'open incident')}, in ${Math.round(secondsOf(duration) * 1000)} ms.`);
    } catch (e) {
      say(e.message, 'bad');
    } finally {
      made.disabled = false;
      made.focus();
      this.#changed();
    }
  }
}

const figure = (name, value) => h('div.figure', h('dt', name), h('dd', value));

const count = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

function age(iso, soon) {
  if (!iso) return h('span.muted', 'none yet');
  const old = clock.since(iso) > soon;
  return h('span', { class: old ? 'old' : '' }, ago(iso), ' old');
}

function budget(rate) {
  if (!rate?.limit) return h('span.muted', 'not known yet');
  const used = Math.min(100, Math.round((rate.limit - rate.remaining) / rate.limit * 100));
  return h('span.budget',
    h('span.meter', { 'aria-hidden': 'true' }, h('span', { style: { width: `${used}%` } })),
    `${rate.remaining} of ${rate.limit} left`,
    h('span.muted', `${rate.requests_last_minute} sent in a minute, share ${Math.round(rate.share * 100)} %`));
}

function hooks(webhooks, secrets) {
  if (!secrets) return h('span.muted', 'no secret: changes come by polling');
  return h('span.stack',
    webhooks?.last_accepted_time ? h('span', `${webhooks.accepted} accepted, the last `, ago(webhooks.last_accepted_time), ' ago') : h('span.muted', 'none has come yet'),
    webhooks?.refused ? h('span.bad', `${webhooks.refused} refused, the last at `, instant(webhooks.last_refused_time), `: ${webhooks.last_refusal}`) : null);
}
