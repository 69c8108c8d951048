//! The addon of `@myrmidonjs/core-native`. An addon with behaviours of its own is the same with more: see
//! `examples/native-addon`.

use myrmidon_node as _;
