import assert from "node:assert/strict";
import test from "node:test";

import { ZONES, rateFor } from "../src/rates.js";

test("brackets hold their limit", () => {
  for (const brackets of Object.values(ZONES)) {
    for (const [limit, price] of Object.entries(brackets)) {
      assert.equal(rateFor(Number(limit), brackets), price);
    }
  }
});

test("the lightest bracket that is enough counts", () => {
  const brackets = { 1: 1, 3: 3, 20: 20, 100: 100, 9: 9 };
  const prices = [0.1, 1.01, 3.01, 9.5, 20.5].map((weight) => rateFor(weight, brackets));
  assert.deepEqual(prices, [1, 3, 9, 20, 100]);
});

test("limits may be fractions", () => {
  const brackets = { "0.5": 5, "10.5": 105, "2.25": 22 };
  assert.deepEqual([0.5, 2, 2.25, 9].map((weight) => rateFor(weight, brackets)), [5, 22, 22, 105]);
});

test("what no bracket holds is refused", () => {
  assert.throws(() => rateFor(20.01, ZONES[2]), RangeError);
  assert.throws(() => rateFor(1, {}), RangeError);
  assert.throws(() => rateFor(-1, ZONES[1]), RangeError);
});
