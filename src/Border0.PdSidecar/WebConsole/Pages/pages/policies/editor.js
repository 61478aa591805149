// Edits one policy: the form, its JSON beside it, and what is probably not meant, while one types.
import { empty, sparse } from '../../rpc/codec.js';
import { all, call, session } from '../../state/session.js';
import { testDraft } from '../../state/draft.js';
import { fill, h } from '../../ui/dom.js';
import { placeViolations } from '../../ui/field.js';
import { keepingFocus } from '../../ui/focus.js';
import { icon } from '../../ui/icons.js';
import { button, failure, keptElsewhere, loading, notice, viewerNotice } from '../../ui/parts.js';
import { say } from '../../ui/toast.js';
import { Findings } from './findings.js';
import { formOf } from './form.js';
import { JsonView, writable } from './json.js';

export function policyEditor({ name, signal, guard }) {
  const isNew = name === '+';
  const page = h('div.page.editor', head(isNew ? 'New policy' : name), loading('policy'));
  load();
  return page;

  async function load() {
    try {
      const [policy, integrations] = await Promise.all([
        isNew ? fresh() : call('GetPolicy', { name }, signal).then(r => r.policy),
        all('ListIntegrations', 'integrations', {}, signal),
      ]);
      show(policy, integrations);
    } catch (e) {
      if (!signal.aborted) fill(page, head(isNew ? 'New policy' : name), failure(e, load));
    }
  }

  function show(policy, integrations) {
    let draft = structuredClone(policy);
    let fields = [];
    const saved = () => JSON.stringify(sparse('Policy', writable(policy)));
    const isDirty = () => JSON.stringify(sparse('Policy', writable(draft))) !== saved();
    const form = h('div.editor-form');
    const findings = new Findings(signal);
    const json = new JsonView({ readOnly: !session.mayWrite, onchange: next => {
      draft = { ...empty('Policy'), ...next, name: isNew ? next.name ?? '' : policy.name, etag: policy.etag };
      drawForm();
      changed(true);
    } });
    const problem = h('div', { 'aria-live': 'polite' });
    const state = h('span.muted', { role: 'status' });
    const save = button(isNew ? 'Create' : 'Save', { kind: 'primary', sign: 'check', onclick: submit });
    guard(() => !isDirty() || window.confirm('Leave without saving what you changed?'));
    drawForm();
    json.show(draft);
    changed(true);
    fill(page,
      head(isNew ? 'New policy' : policy.name),
      session.mayWrite ? null : viewerNotice('To change it'),
      policy.managed_by ? keptElsewhere(policy.managed_by) : null,
      h('div.editor-columns', form, h('aside.editor-side', { 'aria-label': 'Warnings and JSON' }, findings.element, json.element)),
      h('div.save-bar', problem, h('div.actions',
        session.mayWrite ? save : null,
        button('Test it', { sign: 'test', onclick: () => { testDraft(draft); guard(null); location.hash = '#/tester?draft=1'; } }),
        session.mayWrite ? state : null)));
    page.querySelector('h1').focus({ preventScroll: true });

    function drawForm() {
      keepingFocus(form, () => {
        fields = [];
        fill(form, formOf({ draft, isNew, integrations, fields, readOnly: !session.mayWrite, changed: () => changed(false), redraw: drawForm, findings }));
      });
    }

    function changed(fromJson) {
      if (!fromJson) json.show(draft);
      state.textContent = isDirty() ? 'Not saved yet.' : isNew ? '' : 'Nothing to save.';
      save.disabled = !isDirty();
      findings.look(draft);
    }

    async function submit() {
      save.disabled = true;
      try {
        const answer = isNew
          ? await call('CreatePolicy', { policy: writable(draft) })
          : await call('UpdatePolicy', { policy: { ...writable(draft), name: policy.name, etag: policy.etag }, update_mask: ['*'] });
        guard(null);
        say(`${answer.policy.name} is ${isNew ? 'created' : 'saved'}.${answer.policy.warnings.length ? ` ${answer.policy.warnings.length} warning${answer.policy.warnings.length === 1 ? '' : 's'}.` : ''}`);
        if (isNew) {
          location.hash = `#/policies/${encodeURIComponent(answer.policy.name)}`;
        } else {
          policy = answer.policy;
          draft.etag = policy.etag;
          fill(problem);
          changed(false);
          findings.tell(policy.warnings);
        }
      } catch (e) {
        save.disabled = false;
        const left = placeViolations(fields, e.violations ?? []);
        if (e.code === 'ABORTED') fill(problem, conflict());
        else if (left.length) fill(problem, notice('bad', 'Not accepted.', left.map(v => `${v.field} ${v.description}`).join('; ')));
        else if (e.violations?.length) fill(problem, notice('bad', 'Not accepted.', 'See the fields that are marked.'));
        else fill(problem, failure(e));
      }
    }

    const conflict = () => h('div.conflict', notice('warn', 'Somebody changed this policy meanwhile.', 'Yours is not saved.'), h('div.actions',
      button('Load theirs', { sign: 'sync', onclick: () => { guard(null); load(); } }),
      button('Keep mine and save over theirs', { kind: 'danger', onclick: async () => {
        try {
          policy = { ...policy, etag: (await call('GetPolicy', { name: policy.name }, signal)).policy.etag };
          fill(problem);
          submit();
        } catch (e) {
          fill(problem, failure(e));
        }
      } })));
  }

  function head(title) {
    return h('header.page-head', h('div', h('a.back', { href: '#/policies' }, icon('back'), 'Policies'), h('h1', { tabindex: '-1' }, title)));
  }
}

async function fresh() {
  return { ...empty('Policy'), actions: { ssh: { values: ['*'] } } };
}
