// Small helpers for the page.

/** An element with properties (or attributes) and children. */
export function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** The numbers 0 to n - 1, each put through f. */
export const count = (n, f = (i) => i) => Array.from({ length: n }, (_, i) => f(i));
