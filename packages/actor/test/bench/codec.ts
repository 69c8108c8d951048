// ns to encode and decode payloads, by the codec and by a library behind Schema: `node packages/actor/test/bench/codec.ts`.
// The least of nine rounds; each value is checked once.
import { Decoder, Encoder } from "@msgpack/msgpack"
import { Effect, Schema } from "effect"
import { deepStrictEqual } from "node:assert"
import { msgpack } from "../../src/internal/codec/msgpack.ts"

const rounds = 9
const times = 200_000

const nanos = (run: () => unknown): number => {
  let least = Infinity
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint()
    for (let i = 0; i < times; i++) run()
    least = Math.min(least, Number(process.hrtime.bigint() - start) / times)
  }
  return Math.round(least)
}

const Small = Schema.Struct({ id: Schema.Int, name: Schema.String, on: Schema.Boolean, value: Schema.Number })
const cases: ReadonlyArray<readonly [string, Schema.Codec<unknown, unknown>, unknown]> = [
  ["a number", Schema.Int, 42],
  ["64 bytes", Schema.Struct({ data: Schema.Uint8Array }), { data: new Uint8Array(64) }],
  ["a small object", Small, { id: 12_345, name: "sensor-7", on: true, value: 21.5 }],
  [
    "100 small objects",
    Schema.Array(Small),
    Array.from({ length: 100 }, (_, id) => ({ id, name: "sensor-7", on: true, value: 21.5 }))
  ],
  ["with an optional field", Schema.Struct({ id: Schema.Int, note: Schema.optional(Schema.String) }), {
    id: 1,
    note: "a"
  }],
  ["20 numbers", Schema.Array(Schema.Int), Array.from({ length: 20 }, (_, i) => i * 1000)]
]

const encoder = new Encoder(), decoder = new Decoder()
for (const [name, schema, value] of cases) {
  const codec = msgpack.of(schema)
  const toPlain = Schema.encodeUnknownSync(schema), fromPlain = Schema.decodeUnknownSync(schema)
  const bytes = Effect.runSync(codec.encode(value)).slice()
  deepStrictEqual(Effect.runSync(codec.decode(bytes)), value)
  const row = {
    payload: name,
    bytes: bytes.length,
    encode_ns: nanos(() => codec.encode(value)),
    decode_ns: nanos(() => codec.decode(bytes)),
    library_encode_ns: nanos(() => encoder.encode(toPlain(value))),
    library_decode_ns: nanos(() => fromPlain(decoder.decode(bytes)))
  }
  console.log(JSON.stringify(row))
}
