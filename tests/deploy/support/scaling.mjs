// Checks that there is one replica, or several with everything that they need.
import { quantity } from './quantity.mjs';

export function scalingFaults(set, facts) {
  const [[autoscaler], [budget]] = ['HorizontalPodAutoscaler', 'PodDisruptionBudget'].map(set.all);
  return autoscaler ? manyFaults(set, autoscaler, budget, facts) : oneFaults(set.deployment, budget);
}

function oneFaults({ spec }, budget) {
  const faults = [];
  if (spec.replicas !== 1) faults.push(`replicas is ${spec.replicas}, and they share nothing`);
  if (spec.strategy?.type !== 'Recreate') faults.push('one replica is to be recreated, not rolled');
  if (budget) faults.push('a PodDisruptionBudget over one replica blocks every drain');
  return faults;
}

function manyFaults({ deployment, pod }, autoscaler, budget, facts) {
  const faults = [];
  const { scaleTargetRef: target, minReplicas, maxReplicas, metrics } = autoscaler.spec;
  if (target.kind !== 'Deployment' || target.apiVersion !== 'apps/v1' || target.name !== deployment.metadata.name) faults.push('autoscaler: no such target');
  if (minReplicas !== 2 || maxReplicas !== 10) faults.push(`autoscaler: ${minReplicas} to ${maxReplicas}`);
  if (deployment.spec.replicas !== undefined) faults.push('autoscaler: replicas would undo its work');
  if (deployment.spec.strategy?.type !== 'RollingUpdate') faults.push('many replicas are to be rolled');
  if (!pod.affinity?.podAntiAffinity) faults.push('there is no podAntiAffinity');
  const names = metrics.map((metric) => {
    faults.push(...metricFaults(metric, pod, facts).map((fault) => `autoscaler: ${fault}`));
    return metric.resource?.name ?? metric.pods?.metric.name;
  });
  for (const name of ['cpu', 'nexus_memory_budget_used_ratio']) if (!names.includes(name)) faults.push(`autoscaler: does not look at ${name}`);
  const { minAvailable, maxUnavailable } = budget?.spec ?? {};
  if (minAvailable === undefined || maxUnavailable !== undefined) faults.push('PodDisruptionBudget: minAvailable, and it alone, is wanted');
  else if (!(minAvailable < minReplicas)) faults.push('PodDisruptionBudget blocks every drain');
  else if (minAvailable !== 1) faults.push(`PodDisruptionBudget: minAvailable is ${minAvailable} instead of 1`);
  return faults;
}

// The field with the value of each type of metric; the schemas accept any field with any type.
const fields = { Resource: 'resource', Pods: 'pods' };
const values = { Utilization: 'averageUtilization', AverageValue: 'averageValue' };

function metricFaults(metric, pod, { metrics, adapterMetrics }) {
  const { type, ...rest } = metric;
  if (!fields[type] || String(Object.keys(rest)) !== fields[type]) return [`a metric of type ${type} with ${Object.keys(rest)}`];
  const { target, name = rest.pods?.metric.name } = rest[fields[type]];
  const faults = [];
  if (!values[target.type] || target[values[target.type]] === undefined || Object.keys(target).length !== 2) faults.push(`${name}: the target ${JSON.stringify(target)}`);
  if (target.type === 'AverageValue' && !(quantity(target.averageValue) > 0)) faults.push(`${name}: ${target.averageValue} is no quantity`);
  if (type === 'Pods' && !metrics.has(name)) faults.push(`there is no metric ${name}`);
  if (type === 'Pods' && !adapterMetrics.has(name)) faults.push(`the adapter has no rule for ${name}`);
  if (type === 'Pods' && target.type === 'Utilization') faults.push(`${name}: Utilization is for resources`);
  if (type === 'Resource' && name !== 'cpu') faults.push(`${name}: a percentage of the request misfires`);
  if (type === 'Resource' && quantity(pod.containers[0].resources?.requests?.[name]) === undefined) faults.push(`${name} is not requested`);
  return faults;
}
