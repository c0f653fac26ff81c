/**
 * The unit after the present one, begun before its turn: its feeds are made and sent while the engine computes, so that the
 * engine never waits for the coordinator. Only what is sure to do no harm happens early: nothing is opened or closed, and
 * no lost unit is computed again.
 */
import { EngineFault } from "./engine/fault.js";
import type { EngineResult } from "./engine/messages.js";

/** A unit's run that the engine was asked for. */
export interface BegunUnit {
  readonly answer: Promise<EngineResult>;
}

/** Thrown where a unit cannot be begun before its turn; in its turn it can. */
export class NotYet extends Error {}

export interface LookAhead {
  /** Begins a unit, if nothing speaks against it. `begin` rejects with NotYet where something does. */
  begin(unit: string, begin: () => Promise<BegunUnit>): void;
  /** Says that the present unit has its answer: whatever goes wrong from now on is the doing of the one that was begun. */
  turn(): void;
  /**
   * The unit's run if it was begun, which nobody else gets then; null when it is to be begun now. Rejects with what went
   * wrong with it, except for what was the present unit's doing.
   */
  take(unit: string): Promise<BegunUnit | null>;
}

/** How an early run can end through no fault of its own: with the engine, or because it was too early. */
function isBlameless(error: unknown): boolean {
  return error instanceof NotYet || (error instanceof EngineFault && ["exit", "stopped", "start"].includes(error.kind));
}

export function createLookAhead(): LookAhead {
  interface Ahead {
    readonly unit: string;
    readonly begun: Promise<BegunUnit>;
    itsTurn: boolean;
    /** Whether it ended with the present unit's engine. */
    lost: boolean;
  }
  let ahead: Ahead | null = null;

  return {
    begin(unit, begin) {
      const own: Ahead = { unit, begun: begin(), itsTurn: false, lost: false };
      const lose = (error: unknown): void => {
        if (!own.itsTurn && isBlameless(error)) own.lost = true;
      };
      own.begun.then(({ answer }) => answer.catch(lose), lose);
      ahead = own;
    },
    turn() {
      if (ahead !== null) ahead.itsTurn = true;
    },
    async take(unit) {
      const own = ahead;
      if (own?.unit !== unit) return null;
      ahead = null;
      const begun = await own.begun.catch((error: unknown) => {
        if (error instanceof NotYet || own.lost) return null;
        throw error;
      });
      return own.lost ? null : begun;
    },
  };
}
