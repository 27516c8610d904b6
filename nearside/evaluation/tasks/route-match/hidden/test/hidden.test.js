import assert from "node:assert/strict";
import test from "node:test";

import { matchRoute } from "../src/route.js";

test("escaped slashes separate nothing", () => {
  assert.deepEqual(matchRoute("/a/:b", "/a/x%2Fy"), { b: "x/y" });
  assert.deepEqual(matchRoute("/a/*", "/a/x%2Fy/z"), { rest: "x/y/z" });
});

test("words are decoded too", () => {
  assert.deepEqual(matchRoute("/über uns", "/%C3%BCber%20uns"), {});
});

test("words may be optional", () => {
  assert.deepEqual(matchRoute("/a/:b?/edit?", "/a"), {});
  assert.deepEqual(matchRoute("/a/:b?/edit?", "/a/1"), { b: "1" });
  assert.deepEqual(matchRoute("/a/:b?/edit?", "/a/1/edit"), { b: "1" });
  assert.equal(matchRoute("/a/:b?/edit?", "/a/1/other"), null);
  assert.equal(matchRoute("/a/:b?/edit?", "/a/1/edit/more"), null);
});

test("a rest without a name is the rest", () => {
  assert.deepEqual(matchRoute("*", "/a//b"), { rest: "a/b" });
  assert.deepEqual(matchRoute("/*", ""), { rest: "" });
});

test("signs of regular expressions are plain words", () => {
  assert.deepEqual(matchRoute("/a.b/(c)", "/a.b/(c)"), {});
  assert.equal(matchRoute("/a.b", "/axb"), null);
});

test("broken escapes match nothing anywhere", () => {
  for (const path of ["/files/a/%", "/files/%E0%A4%A/b"]) {
    assert.equal(matchRoute("/files/*path", path), null);
  }
  assert.equal(matchRoute("/a", "/%"), null);
});

test("case matters", () => {
  assert.equal(matchRoute("/Users", "/users"), null);
});

test("what a path brings shadows nothing", () => {
  const params = matchRoute("/:a/:b", "/1/2");
  assert.deepEqual(Object.entries(params), [["a", "1"], ["b", "2"]]);
});
