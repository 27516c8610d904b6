import { ZONES, insuranceFor, rateFor, zoneOf } from "./rates.js";

/** A parcel has `weight` in kilograms and `value` in cents. */
export class Shipment {
  constructor(country, parcels = []) {
    this.zone = zoneOf(country);
    this.parcels = [...parcels];
  }

  add(weight, value = 0) {
    this.parcels.push({ weight, value });
    return this;
  }

  get weight() {
    return this.parcels.reduce((sum, parcel) => sum + parcel.weight, 0);
  }

  /** Return the cents for everything; from five parcels on the cheapest goes for free. */
  price() {
    const rates = this.parcels.map((parcel) => rateFor(parcel.weight, ZONES[this.zone]));
    const insurance = this.parcels.map((parcel) => insuranceFor(parcel.value));
    const free = rates.length >= 5 ? Math.min(...rates) : 0;
    return [...rates, ...insurance].reduce((sum, cents) => sum + cents, 0) - free;
  }
}
