// The form of a policy, section by section. Each changes the draft and says so.
import { empty } from '../../rpc/codec.js';
import { h } from '../../ui/dom.js';
import { Field, input, select, toggle } from '../../ui/field.js';
import { ListInput } from '../../ui/listinput.js';
import { button, chips } from '../../ui/parts.js';
import { readDuration, writeDuration } from '../../ui/time.js';
import { conditionSection } from './pagerduty.js';
import { add, grid, section } from './sections.js';

const types = ['ssh', 'database', 'http', 'tls', 'rdp', 'vnc', 'vpn', 'kubernetes', '*'];

/** { draft, isNew, integrations, fields, readOnly, changed, redraw, findings } */
export function formOf(form) {
  return h('fieldset.sections', { disabled: form.readOnly }, h('legend.visually-hidden', 'The policy'),
    basics(form), conditionSection(form), grants(form), reach(form), who(form), where(form), when(form), bounds(form));
}

function basics({ draft, isNew, fields, changed }) {
  const name = input({ value: draft.name, readOnly: !isNew, maxlength: '63', placeholder: 'payments-responders', oninput: () => { draft.name = name.value.trim(); changed(); } });
  const description = input({ value: draft.description, maxlength: '1024', oninput: () => { draft.description = description.value; changed(); } });
  return section('Name', null, grid(
    add(fields, { label: 'Name', hint: isNew ? 'Letters, digits and dashes; it cannot be changed.' : 'A name cannot be changed.', control: name, path: 'policy.name' }),
    add(fields, { label: 'Description', control: description, path: 'policy.description', optional: true })));
}

function grants({ draft, fields, changed, redraw }) {
  const rows = Object.entries(draft.actions).map(([type, { values }], i) => {
    const kind = select([...new Set([...types, type])].map(t => [t, t === '*' ? 'every type' : t]), type, { onchange: () => {
      const next = Object.fromEntries(Object.entries(draft.actions).map(([t, v]) => [t === type ? kind.value : t, v]));
      draft.actions = next;
      changed();
      redraw();
    } });
    const actions = new ListInput({ values, placeholder: '* or an action', noun: 'action', onchange: next => { draft.actions[type] = { values: next }; changed(); }, suggestions: ['*'] });
    return h('div.grant-row',
      add(fields, { label: 'Socket type', control: kind, path: `policy.actions.${type}`, key: `grant-${i}` }),
      add(fields, { label: `Actions on ${type === '*' ? 'every type' : type}`, hint: i === 0 ? '* is every action. Press Enter after each.' : undefined, control: actions.input, path: `policy.actions[${type}]` }),
      button('Remove', { sign: 'trash', label: `Remove the grant for ${type}`, onclick: () => { delete draft.actions[type]; changed(); redraw(); } }));
  });
  const permissions = Object.keys(draft.permissions);
  return section('What it grants', 'Without a grant for a socket’s type the policy lets nobody in there.', rows,
    permissions.length ? h('p.note', 'Permissions of a v2 document for ', chips(permissions), ': see the JSON.') : null,
    button('Grant another type', { sign: 'plus', onclick: () => {
      const free = types.find(t => !(t in draft.actions)) ?? 'ssh';
      draft.actions = { ...draft.actions, [free]: { values: ['*'] } };
      changed();
      redraw();
    } }));
}

function reach({ draft, fields, changed, redraw }) {
  const sockets = new ListInput({ values: draft.socket_ids, placeholder: 'payments-db', noun: 'socket', onchange: next => { draft.socket_ids = next; changed(); } });
  const rules = draft.tag_rules.map((rule, i) => {
    const tags = new ListInput({ values: Object.entries(rule.tags).map(([k, v]) => `${k}=${v}`), placeholder: 'env=prod', noun: 'tag', onchange: next => {
      rule.tags = Object.fromEntries(next.map(t => (t.includes('=') ? [t.slice(0, t.indexOf('=')), t.slice(t.indexOf('=') + 1)] : [t, ''])));
      changed();
    } });
    return h('div.grant-row.two', add(fields, { label: `Tag rule ${i + 1}: all of`, control: tags.input, path: `policy.tag_rules[${i}]` }),
      button('Remove', { sign: 'trash', label: `Remove tag rule ${i + 1}`, onclick: () => { draft.tag_rules.splice(i, 1); changed(); redraw(); } }));
  });
  return section('Where it reaches', null,
    toggle('Every socket of the organization', draft.org_wide, on => { draft.org_wide = on; changed(); }),
    add(fields, { label: 'Attached to sockets', hint: 'Their ids. Press Enter after each.', control: sockets.input, path: 'policy.socket_ids', optional: true }),
    rules,
    button('Add a tag rule', { sign: 'plus', onclick: () => { draft.tag_rules.push({ tags: {} }); changed(); redraw(); } }));
}

function who({ draft, fields, changed }) {
  const part = () => ((draft.condition ??= empty('Condition')).who ??= empty('WhoCondition'));
  const list = (field, placeholder, label) => {
    const control = new ListInput({ values: draft.condition?.who?.[field] ?? [], placeholder, noun: label.toLowerCase(), onchange: next => { part()[field] = next; changed(); } });
    return add(fields, { label, control: control.input, path: `policy.condition.who.${field}`, optional: true });
  };
  return section('Who', 'Any entry that matches is enough. None: anybody.', grid(
    list('email', 'alice@example.com', 'E-mail addresses'), list('domain', 'example.com', 'Domains'), list('group', 'sre', 'Groups'), list('service_account', 'ci-deploy', 'Service accounts')));
}

function where({ draft, fields, changed }) {
  const part = () => ((draft.condition ??= empty('Condition')).where ??= empty('WhereCondition'));
  const list = (field, placeholder, label) => {
    const control = new ListInput({ values: draft.condition?.where?.[field] ?? [], placeholder, noun: label.toLowerCase(), onchange: next => { part()[field] = next; changed(); } });
    return add(fields, { label, control: control.input, path: `policy.condition.where.${field}`, optional: true });
  };
  return section('Where from', null, grid(list('allowed_ip', '192.0.2.0/24', 'Addresses or networks'), list('country', 'DE', 'Countries'), list('country_not', 'FR', 'Not from countries')));
}

function when({ draft, fields, changed }) {
  const part = () => ((draft.condition ??= empty('Condition')).when ??= empty('WhenCondition'));
  const known = draft.condition?.when;
  const at = (field, label) => {
    const control = input({ type: 'datetime-local', step: '1', value: known?.[field] ? local(known[field]) : '', onchange: () => { part()[field] = control.value ? new Date(control.value).toISOString().replace('.000', '') : undefined; changed(); } });
    return add(fields, { label, control, path: `policy.condition.when.${field}`, optional: true, hint: 'In your time zone.' });
  };
  const text = (field, label, placeholder) => {
    const control = input({ value: known?.[field] ?? '', placeholder, oninput: () => { part()[field] = control.value.trim(); changed(); } });
    return add(fields, { label, control, path: `policy.condition.when.${field}`, optional: true });
  };
  return section('When', 'A window that ends before it begins spans midnight.', grid(
    at('after', 'Not before'), at('before', 'Only before'), text('time_of_day_after', 'Daily from', '22:00'), text('time_of_day_before', 'Daily until', '06:00'), text('time_zone', 'Time zone', 'Europe/Berlin')));
}

function bounds({ draft, fields, changed }) {
  const span = (name, label, hint, placeholder) => {
    const control = input({ value: writeDuration(draft[name]), placeholder, oninput: () => {
      const read = readDuration(control.value);
      field.error(read === null ? 'Write a time such as 90s, 15m or 8h.' : '');
      if (read === null) return;
      draft[name] = read;
      changed();
    } });
    const field = new Field({ label, hint, control, path: `policy.${name}`, optional: true });
    fields.push(field);
    return field.element;
  };
  return section('Sessions', null, grid(
    span('revocation_grace', 'Grace after access is lost', 'How long a running session may go on. At most 1h.', '0s'),
    span('max_session_duration', 'Longest session', 'Empty: no bound.', '8h')));
}

function local(iso) {
  const date = new Date(iso);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
