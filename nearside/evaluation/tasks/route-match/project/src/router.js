import { matchRoute, weight } from "./route.js";

/** Finds what answers a request: the most specific route whose pattern matches. */
export class Router {
  #routes = [];

  add(method, pattern, handler) {
    this.#routes.push({ method, pattern, handler });
    this.#routes.sort((a, b) => weight(b.pattern) - weight(a.pattern));
    return this;
  }

  /** Return `{ handler, params }`, or null where nothing matches. */
  find(method, path) {
    for (const route of this.#routes) {
      const params = route.method === method ? matchRoute(route.pattern, path) : null;
      if (params) {
        return { handler: route.handler, params };
      }
    }
    return null;
  }
}
