// What must hold of a pod that no schema knows: what it mounts is there, what selects it fits, and the sidecar is kept from all it does not need.

const podOf = object => object.kind === 'Pod' ? { metadata: object.metadata, spec: object.spec } : object.spec?.template;

/** What is wrong with the pods of an object. */
export function podProblems(object, optionNames) {
  const pod = podOf(object);
  if (!pod?.spec?.containers) return [];
  const problems = [];
  const say = (condition, what) => { if (!condition) problems.push(`${object.kind} ${object.metadata.name}: ${what}`); };

  for (const [key, value] of Object.entries(object.spec.selector?.matchLabels ?? {})) {
    say(pod.metadata?.labels?.[key] === value, `the selector asks for ${key}=${value}, which the pod does not have`);
  }

  const containers = [...pod.spec.initContainers ?? [], ...pod.spec.containers];
  const volumes = new Set([...pod.spec.volumes ?? [], ...(object.spec.volumeClaimTemplates ?? []).map(c => c.metadata)].map(v => v.name));
  const used = new Set();
  const names = new Set();
  for (const container of containers) {
    say(!names.has(container.name), `there are two containers ${container.name}`);
    names.add(container.name);
    const mounted = new Set();
    for (const mount of container.volumeMounts ?? []) {
      say(volumes.has(mount.name), `${container.name} mounts ${mount.name}, and there is no such volume`);
      say(!mounted.has(mount.mountPath), `${container.name} mounts ${mount.mountPath} twice`);
      mounted.add(mount.mountPath);
      used.add(mount.name);
    }
    for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe'].map(p => container[p]).filter(Boolean)) {
      const port = probe.httpGet?.port ?? probe.tcpSocket?.port;
      say(typeof port !== 'string' || (container.ports ?? []).some(p => p.name === port), `${container.name} is probed on port ${port}, which it does not have`);
    }
    const variables = (container.env ?? []).map(e => e.name);
    say(new Set(variables).size === variables.length, `${container.name} has a variable twice`);
    for (const name of variables.filter(n => n.startsWith('PDSIDECAR_'))) {
      say(optionNames.has(name) || name === 'PDSIDECAR_CONFIG', `${container.name} sets ${name}, which docs/configuration.md does not know`);
    }
    restricted(container, pod.spec, say);
  }
  for (const name of volumes) say(used.has(name), `nothing mounts the volume ${name}`);
  const sidecar = containers.find(c => c.name === 'pdsidecar');
  say(sidecar, 'there is no container pdsidecar');
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) say(sidecar?.[probe], `pdsidecar has no ${probe}`);
  return problems;
}

/** Kubernetes' pod security standard "restricted", and a root file system that is only read. */
function restricted(container, pod, say) {
  const own = container.securityContext ?? {};
  const inherited = { ...pod.securityContext, ...own };
  say(inherited.runAsNonRoot === true, `${container.name} may run as root`);
  say(['RuntimeDefault', 'Localhost'].includes(inherited.seccompProfile?.type), `${container.name} has no seccomp profile`);
  say(own.allowPrivilegeEscalation === false, `${container.name} may gain privileges`);
  say(own.readOnlyRootFilesystem === true, `${container.name} may write its root file system`);
  say(own.capabilities?.drop?.includes('ALL') && !own.capabilities?.add, `${container.name} keeps capabilities`);
  say(own.privileged !== true && !pod.hostNetwork && !pod.hostPID && !pod.hostIPC, `${container.name} is not kept apart from the host`);
  say(container.resources?.requests?.memory && container.resources?.limits?.memory, `${container.name} has no bounds on memory`);
  say(pod.automountServiceAccountToken === false, 'the pod gets a token of the cluster that nothing in it needs');
}
