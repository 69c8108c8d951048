/**
 * What the holder of a name understands, told to whoever finds it in another isolate, and held against what that was
 * compiled for (G242, G243).
 *
 * The system's table of names has a text beside each name: the protocol, its fingerprint, and those of its messages, set
 * apart by NUL. An actor in Rust declares the first two at most (`crates/myrmidon-actor/src/body.rs`), so that its whole
 * fingerprint is compared; one of TypeScript may understand more than is asked of it, as after an upgrade.
 */
import { ProtocolMismatch } from "../SpawnError.ts"
import { fingerprintOf, fingerprintsOf } from "./codec/fingerprint.ts"
import type { Host } from "./host.ts"
import type { RpcInfo } from "./rpc.ts"

export interface Spoken {
  readonly protocol: string
  readonly fingerprint?: string | undefined
  /** Of its messages. */
  readonly messages?: ReadonlyArray<string> | undefined
}

interface Prints {
  readonly whole: string
  readonly messages: ReadonlyArray<string>
}

// Each protocol has the same array of them, and a behaviour one of its own (`Program.rpcs`).
const known = new WeakMap<ReadonlyArray<RpcInfo | undefined>, Map<string, Prints | undefined>>()

/** undefined: some schema of it has no form on the wire, and nothing of it is compared. */
const printsOf = (host: Host, rpcs: ReadonlyArray<RpcInfo | undefined>): Prints | undefined => {
  const { format } = host.codec
  let prints = known.get(rpcs)
  if (prints === undefined) known.set(rpcs, prints = new Map())
  if (!prints.has(format)) prints.set(format, make(format, rpcs.filter((rpc) => rpc !== undefined)))
  return prints.get(format)
}

const make = (format: string, rpcs: ReadonlyArray<RpcInfo>): Prints | undefined => {
  try {
    return { whole: fingerprintOf(format, rpcs), messages: fingerprintsOf(format, rpcs) }
  } catch {
    return undefined
  }
}

/** The text. */
export const write = (host: Host, protocol: string, rpcs: ReadonlyArray<RpcInfo | undefined>): string => {
  const prints = printsOf(host, rpcs)
  return prints === undefined ? `${protocol}\0` : [protocol, prints.whole, ...prints.messages].join("\0")
}

/** undefined: nobody has said it. */
export const read = (text: string): Spoken | undefined => {
  if (text === "") return undefined
  const [protocol = "", fingerprint = "", ...messages] = text.split("\0")
  return {
    protocol,
    fingerprint: fingerprint === "" ? undefined : fingerprint,
    messages: messages.length === 0 ? undefined : messages
  }
}

/** Why `rpcs` of a protocol are not what is spoken; undefined: they are, as far as it is known. */
export const mismatch = (
  host: Host,
  protocol: string,
  rpcs: ReadonlyArray<RpcInfo>,
  name: string,
  { fingerprint, messages, protocol: found }: Spoken
): ProtocolMismatch | undefined => {
  if (found !== protocol) return new ProtocolMismatch({ name, expected: protocol, found })
  if (fingerprint === undefined) return undefined
  const own = printsOf(host, rpcs)
  if (own === undefined || own.whole === fingerprint) return undefined
  if (messages !== undefined && own.messages.every((print) => messages.includes(print))) return undefined
  return new ProtocolMismatch({ name, expected: `${protocol} ${own.whole}`, found: `${protocol} ${fingerprint}` })
}
