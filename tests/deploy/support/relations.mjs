// Checks that no schema has: values of the manifests that must agree with each other and with the program. Each check
// returns a list of faults in words.
import { podFaults } from './pod.mjs';
import { scalingFaults } from './scaling.mjs';

// A copy of the data for the checks: documents by kind, and the one pod.
function look(documents) {
  const all = (kind) => documents.filter((one) => one.kind === kind);
  const [deployment] = all('Deployment');
  return { documents, all, deployment, template: deployment.spec.template, pod: deployment.spec.template.spec };
}

// `facts`: {settings, metrics, adapterMetrics, reserveBytes(limit), configFaults(env)}, see facts.mjs.
export function relationFaults(documents, facts) {
  if (documents.filter(({ kind }) => kind === 'Deployment').length !== 1) return ['there is not one Deployment'];
  const set = look(documents);
  return [...namespaceFaults(set), ...selectorFaults(set), ...serviceFaults(set), ...ingressFaults(set),
    ...podFaults(set, facts), ...scalingFaults(set, facts)];
}

function namespaceFaults({ documents, all }) {
  const [namespace] = all('Namespace');
  if (!namespace) return ['there is no Namespace'];
  const faults = documents.filter((one) => one !== namespace && one.metadata.namespace !== namespace.metadata.name)
    .map((one) => `${one.kind}/${one.metadata.name} is in the namespace ${one.metadata.namespace}`);
  if (namespace.metadata.labels?.['pod-security.kubernetes.io/enforce'] !== 'restricted') faults.push('pod security is not restricted');
  if (all('Secret').length > 0) faults.push('a Secret is among the manifests');
  return faults;
}

const matches = (wanted, labels) => Object.keys(wanted ?? {}).length > 0 &&
  Object.entries(wanted).every(([key, value]) => labels?.[key] === value);

function selectorFaults({ all, deployment, template, pod }) {
  const labels = template.metadata.labels;
  const terms = pod.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const selectors = [
    ['Deployment', deployment.spec.selector.matchLabels],
    ...all('Service').map(({ spec }) => ['Service', spec.selector]),
    ...all('PodDisruptionBudget').map(({ spec }) => ['PodDisruptionBudget', spec.selector.matchLabels]),
    ...all('NetworkPolicy').map(({ spec }) => ['NetworkPolicy', spec.podSelector.matchLabels]),
    ...terms.map(({ podAffinityTerm }) => ['podAntiAffinity', podAffinityTerm.labelSelector.matchLabels]),
  ];
  const faults = selectors.filter(([, wanted]) => !matches(wanted, labels)).map(([what]) => `${what} selects other pods`);
  for (const { spec } of all('ServiceMonitor')) {
    const service = all('Service').find(({ metadata }) => matches(spec.selector.matchLabels, metadata.labels));
    if (!service) faults.push('ServiceMonitor selects no Service');
    for (const { port, path } of spec.endpoints) {
      if (!service?.spec.ports.some(({ name }) => name === port)) faults.push(`ServiceMonitor: the Service has no port ${port}`);
      if (path !== '/metrics') faults.push(`ServiceMonitor scrapes ${path}`);
    }
    if (template.metadata.annotations?.['prometheus.io/scrape']) faults.push('scraped twice: by ServiceMonitor and by annotation');
  }
  return faults;
}

const privateNets = {
  '0.0.0.0/0': ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
  '::/0': ['::1/128', 'fc00::/7', 'fe80::/10'],
};

function serviceFaults({ all, pod }) {
  const ports = pod.containers[0].ports;
  const faults = [];
  for (const { spec } of all('Service')) {
    const served = spec.ports.map(({ name, port, targetPort }) => {
      const target = ports.find((one) => targetPort === one.name || targetPort === one.containerPort);
      if (!target) faults.push(`Service: no container has the port ${targetPort}`);
      else if (target.containerPort !== port) faults.push(`Service: ${name} is ${port}, and ${target.containerPort} in the pod`);
      return port;
    });
    for (const { containerPort } of ports) if (!served.includes(containerPort)) faults.push(`Service: ${containerPort} is missing`);
  }
  for (const { spec } of all('NetworkPolicy')) {
    const open = spec.ingress.flatMap((rule) => rule.ports.map(({ port }) => port));
    if (String(open.sort()) !== String(ports.map(({ containerPort }) => containerPort).sort())) faults.push(`NetworkPolicy opens ${open}`);
    if (String(spec.policyTypes) !== 'Ingress,Egress') faults.push('NetworkPolicy leaves a direction open');
    for (const { ipBlock } of spec.egress.flatMap((rule) => rule.to ?? [{ ipBlock: { cidr: 'anywhere' } }])) {
      const missing = (privateNets[ipBlock?.cidr] ?? []).filter((net) => !ipBlock.except?.includes(net));
      if (ipBlock?.cidr === 'anywhere' || missing.length > 0) faults.push(`NetworkPolicy lets out to ${missing.join(' ') || 'anywhere'}`);
    }
  }
  return faults;
}

const forClients = ['/executions', '/panels', '/suspensions'];

function ingressFaults({ all }) {
  const faults = [];
  const isScaled = all('HorizontalPodAutoscaler').length > 0;
  for (const { metadata, spec } of all('Ingress')) {
    for (const { http } of spec.rules) {
      const paths = http.paths.map(({ path }) => path).sort();
      if (String(paths) !== String(forClients)) faults.push(`Ingress: ${paths} instead of ${forClients}`);
      for (const { path, pathType, backend } of http.paths) {
        if (pathType !== 'Prefix') faults.push(`Ingress: ${path} is ${pathType}`);
        const service = all('Service').find((one) => one.metadata.name === backend.service.name);
        const { name, number } = backend.service.port;
        if (!service?.spec.ports.some((port) => port.name === name || port.port === number)) {
          faults.push(`Ingress: ${backend.service.name} has no port ${name ?? number}`);
        }
      }
    }
    const hosts = spec.rules.map(({ host }) => host);
    for (const host of (spec.tls ?? []).flatMap((tls) => tls.hosts)) {
      if (!hosts.includes(host)) faults.push(`Ingress: a certificate for ${host}, which has no rule`);
    }
    if (!isScaled && metadata.annotations) faults.push('Ingress: annotations of one controller');
    const hash = metadata.annotations?.['haproxy.org/load-balance'];
    if (isScaled && hash !== 'uri depth 2') faults.push(`Ingress: hashing by ${hash} instead of the panel's id`);
  }
  return faults;
}
