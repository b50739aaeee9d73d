// Checks the manifests against the schemas of Kubernetes, against each other and against the program; and checks that
// wrong manifests fail.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MemoryCgroup } from '../../bench/storm/cgroup.mjs';
import { runProgram, serve } from '../e2e/support/program.mjs';
import { readFacts } from './support/facts.mjs';
import { quantity } from './support/quantity.mjs';
import { relationFaults } from './support/relations.mjs';
import { build, deploy, readYaml, root, run, schemaFaults } from './support/tools.mjs';

const options = { timeout: 120_000 };
const MiB = 2 ** 20;
const folder = (name) => `${deploy}kubernetes/${name}`;
const overlay = (name) => build(folder(`overlays/${name}`));
const names = ['dev', 'production', 'scaled'];

// An overlay of the test, in a folder beside the manifests: kustomize accepts no absolute paths.
function ownOverlay(t, text) {
  mkdirSync(`${root}build`, { recursive: true });
  const own = mkdtempSync(`${root}build/overlay-`);
  t.after(() => rmSync(own, { recursive: true }));
  writeFileSync(join(own, 'kustomization.yaml'), text);
  return own;
}

const find = (documents, kind) => documents.find((one) => one.kind === kind);
const podOf = (documents) => find(documents, 'Deployment').spec.template.spec;
const containerOf = (documents) => podOf(documents).containers[0];
const settingsOf = (documents) => find(documents, 'ConfigMap').data;

test('each overlay passes the schemas and the checks against the program', options, async (t) => {
  const facts = await readFacts(t);
  const monitored = build(ownOverlay(t, 'resources: [../../deploy/kubernetes/overlays/production]\ncomponents: [../../deploy/kubernetes/components/servicemonitor]\n'));
  assert.ok(find(monitored, 'ServiceMonitor'));
  const sets = [build(folder('base')), ...names.map(overlay), monitored];
  assert.deepEqual(schemaFaults(sets), sets.map(() => []));
  for (const documents of sets) assert.deepEqual(relationFaults(documents, facts), []);
});

test('the base requests 256Mi, and production its whole limit', options, () => {
  const { requests, limits } = containerOf(build(folder('base'))).resources;
  assert.deepEqual([requests.memory, limits.memory], ['256Mi', '1Gi']);
  for (const name of ['production', 'scaled']) {
    const { resources } = containerOf(overlay(name));
    assert.deepEqual(resources.requests, resources.limits);
    assert.equal(resources.limits.memory, '1Gi');
  }
});

test('the base has no autoscaler and no disruption budget, and each overlay pins the image', options, async () => {
  for (const documents of [build(folder('base')), overlay('dev'), overlay('production')]) {
    assert.ok(!find(documents, 'HorizontalPodAutoscaler') && !find(documents, 'PodDisruptionBudget'));
  }
  assert.equal(find(overlay('dev'), 'Ingress'), undefined);
  const { stdout } = await runProgram(['--version']);
  const [version] = /\d+\.\d+\.\d+/.exec(stdout);
  assert.equal(containerOf(overlay('production')).image, `nexus:${version}`);
  assert.equal(containerOf(overlay('dev')).image, 'nexus:dev');
});

test('the sizes in docs/kubernetes.md fit', options, async (t) => {
  const { reserveBytes } = await readFacts(t);
  const rows = [...readFileSync(`${root}docs/kubernetes.md`, 'utf8').matchAll(/^\| (\d+[MG]i) \| (\d+) MiB \| (\d+) \| (\d+) \|$/gm)];
  assert.ok(rows.length >= 4);
  for (const [row, limit, reserve, cache, budget] of rows) {
    assert.equal(Math.ceil(reserveBytes(quantity(limit)) / MiB), Number(reserve), row);
    assert.ok(Number(reserve) + Number(cache) + Number(budget) <= quantity(limit) / MiB, row);
  }
});

test('the commands of docs/kubernetes.md use the right namespace and Secret', options, () => {
  const blocks = [...readFileSync(`${root}docs/kubernetes.md`, 'utf8').matchAll(/^```console\n([^]*?)^```$/gm)].map(([, text]) => text);
  const applied = blocks.flatMap((text) => [...text.matchAll(/apply -k deploy\/kubernetes\/overlays\/(\w+)/g)].map(([, name]) => [name, text]));
  assert.deepEqual(applied.map(([name]) => name).sort(), ['dev', 'production']);
  for (const [name, text] of applied) {
    const documents = overlay(name);
    const namespace = find(documents, 'Namespace').metadata.name;
    assert.deepEqual(new Set([...text.matchAll(/ -n (\S+)/g)].map(([, given]) => given)), new Set([namespace]), name);
    const { secretName, items: [{ key }] } = podOf(documents).volumes.find(({ secret }) => secret).secret;
    assert.ok(text.includes(`-n ${namespace} create secret generic ${secretName} --from-literal=${key}=`), name);
  }
});

test('the paths of probes, scrapes and the Ingress exist', options, () => {
  const { paths } = JSON.parse(readFileSync(`${root}docs/openapi.json`, 'utf8'));
  const documents = overlay('production');
  const container = containerOf(documents);
  const asked = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((probe) => container[probe].httpGet.path);
  for (const path of [...asked, '/metrics']) assert.ok(paths[path], path);
  const open = find(documents, 'Ingress').spec.rules[0].http.paths.map(({ path }) => path);
  const isOpen = (path) => open.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
  const closed = Object.keys(paths).filter((path) => !isOpen(path));
  assert.deepEqual(closed.filter((path) => !/^\/(health|metrics|runtime|openapi)/.test(path)), []);
  for (const path of closed) assert.ok(!path.startsWith('/panels'), path);
});

for (const name of names) {
  test(`${name} fits into its container`, options, async (t) => {
    const documents = overlay(name);
    const limit = quantity(containerOf(documents).resources.limits.memory);
    let group;
    try {
      group = MemoryCgroup.make(`nexus-deploy-${process.pid}-${name}`, limit);
    } catch (error) {
      return t.skip(`*** NOT PROVED: no memory group can be made here: ${error.message} ***`);
    }
    t.after(() => group.remove());
    const { env } = await readFacts(t);
    const { status, stdout, stderr } = run('sh', ['-c', `echo $$ > ${group.procs} && exec "$NEXUS_BIN" check --json`],
      { env: { ...env(settingsOf(documents)), NEXUS_BIN: process.env.NEXUS_BIN } });
    const fit = JSON.parse(stdout);
    assert.deepEqual([status, fit.contradictions, stderr], [0, [], '']);
    assert.equal(fit.container.limitBytes, limit);
    assert.equal(fit.cache.limitBytes, Number(settingsOf(documents).MAX_CACHE_SIZE_MB) * MiB);
    assert.ok(fit.budget.bytes + fit.cache.limitBytes + fit.budget.reserveBytes <= limit, JSON.stringify(fit.budget));
    assert.ok(fit.instances.atLimit >= 4, `${fit.instances.atLimit} instances of the greatest size at once`);
  });
}

test('with the settings of production only probes and scrapes need no token', options, async (t) => {
  const documents = overlay('production');
  const { env } = await readFacts(t);
  const here = { HOST: '127.0.0.1', HTTP_PORT: '0', WS_PORT: '0' };
  const server = await serve(t, { env: { ...env(settingsOf(documents)), ...here } });
  const container = containerOf(documents);
  const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((probe) => container[probe].httpGet.path);
  for (const path of [...probes, '/metrics']) assert.equal((await server.get(path)).status, 200, path);
  for (const path of ['/panels', '/executions', '/suspensions', '/runtime/memory']) assert.equal((await server.get(path)).status, 401, path);
  assert.equal(server.child.stderr, '');
});

// Wrong manifests: description, overlay, change, and the message that the checks must give.
const schema = 'schema', relation = 'relation';
const wrongs = [
  ['a misspelt field', 'production', schema, (d) => { podOf(d).enableServiceLink = false; }, /enableServiceLink/],
  ['a misspelt field of a container', 'production', schema, (d) => { containerOf(d).readynessProbe = {}; }, /readynessProbe/],
  ['a wrong type', 'production', schema, (d) => { find(d, 'Deployment').spec.replicas = 'one'; }, /'one' is not of type/],
  ['a number as an environment variable', 'production', schema, (d) => { settingsOf(d).HTTP_PORT = 3000; }, /3000/],
  ['a kind that does not exist', 'production', schema, (d) => { find(d, 'Ingress').apiVersion = 'extensions/v1beta1'; }, /Couldn't find schema/],
  ['a metric that is misspelt in the schema', 'scaled', schema, (d) => { find(d, 'HorizontalPodAutoscaler').spec.metrics[1].pods.metrics = {}; }, /metrics/],
  ['a misspelt field of a ServiceMonitor', 'monitored', schema, (d) => { find(d, 'ServiceMonitor').spec.endpoints[0].intervall = '15s'; }, /intervall/],
  ['an unknown metric', 'scaled', relation, (d) => { find(d, 'HorizontalPodAutoscaler').spec.metrics[1].pods.metric.name = 'nexus_memory_used'; }, /no metric nexus_memory_used/],
  ['a metric that the adapter has no rule for', 'scaled', relation, (d) => { find(d, 'HorizontalPodAutoscaler').spec.metrics[1].pods.metric.name = 'nexus_panels'; }, /no rule for nexus_panels/],
  ['an unknown type of metric', 'scaled', relation, (d) => { find(d, 'HorizontalPodAutoscaler').spec.metrics[1].type = 'Pod'; }, /type Pod /],
  ['a target without its value', 'scaled', relation, (d) => { find(d, 'HorizontalPodAutoscaler').spec.metrics[1].pods.target = { type: 'AverageValue', averageUtilization: 80 }; }, /the target/],
  ['memory as a percentage of the request', 'scaled', relation, (d) => { find(d, 'HorizontalPodAutoscaler').spec.metrics[0].resource.name = 'memory'; }, /misfires/],
  ['CPU as a percentage of nothing', 'scaled', relation, (d) => { delete containerOf(d).resources.requests.cpu; }, /cpu is not requested/],
  ['an autoscaler of something else', 'scaled', relation, (d) => { find(d, 'HorizontalPodAutoscaler').spec.scaleTargetRef.name = 'web'; }, /no such target/],
  ['a number of replicas beside an autoscaler', 'scaled', relation, (d) => { find(d, 'Deployment').spec.replicas = 3; }, /undo/],
  ['an autoscaler over a single memory', 'production', relation, (d) => { d.push(find(overlay('scaled'), 'HorizontalPodAutoscaler')); }, /replicas would undo/],
  ['a budget that blocks drains', 'production', relation, (d) => { d.push(find(overlay('scaled'), 'PodDisruptionBudget')); }, /blocks every drain/],
  ['a budget of all replicas', 'scaled', relation, (d) => { find(d, 'PodDisruptionBudget').spec.minAvailable = 2; }, /blocks every drain/],
  ['a budget of no replica', 'scaled', relation, (d) => { find(d, 'PodDisruptionBudget').spec.minAvailable = 0; }, /minAvailable is 0 instead of 1/],
  ['a budget with both bounds', 'scaled', relation, (d) => { find(d, 'PodDisruptionBudget').spec.maxUnavailable = 1; }, /it alone/],
  ['two replicas that share nothing', 'production', relation, (d) => { find(d, 'Deployment').spec.replicas = 2; }, /replicas is 2/],
  ['a single replica that is rolled', 'production', relation, (d) => { find(d, 'Deployment').spec.strategy = { type: 'RollingUpdate' }; }, /recreated/],
  ['a wrong quantity', 'production', relation, (d) => { containerOf(d).resources.limits.memory = '1GB'; }, /memory is no quantity/],
  ['a request above its limit', 'production', relation, (d) => { containerOf(d).resources.requests.memory = '2Gi'; }, /more memory is requested/],
  ['a size of a volume that is none', 'production', relation, (d) => { podOf(d).volumes[0].emptyDir.sizeLimit = '128MB'; }, /sizeLimit/],
  ['a Service of other pods', 'production', relation, (d) => { find(d, 'Service').spec.selector = { app: 'nexus' }; }, /Service selects other pods/],
  ['a Deployment of other pods', 'production', relation, (d) => { find(d, 'Deployment').spec.selector.matchLabels = { app: 'nexus' }; }, /Deployment selects/],
  ['a policy for other pods', 'production', relation, (d) => { find(d, 'NetworkPolicy').spec.podSelector.matchLabels = { app: 'nexus' }; }, /NetworkPolicy selects/],
  ['a way out to the node\'s metadata', 'production', relation, (d) => { find(d, 'NetworkPolicy').spec.egress[1].to[0].ipBlock.except.splice(3, 1); }, /lets out to 169.254.0.0\/16/],
  ['a way out to anywhere', 'production', relation, (d) => { find(d, 'NetworkPolicy').spec.egress.push({ ports: [{ protocol: 'TCP', port: 443 }] }); }, /anywhere/],
  ['a policy of one direction', 'production', relation, (d) => { find(d, 'NetworkPolicy').spec.policyTypes = ['Ingress']; }, /a direction/],
  ['a budget for other pods', 'scaled', relation, (d) => { find(d, 'PodDisruptionBudget').spec.selector.matchLabels = { app: 'nexus' }; }, /PodDisruptionBudget selects/],
  ['a ServiceMonitor of another Service', 'monitored', relation, (d) => { find(d, 'ServiceMonitor').spec.selector.matchLabels = { app: 'nexus' }; }, /selects no Service/],
  ['a ServiceMonitor of another port', 'monitored', relation, (d) => { find(d, 'ServiceMonitor').spec.endpoints[0].port = 'web'; }, /no port web/],
  ['another namespace', 'dev', relation, (d) => { find(d, 'Service').metadata.namespace = 'nexus'; }, /is in the namespace nexus/],
  ['pod security that is not restricted', 'production', relation, (d) => { find(d, 'Namespace').metadata.labels = {}; }, /not restricted/],
  ['a default secret', 'production', relation, (d) => { d.push({ kind: 'Secret', metadata: { name: 'nexus-auth', namespace: 'nexus' } }); }, /a Secret/],
  ['root', 'production', relation, (d) => { podOf(d).securityContext.runAsUser = 0; }, /are not 1000/],
  ['privileges that may grow', 'production', relation, (d) => { delete containerOf(d).securityContext.allowPrivilegeEscalation; }, /allowPrivilegeEscalation/],
  ['capabilities', 'production', relation, (d) => { containerOf(d).securityContext.capabilities = { add: ['SYS_ADMIN'] }; }, /capabilities are added/],
  ['no filter of system calls', 'production', relation, (d) => { delete podOf(d).securityContext.seccompProfile; }, /seccompProfile/],
  ['a folder of the node', 'production', relation, (d) => { podOf(d).volumes[0] = { name: 'cache-volume', hostPath: { path: '/' } }; }, /volume cache-volume/],
  ['a root that can be written to', 'production', relation, (d) => { containerOf(d).securityContext.readOnlyRootFilesystem = false; }, /readOnlyRootFilesystem/],
  ['a token of the cluster', 'production', relation, (d) => { podOf(d).automountServiceAccountToken = true; }, /token/],
  ['variables of every Service', 'production', relation, (d) => { delete podOf(d).enableServiceLinks; }, /enableServiceLinks/],
  ['a setting that does not exist', 'production', relation, (d) => { settingsOf(d).SHUTDOWN_GRACE = '25000'; }, /SHUTDOWN_GRACE is no setting/],
  ['a value that the program refuses', 'production', relation, (d) => { settingsOf(d).MAX_QUEUE = 'many'; }, /nexus config: 2: .*MAX_QUEUE/s],
  ['no authentication', 'production', relation, (d) => { settingsOf(d).AUTH_ENABLED = 'false'; }, /AUTH_ENABLED is not true/],
  ['a secret in the open', 'production', relation, (d) => { settingsOf(d).JWT_SECRET = 'x'.repeat(32); }, /plain sight/],
  ['a secret where none is mounted', 'production', relation, (d) => { settingsOf(d).JWT_SECRET_FILE = '/run/secrets/key'; }, /in no Secret/],
  ['a number of threads of its own', 'production', relation, (d) => { containerOf(d).env[0] = { name: 'THREADS', value: '2' }; }, /THREADS is undefined/],
  ['threads for what is requested', 'scaled', relation, (d) => { containerOf(d).env[0].valueFrom.resourceFieldRef.resource = 'requests.cpu'; }, /THREADS is requests.cpu/],
  ['threads by the thousand', 'production', relation, (d) => { containerOf(d).env[0].valueFrom.resourceFieldRef.divisor = '1m'; }, /in units of 1m/],
  ['settings of nobody', 'production', relation, (d) => { containerOf(d).envFrom[0].configMapRef.name = 'nexus'; }, /ConfigMap is no setting/],
  ['more memory than there is', 'production', relation, (d) => { settingsOf(d).MEMORY_BUDGET_MB = '1000'; }, /budget, cache and reserve are 1115.* MiB of 1024/],
  ['a smaller container alone', 'production', relation, (d) => { containerOf(d).resources = { requests: { cpu: '2', memory: '512Mi' }, limits: { cpu: '2', memory: '512Mi' } }; }, /of 512/],
  ['a cache as large as its volume', 'production', relation, (d) => { podOf(d).volumes[0].emptyDir.sizeLimit = '64Mi'; }, /half of its volume/],
  ['a larger volume for the cache', 'production', relation, (d) => { podOf(d).volumes[0].emptyDir.sizeLimit = '256Mi'; }, /sizeLimit of the cache is 256Mi/],
  ['a volume elsewhere', 'production', relation, (d) => { settingsOf(d).CACHE_DIR = containerOf(d).volumeMounts[0].mountPath = '/var/cache/nexus'; }, /the cache is at \/var\/cache\/nexus/],
  ['a cache elsewhere', 'production', relation, (d) => { settingsOf(d).CACHE_DIR = '/var/cache/nexus'; }, /CACHE_DIR is not/],
  ['a death before the end', 'production', relation, (d) => { podOf(d).terminationGracePeriodSeconds = 30; }, /killed after 30 s, and needs 31/],
  ['a delay that nobody notices', 'production', relation, (d) => { containerOf(d).readinessProbe.periodSeconds = 10; }, /is noticed after 10000 ms/],
  ['a liveness that is readiness', 'production', relation, (d) => { containerOf(d).livenessProbe.httpGet.path = '/health/ready'; }, /livenessProbe asks/],
  ['a probe of another port', 'production', relation, (d) => { containerOf(d).startupProbe.httpGet.port = 'ws'; }, /startupProbe asks port ws/],
  ['another port in the settings', 'production', relation, (d) => { settingsOf(d).HTTP_PORT = '8080'; }, /HTTP_PORT 8080/],
  ['a Service of a port that is not there', 'production', relation, (d) => { find(d, 'Service').spec.ports[0].targetPort = 'web'; }, /no container has the port web/],
  ['a scrape of another port', 'production', relation, (d) => { find(d, 'Deployment').spec.template.metadata.annotations['prometheus.io/port'] = '9090'; }, /scrape another/],
  ['metrics for everybody', 'production', relation, (d) => { find(d, 'Ingress').spec.rules[0].http.paths[0].path = '/'; }, /Ingress: \/,/],
  ['a way to a Service that is not there', 'production', relation, (d) => { find(d, 'Ingress').spec.rules[0].http.paths[0].backend.service.name = 'web'; }, /web has no port/],
  ['an annotation of one controller', 'production', relation, (d) => { find(d, 'Ingress').metadata.annotations = { 'haproxy.org/check': 'true' }; }, /one controller/],
  ['hashing by the whole path', 'scaled', relation, (d) => { find(d, 'Ingress').metadata.annotations['haproxy.org/load-balance'] = 'uri'; }, /hashing by uri/],
  ['an image of whatever is latest', 'production', relation, (d) => { containerOf(d).image = 'nexus:latest'; }, /image nexus:latest/],
];

test('wrong manifests fail the checks', options, async (t) => {
  const facts = await readFacts(t);
  const sources = Object.fromEntries(names.map((name) => [name, overlay(name)]));
  sources.monitored = build(ownOverlay(t, 'resources: [../../deploy/kubernetes/overlays/scaled]\ncomponents: [../../deploy/kubernetes/components/servicemonitor]\n'));
  const sets = wrongs.map(([, source, , spoil]) => {
    const documents = structuredClone(sources[source]);
    spoil(documents);
    return documents;
  });
  const found = { [schema]: schemaFaults(sets.map((set, index) => (wrongs[index][2] === schema ? set : []))), [relation]: sets };
  wrongs.forEach(([what, , by, , expected], index) => {
    const faults = by === schema ? found[schema][index] : relationFaults(sets[index], facts);
    assert.ok(faults.some((fault) => expected.test(fault)), `${what}: ${JSON.stringify(faults)}`);
  });
});

test('the rule of the adapter has valid fields', options, () => {
  const [{ rules, ...rest }] = readYaml(`${deploy}prometheus/adapter.yml`);
  assert.deepEqual(rest, {});
  for (const rule of rules) {
    assert.deepEqual(Object.keys(rule).filter((key) => !['seriesQuery', 'seriesFilters', 'resources', 'name', 'metricsQuery'].includes(key)), []);
    assert.deepEqual(rule.resources, { overrides: { namespace: { resource: 'namespace' }, pod: { resource: 'pod' } } });
    assert.deepEqual(rule.metricsQuery.match(/<<\.\w+>>/g), ['<<.GroupBy>>', '<<.Series>>', '<<.LabelMatchers>>']);
  }
});
