/**
 * The platforms that the addon is made for. The only list of them: bootstrap, the release script and its test read it,
 * and `packages/core-native/src/load.ts` names a binary by the same `triple`.
 *
 * @typedef {object} Target
 * @property {string} triple as npm's packages and the files `myrmidon.<triple>.node` are named
 * @property {string} rust the target as Rust names it
 * @property {string} os
 * @property {string} cpu
 * @property {"glibc" | "musl" | undefined} libc
 * @property {string} library what cargo calls the built library
 */

/** @type {ReadonlyArray<Target>} */
export const targets = [
  {
    triple: "linux-x64-gnu",
    rust: "x86_64-unknown-linux-gnu",
    os: "linux",
    cpu: "x64",
    libc: "glibc",
    library: "libmyrmidon_node_addon.so"
  },
  {
    triple: "linux-arm64-gnu",
    rust: "aarch64-unknown-linux-gnu",
    os: "linux",
    cpu: "arm64",
    libc: "glibc",
    library: "libmyrmidon_node_addon.so"
  },
  {
    triple: "linux-x64-musl",
    rust: "x86_64-unknown-linux-musl",
    os: "linux",
    cpu: "x64",
    libc: "musl",
    library: "libmyrmidon_node_addon.so"
  },
  {
    triple: "linux-arm64-musl",
    rust: "aarch64-unknown-linux-musl",
    os: "linux",
    cpu: "arm64",
    libc: "musl",
    library: "libmyrmidon_node_addon.so"
  },
  {
    triple: "darwin-x64",
    rust: "x86_64-apple-darwin",
    os: "darwin",
    cpu: "x64",
    libc: undefined,
    library: "libmyrmidon_node_addon.dylib"
  },
  {
    triple: "darwin-arm64",
    rust: "aarch64-apple-darwin",
    os: "darwin",
    cpu: "arm64",
    libc: undefined,
    library: "libmyrmidon_node_addon.dylib"
  },
  {
    triple: "win32-x64-msvc",
    rust: "x86_64-pc-windows-msvc",
    os: "win32",
    cpu: "x64",
    libc: undefined,
    library: "myrmidon_node_addon.dll"
  }
]
