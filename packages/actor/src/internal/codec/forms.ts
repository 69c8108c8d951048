/**
 * What refs and PIDs are on the wire: the number of the PID. A ref that is decoded is one of the system that decodes.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"
import type { Pid } from "../../Pid.ts"
import type { Cell } from "../cell.ts"
import type { RpcInfo } from "../rpc.ts"
import { unexpected } from "./fast.ts"
import { hostHere } from "./place.ts"
import { readNumber } from "./reader.ts"
import { makeForm, type WireForm } from "./wireSchema.ts"
import { writeNumber } from "./writer.ts"

/** `isPid` is given: the module of PIDs uses this one. */
export const pidForm = (isPid: (u: unknown) => u is Pid): WireForm =>
  makeForm(
    "pid",
    Schema.Int.check(Schema.makeFilter((value: number) => isPid(value), { expected: "the number of a PID" })),
    SchemaTransformation.transform<Pid, number>({ decode: (value) => value as Pid, encode: (pid) => pid }),
    {
      write: (value) => {
        if (!isPid(value)) return false
        writeNumber(value)
        return true
      },
      read: () => {
        const value = readNumber()
        return isPid(value) ? value : unexpected
      }
    }
  )

const invalid = (value: unknown, message: string) => Effect.fail(new SchemaIssue.InvalidValue({ message }, value))

/** As above; `isCell` is given for the same reason. */
export const refForm = (
  isCell: (u: unknown) => u is Cell,
  isPid: (u: unknown) => u is Pid,
  protocol: string,
  rpcs: ReadonlyArray<RpcInfo>
): WireForm =>
  makeForm<Cell, number>(
    "ref",
    Schema.Int.check(Schema.makeFilter((value: number) => isPid(value), { expected: "the number of a PID" })),
    SchemaTransformation.transformEffect<Cell, number>({
      decode: (value) => {
        const host = hostHere()
        return host === undefined ? invalid(value, noSystem) : Effect.succeed(host.typed(value as Pid, protocol, rpcs))
      },
      encode: (cell) => {
        const host = hostHere()
        if (host === undefined) return invalid(cell, noSystem)
        return cell.host === host
          ? Effect.succeed(cell.pid)
          : invalid(cell, "a ref of another system cannot be sent here")
      }
    }),
    {
      write: (value) => {
        if (!isCell(value) || value.host !== hostHere()) return false
        writeNumber(value.pid)
        return true
      },
      read: () => {
        const host = hostHere(), value = host === undefined ? undefined : readNumber()
        return isPid(value) ? host!.typed(value, protocol, rpcs) : unexpected
      }
    }
  )

const noSystem = "a ref crosses a border in a message of its system alone"
