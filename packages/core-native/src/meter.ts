/**
 * How long the handlers of one behaviour take.
 *
 * Reading the clock costs as much as a message, so a behaviour that has shown itself short is read once a group of
 * messages. It has to show it again after any group that was long.
 *
 * Owner: the pump. One meter is shared by all actors that were spawned alike.
 */
/** Short handlers in a row that prove a behaviour short. */
export const PROOF = 32
/** ms: a handler above this is not short. */
export const SHORT = 0.05
/** ms: a group of handlers above this puts everyone in it to the proof again. */
export const LONG_GROUP = 0.5
/** Messages of proven behaviours between two looks at the clock. */
export const GROUP = 16
/** The same, after a group of messages that took less than `QUICK` ms each. */
export const GROUP_OF_QUICK = 32
export const QUICK = 0.00125

export class Meter {
  /** Short handlers that are still to be seen; 0 is proven. */
  unproven = PROOF
}
