// The conditions on PagerDuty: which integration, which service, and what must hold there.
import { empty } from '../../rpc/codec.js';
import { serviceNames } from '../../state/services.js';
import { call } from '../../state/session.js';
import { Combobox } from '../../ui/combobox.js';
import { fill, h } from '../../ui/dom.js';
import { Field, input, select, toggle } from '../../ui/field.js';
import { ListInput } from '../../ui/listinput.js';
import { badge, button, notice } from '../../ui/parts.js';
import { add, section } from './sections.js';

export function conditionSection(form) {
  const { draft, integrations, changed, redraw } = form;
  return section('While PagerDuty says so', 'Every condition must hold.',
    draft.integrations.map((condition, i) => conditionOf(form, condition, i)),
    draft.integrations.length ? null : h('p.note', 'No condition: PagerDuty is not asked.'),
    integrations.length ? null : notice('info', 'There is no integration yet.', h('a', { href: '#/integrations' }, 'Create one'), ' first.'),
    button('Add a PagerDuty condition', { sign: 'plus', onclick: () => {
      draft.integrations.push({ ...empty('IntegrationCondition'), integration_name: integrations[0]?.name ?? '', pagerduty_oncall: { ...empty('PagerDutyOnCallCondition'), require_be_oncall: true } });
      changed();
      redraw();
    } }));
}

function conditionOf({ draft, integrations, fields, changed, redraw, findings, readOnly }, condition, i) {
  const path = `policy.integrations[${i}]`;
  const oncall = (condition.pagerduty_oncall ??= empty('PagerDutyOnCallCondition'));
  const names = [...new Set([...integrations.map(x => x.name), condition.integration_name])].filter(Boolean);
  const integration = select(
    names.map(n => [n, `${n} · ${integrations.some(x => x.name.toLowerCase() === n.toLowerCase()) ? 'PagerDuty OnCall' : 'not there'}`]), condition.integration_name,
    { onchange: () => { condition.integration_name = integration.value; changed(); redraw(); } });
  const id = input({ value: oncall.service_id, placeholder: 'PF9KMXH', oninput: () => { oncall.service_id = id.value.trim(); service.text = ''; changed(); } });
  const service = new Combobox({
    text: '', placeholder: 'Search by name', disabled: readOnly,
    search: async (text, signal) => (await call('ListPagerDutyServices', { integration_name: condition.integration_name, search: text, page_size: 50 }, signal)).services
      .map(s => ({ value: s.id, text: s.name, detail: `${s.id} · ${s.status}${s.escalation_policy_name ? ` · ${s.escalation_policy_name}` : ''}` })),
    onpick: option => { oncall.service_id = id.value = option.value; changed(); },
  });
  serviceNames(condition.integration_name).then(names => { service.text = names.get(oncall.service_id) ?? ''; });
  const level = input({ type: 'number', min: '0', max: '100', value: oncall.max_escalation_level || '', placeholder: 'any', oninput: () => { oncall.max_escalation_level = Math.trunc(Number(level.value)) || 0; changed(); } });
  const schedules = new ListInput({ values: oncall.schedule_ids, placeholder: 'any', noun: 'schedule', onchange: next => { oncall.schedule_ids = next; changed(); } });
  const involved = select(
    [['INCIDENT_INVOLVEMENT_UNSPECIFIED', 'any open incident'], ['INCIDENT_INVOLVEMENT_ASSIGNED', 'assigned to the user'], ['INCIDENT_INVOLVEMENT_ACKNOWLEDGED', 'acknowledged by the user']],
    oncall.incident_involvement === 'INCIDENT_INVOLVEMENT_ANY' ? 'INCIDENT_INVOLVEMENT_UNSPECIFIED' : oncall.incident_involvement,
    { onchange: () => { oncall.incident_involvement = involved.value; changed(); } });
  const mode = select(
    [['CONDITION_MODE_UNSPECIFIED', 'Enforce'], ['CONDITION_MODE_SHADOW', 'Shadow: only watch']], condition.mode === 'CONDITION_MODE_ENFORCE' ? 'CONDITION_MODE_UNSPECIFIED' : condition.mode,
    { onchange: () => { condition.mode = mode.value; changed(); } });
  const warned = h('div.condition-warnings');
  findings.onCondition(i, { isConnected: () => warned.isConnected, tell: found => fill(warned, found.map(f => h('p', badge(f.tone, f.word.toLowerCase().replaceAll('_', ' ')), h('span', f.text)))) });

  const serviceField = new Field({ label: 'Service', hint: 'From the account, as PagerDuty has it now.', control: service.input });
  return h('div.condition', { role: 'group', 'aria-label': `PagerDuty condition ${i + 1}` },
    h('div.condition-head', h('h3', `Condition ${i + 1}`), button('Remove', { sign: 'trash', label: `Remove condition ${i + 1}`, onclick: () => { draft.integrations.splice(i, 1); changed(); redraw(); } })),
    h('div.form-grid',
      add(fields, { label: 'Integration', control: integration, path: `${path}.integration_name` }),
      add(fields, { label: 'Mode', control: mode, path: `${path}.mode` }),
      serviceField.element,
      add(fields, { label: 'Service id', control: id, path: `${path}.pagerduty_oncall.service_id` })),
    h('div.switches',
      toggle('Must be on call', oncall.require_be_oncall, on => { oncall.require_be_oncall = on; changed(); }, 'Now, for the escalation policy that the service uses now.'),
      toggle('Must have an open incident', oncall.require_incident, on => { oncall.require_incident = on; changed(); }, 'The service, triggered or acknowledged.')),
    warned,
    h('details.more', { open: Boolean(oncall.max_escalation_level || oncall.schedule_ids.length || involved.value !== 'INCIDENT_INVOLVEMENT_UNSPECIFIED') }, h('summary', 'Narrow it down'), h('div.form-grid',
      add(fields, { label: 'Highest escalation level', hint: 'The last level of many policies holds the whole team.', control: level, path: `${path}.pagerduty_oncall.max_escalation_level`, optional: true }),
      add(fields, { label: 'Only these schedules', hint: 'Their ids.', control: schedules.input, path: `${path}.pagerduty_oncall.schedule_ids`, optional: true }),
      add(fields, { label: 'Which incidents count', control: involved, path: `${path}.pagerduty_oncall.incident_involvement` }))));
}
