import assert from "node:assert/strict";
import test from "node:test";

import { matchRoute, segments, weight } from "../src/route.js";
import { Router } from "../src/router.js";

test("words must be the same", () => {
  assert.deepEqual(matchRoute("/users/all", "/users/all"), {});
  assert.deepEqual(matchRoute("/", ""), {});
  assert.equal(matchRoute("/users/all", "/users"), null);
  assert.equal(matchRoute("/users", "/users/all"), null);
});

test("parameters are taken and decoded", () => {
  assert.deepEqual(matchRoute("/users/:id/posts/:post", "/users/7/posts/a%20b/"), { id: "7", post: "a b" });
});

test("an optional end may be lacking", () => {
  assert.deepEqual(matchRoute("/posts/:page?", "/posts"), {});
  assert.deepEqual(matchRoute("/posts/:page?", "/posts/2"), { page: "2" });
});

test("a rest takes all that is left", () => {
  assert.deepEqual(matchRoute("/files/*path", "/files/a/b%20c.txt"), { path: "a/b c.txt" });
  assert.deepEqual(matchRoute("/files/*path", "/files"), { path: "" });
});

test("a broken escape matches nothing", () => {
  assert.equal(matchRoute("/users/:id", "/users/%zz"), null);
});

test("segments and weights", () => {
  assert.deepEqual(segments("//a/b/"), ["a", "b"]);
  assert.equal(weight("/a/:b/*"), 5);
});

test("the most specific route answers", () => {
  const router = new Router().add("GET", "/:any", "any").add("GET", "/about", "about");
  assert.deepEqual(router.find("GET", "/about"), { handler: "about", params: {} });
  assert.deepEqual(router.find("GET", "/x"), { handler: "any", params: { any: "x" } });
  assert.equal(router.find("POST", "/x"), null);
});
