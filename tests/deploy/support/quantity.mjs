// Kubernetes' quantities: "250m", "1Gi". The schemas accept any text.
const units = { '': 1, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

// The number, or undefined for an invalid quantity.
export function quantity(text) {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(String(text)) ?? [];
  return digits !== undefined && Object.hasOwn(units, unit) ? Number(digits) * units[unit] : undefined;
}
