// Checks of the one pod: pod security "restricted", its settings, and numbers that must agree.
import { quantity } from './quantity.mjs';

export function podFaults(set, facts) {
  const settings = settingsOf(set);
  return [...securityFaults(set.pod), ...resourceFaults(set.pod), ...settingFaults(set, settings, facts),
    ...memoryFaults(set.pod, settings, facts), ...timeFaults(set.pod, settings), ...portFaults(set, settings)];
}

// The environment of the container: name -> text, with plausible values for what only the cluster knows.
function settingsOf({ all, pod }) {
  const [container] = pod.containers;
  const settings = new Map();
  for (const { configMapRef } of container.envFrom ?? []) {
    const map = all('ConfigMap').find(({ metadata }) => metadata.name === configMapRef?.name);
    if (!map) settings.set('ConfigMap', `there is none called ${configMapRef?.name}`);
    for (const [name, value] of Object.entries(map?.data ?? {})) settings.set(name, value);
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const [of, what] = valueFrom?.resourceFieldRef?.resource.split('.') ?? [];
    settings.set(name, valueFrom ? String(Math.ceil(quantity(container.resources[of]?.[what]))) : value);
  }
  return settings;
}

const allowedVolumes = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'];

// The profile "restricted" of https://kubernetes.io/docs/concepts/security/pod-security-standards, and our own
// additional rules.
function securityFaults(pod) {
  const faults = [];
  const must = (holds, what) => { if (!holds) faults.push(`pod: ${what}`); };
  const own = pod.securityContext ?? {};
  must(!pod.hostNetwork && !pod.hostPID && !pod.hostIPC, 'shares a namespace of the node');
  must(own.runAsNonRoot === true, 'runAsNonRoot is not true');
  must(['RuntimeDefault', 'Localhost'].includes(own.seccompProfile?.type), 'seccompProfile is not RuntimeDefault');
  must(!own.sysctls, 'sets sysctls');
  must(own.runAsUser === 1000 && own.runAsGroup === 1000 && own.fsGroup === 1000, 'user, group and fsGroup are not 1000');
  must(pod.automountServiceAccountToken === false, 'has a token of its ServiceAccount');
  must(pod.enableServiceLinks === false, 'enableServiceLinks is not false');
  for (const { name, ...volume } of pod.volumes) must(Object.keys(volume).every((type) => allowedVolumes.includes(type)), `volume ${name}`);
  for (const { securityContext: context = {}, ports = [], volumeMounts = [], image } of [...pod.containers, ...(pod.initContainers ?? [])]) {
    must(context.allowPrivilegeEscalation === false, 'allowPrivilegeEscalation is not false');
    must(context.capabilities?.drop?.includes('ALL'), 'capabilities are not dropped');
    must((context.capabilities?.add ?? []).every((one) => one === 'NET_BIND_SERVICE'), 'capabilities are added');
    must(context.readOnlyRootFilesystem === true, 'readOnlyRootFilesystem is not true');
    must(!context.privileged && !context.procMount && context.runAsUser !== 0 && context.runAsNonRoot !== false, 'privileged');
    must(ports.every(({ hostPort }) => !hostPort), 'takes a port of the node');
    must(/^nexus(:(?!latest)[\w.-]+)?$/.test(image), `image ${image}`);
    for (const { name } of volumeMounts) must(pod.volumes.some((volume) => volume.name === name), `there is no volume ${name}`);
  }
  return faults;
}

function resourceFaults(pod) {
  const [{ resources }] = pod.containers;
  const faults = [];
  for (const what of ['cpu', 'memory']) {
    const [request, limit] = ['requests', 'limits'].map((of) => quantity(resources?.[of]?.[what]));
    if (request === undefined || limit === undefined) faults.push(`resources: ${what} is no quantity`);
    else if (request > limit) faults.push(`resources: more ${what} is requested than the limit`);
  }
  for (const { name, emptyDir } of pod.volumes) {
    if (emptyDir && !(quantity(emptyDir.sizeLimit) > 0)) faults.push(`resources: sizeLimit of ${name} is no quantity`);
  }
  return faults;
}

function settingFaults({ all, pod }, settings, facts) {
  const faults = [...settings.keys()].filter((name) => !facts.settings.has(name)).map((name) => `${name} is no setting`);
  if (settings.get('AUTH_ENABLED') !== 'true') faults.push('AUTH_ENABLED is not true');
  if (settings.has('JWT_SECRET')) faults.push('a secret in plain sight: JWT_SECRET');
  const [{ volumeMounts, command, args, env = [] }] = pod.containers;
  // The image's entry point knows where the program is.
  if (command || String(args) !== 'serve') faults.push(`it runs ${command} ${args}`);
  const { resource, divisor = '1' } = env.find(({ name }) => name === 'THREADS')?.valueFrom?.resourceFieldRef ?? {};
  if (resource !== 'limits.cpu' || quantity(divisor) !== 1) faults.push(`THREADS is ${resource} in units of ${divisor} instead of limits.cpu`);
  const files = volumeMounts.flatMap(({ name, mountPath }) => {
    const { secret } = pod.volumes.find((volume) => volume.name === name) ?? {};
    return (secret?.items ?? []).map(({ path }) => `${mountPath}/${path}`);
  });
  if (!files.includes(settings.get('JWT_SECRET_FILE'))) faults.push('JWT_SECRET_FILE is in no Secret');
  if (!all('ServiceAccount').some((one) => one.metadata.name === pod.serviceAccountName && one.automountServiceAccountToken === false)) {
    faults.push(`there is no ServiceAccount ${pod.serviceAccountName} without a token`);
  }
  return [...faults, ...facts.configFaults(Object.fromEntries(settings))];
}

const MiB = 2 ** 20;
// Values that other manifests and dashboards use.
const cacheFolder = '/tmp/nexus-cache', cacheVolume = 128 * MiB;

function memoryFaults(pod, settings, facts) {
  const faults = [];
  const [{ resources, volumeMounts }] = pod.containers;
  const limit = quantity(resources?.limits?.memory);
  const [budget, cache] = ['MEMORY_BUDGET_MB', 'MAX_CACHE_SIZE_MB'].map((name) => Number(settings.get(name)) * MiB);
  const sum = budget + cache + facts.reserveBytes(limit);
  if (!(sum <= limit)) faults.push(`memory: budget, cache and reserve are ${sum / MiB} MiB of ${limit / MiB}`);
  const mount = volumeMounts.find(({ mountPath }) => mountPath === settings.get('CACHE_DIR'));
  const { emptyDir } = pod.volumes.find(({ name }) => name === mount?.name) ?? {};
  if (emptyDir?.medium !== 'Memory' || mount.name !== 'cache-volume') return [...faults, 'CACHE_DIR is not the volume cache-volume in memory'];
  if (!(2 * cache <= quantity(emptyDir.sizeLimit))) faults.push('memory: the cache may fill more than half of its volume');
  if (quantity(emptyDir.sizeLimit) !== cacheVolume) faults.push(`memory: sizeLimit of the cache is ${emptyDir.sizeLimit} instead of 128Mi`);
  if (mount.mountPath !== cacheFolder) faults.push(`memory: the cache is at ${mount.mountPath} instead of ${cacheFolder}`);
  return faults;
}

function timeFaults(pod, settings) {
  const faults = [];
  const [{ readinessProbe, startupProbe, livenessProbe }] = pod.containers;
  const [delay, grace] = ['SHUTDOWN_DELAY_MS', 'SHUTDOWN_GRACE_MS'].map((name) => Number(settings.get(name)));
  if (!(delay + grace + 1000 <= pod.terminationGracePeriodSeconds * 1000)) {
    faults.push(`time: it is killed after ${pod.terminationGracePeriodSeconds} s, and needs ${(delay + grace + 1000) / 1000}`);
  }
  const noticed = readinessProbe?.periodSeconds * (readinessProbe?.failureThreshold - 1) * 1000;
  if (delay > 0 && !(noticed < delay)) faults.push(`time: that it is not ready is noticed after ${noticed} ms, it ends after ${delay}`);
  const wanted = { livenessProbe: '/health/live', startupProbe: '/health/live', readinessProbe: '/health/ready' };
  for (const [name, probe] of Object.entries({ readinessProbe, startupProbe, livenessProbe })) {
    if (probe?.httpGet?.path !== wanted[name]) faults.push(`${name} asks ${probe?.httpGet?.path} instead of ${wanted[name]}`);
  }
  return faults;
}

function portFaults({ template, pod }, settings) {
  const faults = [];
  const [{ ports, ...container }] = pod.containers;
  const number = (port) => ports.find(({ name, containerPort }) => port === name || port === containerPort)?.containerPort;
  if (String(number('http')) !== settings.get('HTTP_PORT')) faults.push(`ports: http is ${number('http')}, HTTP_PORT ${settings.get('HTTP_PORT')}`);
  if (String(number('ws')) !== settings.get('WS_PORT')) faults.push(`ports: ws is ${number('ws')}, WS_PORT ${settings.get('WS_PORT')}`);
  for (const name of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
    const { port } = container[name]?.httpGet ?? {};
    if (number(port) !== number('http')) faults.push(`${name} asks port ${port}`);
  }
  if (settings.get('HOST') !== '0.0.0.0') faults.push(`HOST is ${settings.get('HOST')}`);
  const scrape = (what) => template.metadata.annotations?.[`prometheus.io/${what}`];
  if (scrape('scrape') && `${scrape('port')}${scrape('path')}` !== `${number('http')}/metrics`) faults.push('the annotations scrape another port or path');
  return faults;
}
