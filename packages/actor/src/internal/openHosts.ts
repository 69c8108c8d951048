/**
 * The systems of this process that are open, by boot identity: where an encoded ref leads.
 *
 * Owner: `Host` enters itself, and `system.ts` takes it out when it has closed.
 */
import type { Host } from "./host.ts"

export const openHosts = new Map<string, Host>()
