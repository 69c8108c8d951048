#!/usr/bin/env node
/**
 * One door to everything: `node scripts/bootstrap.mjs <demo|test|bench|check|build> [arguments]`, from a bare clone.
 *
 * Installs and builds what is missing, and nothing the second time. Works with Node >= 20 and without a dependency;
 * what it starts runs on the Node that the workspace pins. What it says about itself goes to stderr, so that stdout
 * belongs to the command.
 */
import { build } from "./bootstrap/build.mjs"
import { check } from "./bootstrap/check.mjs"
import { Failure } from "./bootstrap/failure.mjs"
import { bench, demo } from "./bootstrap/programs.mjs"
import { test } from "./bootstrap/test.mjs"

/** @type {Record<string, (args: Array<string>) => Promise<number>>} */
const commands = { demo, test, bench, check, build }

const [name = "", ...args] = process.argv.slice(2)
const command = Object.hasOwn(commands, name) ? commands[name] : undefined
if (command === undefined) {
  console.error(`usage: npm run <${Object.keys(commands).join("|")}> [-- arguments]`)
  process.exit(2)
}
try {
  process.exitCode = await command(args)
} catch (error) {
  if (!(error instanceof Failure)) throw error
  console.error(`\n${error.message}`)
  process.exitCode = error.code
}
