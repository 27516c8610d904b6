import assert from "node:assert/strict";
import test from "node:test";

import { insuranceFor, rateFor, zoneOf } from "../src/rates.js";
import { Shipment } from "../src/shipment.js";

test("light parcels have the first price", () => {
  assert.equal(rateFor(0.4, { 1: 390, 2: 450 }), 390);
  assert.equal(rateFor(1.5, { 1: 390, 2: 450 }), 450);
});

test("a weight of nothing is refused", () => {
  assert.throws(() => rateFor(0, { 1: 390 }), RangeError);
  assert.throws(() => rateFor(NaN, { 1: 390 }), RangeError);
});

test("a parcel of exactly five kilograms", () => {
  assert.equal(new Shipment("fr").add(5).price(), 1590);
});

test("a heavy parcel", () => {
  assert.equal(new Shipment("AT").add(12).price(), 3290);
});

test("countries have zones", () => {
  assert.equal(zoneOf("at"), 2);
  assert.throws(() => zoneOf("XX"), RangeError);
});

test("insurance is for what is worth more", () => {
  assert.equal(insuranceFor(50000), 0);
  assert.equal(insuranceFor(60000), 250);
  assert.equal(insuranceFor(100000), 500);
});

test("the cheapest of five is free", () => {
  const shipment = new Shipment("DE");
  for (let count = 0; count < 5; count += 1) {
    shipment.add(0.5);
  }
  assert.equal(shipment.price(), 4 * 390);
});
