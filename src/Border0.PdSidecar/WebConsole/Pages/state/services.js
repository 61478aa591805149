// The names of the accounts' services, which policies know by id only. Asked for once in a while; without an answer ids must do.
import { call } from './session.js';

const known = new Map();
const lasts = 5 * 60_000;

/** The services of an integration's account by id, the first hundred; an empty map where PagerDuty does not say. */
export function serviceNames(integration) {
  const kept = known.get(integration);
  if (kept && Date.now() - kept.at < lasts) return kept.names;
  const names = call('ListPagerDutyServices', { integration_name: integration, page_size: 100 })
    .then(answer => new Map(answer.services.map(s => [s.id, s.name])), () => new Map());
  known.set(integration, { at: Date.now(), names });
  return names;
}

/** The same for several integrations: gives a function from (integration, id) to a name, or the id. */
export async function namesOf(integrations) {
  const maps = new Map(await Promise.all([...new Set(integrations)].map(async name => [name, await serviceNames(name)])));
  return (integration, id) => {
    const name = maps.get(integration)?.get(id);
    return name ? `${name} (${id})` : id;
  };
}
