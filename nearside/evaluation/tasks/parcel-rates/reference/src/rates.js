// What it costs to send a parcel, by zone and weight. Prices are in cents.

export const ZONES = {
  1: { 1: 390, 2: 450, 5: 690, 10: 990, 31: 1690 },
  2: { 1: 890, 2: 1190, 5: 1590, 10: 2190, 20: 3290 },
  3: { 1: 1290, 5: 2890, 20: 6490 },
};

const COUNTRIES = {
  DE: 1, AT: 2, FR: 2, NL: 2, BE: 2, PL: 2, US: 3, CA: 3, JP: 3,
};

/** Return the zone of a country's two-letter code. Throws RangeError where nothing is sent to. */
export function zoneOf(country) {
  const zone = COUNTRIES[country.toUpperCase()];
  if (zone === undefined) {
    throw new RangeError(`nothing is sent to ${country}`);
  }
  return zone;
}

/**
 * Return the cents for a parcel of `weight` kilograms in a zone.
 *
 * Brackets are given as an object from a limit in kilograms to a price.
 */
export function rateFor(weight, brackets) {
  if (!(weight > 0)) {
    throw new RangeError("a parcel weighs something");
  }
  const limits = Object.keys(brackets).map(Number).sort((a, b) => a - b);
  const limit = limits.find((most) => weight <= most);
  if (limit === undefined) {
    throw new RangeError(`no parcel of ${weight} kg is taken`);
  }
  return brackets[limit];
}

/** Return the cents for insuring a parcel: 1 % of what is above 500 euros, at least 2.50. */
export function insuranceFor(value) {
  if (value <= 50000) {
    return 0;
  }
  return Math.max(250, Math.ceil((value - 50000) / 100));
}
