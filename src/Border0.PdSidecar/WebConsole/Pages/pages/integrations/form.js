// Creates or changes an integration. The key is typed here, sent, and forgotten.
import { call } from '../../state/session.js';
import { fill, h } from '../../ui/dom.js';
import { openDialog } from '../../ui/dialog.js';
import { Field, input, placeViolations, select } from '../../ui/field.js';
import { ListInput } from '../../ui/listinput.js';
import { button, failure, keptElsewhere, loading, notice } from '../../ui/parts.js';
import { readDuration, writeDuration } from '../../ui/time.js';
import { say } from '../../ui/toast.js';
import { keyReport } from './keycheck.js';

/** Opens the form: for a new integration where there is none. */
export function openIntegrationForm(known, changed) {
  return openDialog({ title: known ? `Edit ${known.name}` : 'New integration', wide: true }, close => {
    const name = input({ value: known?.name ?? '', readOnly: Boolean(known), maxlength: '63', placeholder: 'acme-pagerduty', autofocus: !known });
    const description = input({ value: known?.description ?? '', maxlength: '1024', autofocus: Boolean(known) });
    const region = select([['REGION_US', 'US (api.pagerduty.com)'], ['REGION_EU', 'EU (api.eu.pagerduty.com)']], known?.region === 'REGION_EU' ? 'REGION_EU' : 'REGION_US');
    const key = input({ type: 'password', autocomplete: 'new-password', maxlength: '256', placeholder: known ? `unchanged (…${known.api_key_hint})` : '' });
    const secrets = new ListInput({ noun: 'secret', placeholder: known?.webhook_secret_count ? `${known.webhook_secret_count} stored: type to replace` : '' });
    const baseUrl = input({ value: known?.base_url ?? '', placeholder: 'PagerDuty’s own' });
    const staleness = input({ value: writeDuration(known?.max_staleness), placeholder: '60s' });
    const sessionStaleness = input({ value: writeDuration(known?.session_max_staleness), placeholder: '15m' });
    secrets.input.type = 'password';
    secrets.input.autocomplete = 'new-password';
    const fields = {
      name: new Field({ label: 'Name', hint: known ? 'A name cannot be changed.' : 'Letters, digits and dashes. Policies refer to it; it cannot be changed.', control: name, path: 'integration.name' }),
      region: new Field({ label: 'Region', control: region, path: 'integration.region' }),
      description: new Field({ label: 'Description', control: description, path: 'integration.description', optional: true, wide: true }),
      key: new Field({ label: 'API key', hint: 'Read-only is enough: PagerDuty, Integrations, API Access Keys. It is never shown again.', control: key, path: 'integration.api_key', wide: true }),
      secrets: new Field({ label: 'Webhook secrets', hint: 'Of PagerDuty’s V3 webhook subscriptions that deliver here. Press Enter after each.', control: secrets.input, path: 'integration.webhook_secrets', optional: true, wide: true }),
      staleness: new Field({ label: 'New connections need facts younger than', control: staleness, path: 'integration.max_staleness', optional: true }),
      sessionStaleness: new Field({ label: 'Running sessions are kept on facts up to', control: sessionStaleness, path: 'integration.session_max_staleness', optional: true }),
      baseUrl: new Field({ label: 'Base URL', hint: 'Only what the sidecar’s configuration allows.', control: baseUrl, path: 'integration.base_url', optional: true, wide: true }),
    };
    const report = h('div.report', { 'aria-live': 'polite' });
    const save = button(known ? 'Save' : 'Create', { kind: 'primary', type: 'submit', sign: 'check' });
    const check = button('Check the key first', { sign: 'key', onclick: () => checkKey() });

    async function checkKey() {
      check.disabled = true;
      fill(report, loading('PagerDuty’s answers'));
      try {
        fill(report, keyReport(await call('CheckIntegration', { name: key.value ? '' : known?.name ?? '', api_key: key.value, region: region.value, base_url: baseUrl.value.trim() })));
      } catch (e) {
        const left = placeViolations(Object.values(fields), e.violations?.map(v => ({ ...v, field: `integration.${v.field}` })) ?? []);
        fill(report, e.violations?.length && !left.length ? null : failure(e));
      } finally {
        check.disabled = false;
      }
    }

    async function submit() {
      Object.values(fields).forEach(f => f.error(''));
      const [bound, sessionBound] = [readDuration(staleness.value), readDuration(sessionStaleness.value)];
      if (bound === null || sessionBound === null) {
        fields[bound === null ? 'staleness' : 'sessionStaleness'].error('Write a time such as 90s, 15m or 2h.');
        fields[bound === null ? 'staleness' : 'sessionStaleness'].focus();
        return;
      }

      const integration = {
        name: name.value.trim(), description: description.value.trim(), region: region.value, api_key: key.value, webhook_secrets: secrets.values,
        base_url: baseUrl.value.trim(), max_staleness: bound, session_max_staleness: sessionBound, etag: known?.etag ?? '',
      };
      save.disabled = true;
      try {
        const mask = ['description', 'region', 'base_url', 'max_staleness', 'session_max_staleness', ...(key.value ? ['api_key'] : []), ...(secrets.values.length ? ['webhook_secrets'] : [])];
        await call(known ? 'UpdateIntegration' : 'CreateIntegration', known ? { integration, update_mask: mask } : { integration });
        key.value = '';
        close();
        say(known ? `${known.name} is changed.` : `${integration.name} is created.`);
        changed();
      } catch (e) {
        const left = placeViolations(Object.values(fields), e.violations ?? []);
        fill(report, e.code === 'ABORTED' ? conflict() : e.violations?.length && !left.length ? null : failure(e));
      } finally {
        save.disabled = false;
      }
    }

    const conflict = () => h('div', notice('warn', 'Somebody changed it meanwhile.', 'Nothing of yours is saved. Look at what is there now and repeat your change.'), button('Load what is there now', { sign: 'sync', onclick: async () => {
      const { integration } = await call('GetIntegration', { name: known.name });
      close();
      openIntegrationForm(integration, changed);
    } }));

    return h('form', { novalidate: true, onsubmit: e => { e.preventDefault(); submit(); } },
      known?.managed_by ? keptElsewhere(known.managed_by) : null,
      h('div.form-grid', ['name', 'region', 'description', 'key', 'secrets', 'staleness', 'sessionStaleness', 'baseUrl'].map(f => fields[f].element)),
      report,
      h('footer.actions', check, h('span.spacer'), button('Cancel', { onclick: close }), save));
  });
}
