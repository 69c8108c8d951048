/** Myrmidon: the same programs on the native system and on its TypeScript twin. */
import type { Subject } from "../workload.ts"
import { versionOfOurs } from "../version.ts"
import { between, within } from "./buffers.ts"
import { effectHandler, effectHandlerFn } from "./effects.ts"
import { big, pingpong, skynet } from "./exchange.ts"
import { fair, killFlood, timerLag } from "./fairness.ts"
import { ask, count, random, randomEffect, randomNumber } from "./messages.ts"
import { spawn, spawnEffect } from "./spawn.ts"
import { restart } from "./supervision.ts"
import { swap } from "./swap.ts"
import * as System from "./system.ts"

const programs = (open: System.Open): Subject["programs"] => ({
  "spawn": spawn(open),
  "pingpong": pingpong(open),
  "ask": ask(open),
  "count": count(open),
  "random": random(open),
  "big": big(open),
  "skynet": skynet(open),
  "fair": fair(open),
  "spawn-million": spawn(open),
  "spawn-effect": spawnEffect(open),
  "random-effect": randomEffect(open),
  "random-number": randomNumber(open),
  "effect-handler": effectHandler(open),
  "effect-handler-fn": effectHandlerFn(open),
  "timer-lag": timerLag(open),
  "flood": killFlood(open),
  "swap": swap(open),
  "restart": restart(open),
  "buffer": within(open)
})

export const native = (): Subject => ({
  name: "myrmidon",
  version: versionOfOurs("actor"),
  programs: {
    ...programs(System.native),
    "buffer": between,
    "scale": async (n, warm) => (await import("./isolates.ts")).scale(n, warm),
    "cross-isolate": async (n, warm) => (await import("./isolates.ts")).crossIsolate(n, warm),
    "fair-worker": async (n, warm) => (await import("./isolates.ts")).fairWorker(n, warm),
    "cross-thread": async (n, warm) => {
      // Imported late: it needs the addon at once, and the twin has none.
      const { crossThread } = await import("./crossThread.ts")
      return crossThread(System.native)(n, warm)
    }
  }
})

export const memory = (): Subject => ({
  name: "myrmidon-memory",
  version: versionOfOurs("actor"),
  programs: programs(System.memory),
  cannot: {
    "cross-thread": "the twin lives in one isolate",
    "scale": "the twin lives in one isolate",
    "cross-isolate": "the twin lives in one isolate",
    "fair-worker": "the twin lives in one isolate"
  }
})
