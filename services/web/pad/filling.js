// Asks for the data of an event by its form, again and again while what was filled in can't be.

import { ballFields, ballOf } from "/pad/ball_form.js";
import { dataOf, fieldsOf } from "/pad/forms.js";

/**
 * The data as the scorer fills them in; null if he went back. `side` bats where it stands, null if
 * that is not known; `refusal` of such data says why they can't be, null if they can.
 */
export async function askData(questions, state, title, type, before, side, refusal) {
  const isBall = type === "delivery";
  for (let [data, problem] = [before, null]; ;) {
    const fields = isBall ? ballFields(state, data, side) : fieldsOf(state, type, data, side);
    const filled = await questions.fill(title, fields, { problem });
    if (filled === null) return null;
    data = isBall ? ballOf(data, filled) : dataOf(type, data, filled);
    problem = refusal(data)?.detail ?? null;
    if (problem === null) return data;
  }
}
